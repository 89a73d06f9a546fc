"""Quartiles by hand, and medians of groups."""

import numpy as np

from app.stats.estimates import NotEstimable
from app.stats.spread import Quartiles, group_medians, quartiles


def test_quartiles_lie_between_values_in_proportion():
    # (n − 1)·q = 0.75, 1.5 and 2.25 places after the first of 1, 2, 4, 8
    assert quartiles(np.array([8, np.nan, 1, 4, 2, np.inf])) == Quartiles(4, 3.0, 1.75, 5.0)


def test_no_value_has_no_quartiles():
    none = NotEstimable("there is no time")
    assert quartiles(np.array([np.nan])) == quartiles(np.array([])) == Quartiles(0, none, none, none)


def test_medians_of_groups_in_the_order_of_their_numbers():
    values = np.array([5, 1, 3, 7, np.nan, 2, 4, np.nan])
    groups = np.array([2, 2, 2, 0, 0, 5, 5, 9])
    assert group_medians(values, groups).tolist() == [7, 3, 3]


def test_no_value_has_no_medians():
    assert group_medians(np.array([]), np.array([], np.intp)).tolist() == []
