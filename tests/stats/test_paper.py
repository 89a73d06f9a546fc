"""The statistics as in Woodland et al., by hand and against scipy's own routines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.stats.estimates import NotEstimable
from app.stats.paper import MeanSd, ks_p, likert_difference, mean_sd, t_test_p

ZEROS_AND_ONES = st.lists(st.integers(0, 1), min_size=2, max_size=40)


def array(*values):
    return np.array(values, dtype=np.float64)


def test_mean_and_sd():
    # squared deviations 4, 1, 1, 16 of the mean 4, over n − 1 = 3
    found = mean_sd([2, 3, 3, 8])
    assert found.n == 4
    assert found.mean == 4.0
    assert found.sd == pytest.approx((22 / 3) ** 0.5)


def test_one_value_has_no_sd_and_none_has_no_mean():
    assert mean_sd([3]) == MeanSd(1, 3.0, NotEstimable("one value has no standard deviation"))
    empty = mean_sd([])
    assert empty.n == 0
    assert empty.mean == empty.sd == NotEstimable("there is no value")


def test_t_by_hand():
    # means 3/4 and 1/4, both variances 1/4: t = 1/2 / sqrt(1/4 · 2/4) = sqrt 2 with 6 degrees of freedom
    assert t_test_p(array(1, 1, 1, 0), array(0, 0, 1, 0)) == pytest.approx(2 * stats.t.sf(2**0.5, 6))


@given(ZEROS_AND_ONES, ZEROS_AND_ONES)
def test_t_is_scipys_students_t(real, synthetic):
    if len(set(real)) == len(set(synthetic)) == 2:
        expected = stats.ttest_ind(real, synthetic, equal_var=True).pvalue
        assert t_test_p(array(*real), array(*synthetic)) == pytest.approx(expected)


def test_one_constant_group_is_no_obstacle():
    # the mean of the other group is 1/2, its variance 1/2; the pooled variance is 1/4, t = 1 with 2 degrees of freedom
    assert t_test_p(array(1, 1), array(0, 1)) == pytest.approx(2 * stats.t.sf(1, 2))
    # a single answer leaves the other group's variance: 1/3 over 2 degrees of freedom, t = (1 − 1/3)/(1/3 · 4/3)^½
    assert t_test_p(array(1), array(0, 1, 0)) == pytest.approx(2 * stats.t.sf((2 / 3) / (4 / 9) ** 0.5, 2))


def test_three_answers_are_enough():
    # t = (1 − 1/2)/(1/2 · 3/2)^½ = 3^−½ with one degree of freedom, where 1/3 of the distribution lies within
    assert t_test_p(array(0, 1), array(1)) == pytest.approx(2 / 3)


def test_two_constant_groups():
    assert t_test_p(array(1, 1, 1), array(0, 0)) == 0.0
    same = NotEstimable("all answers are the same")
    assert t_test_p(array(1, 1, 1), array(1, 1)) == t_test_p(array(1), array(1, 1)) == same
    assert t_test_p(array(1, 1), array(1)) == same


def test_t_needs_two_groups_and_a_degree_of_freedom():
    assert t_test_p(array(), array(1, 0)) == NotEstimable("a group has no answer")
    assert t_test_p(array(1, 0), array()) == NotEstimable("a group has no answer")
    assert t_test_p(array(1), array(0)) == NotEstimable("two answers leave no degree of freedom")


def test_the_likert_difference_is_real_minus_synthetic():
    assert likert_difference(array(4, 5), array(2, 1, 3)) == 2.5
    none = NotEstimable("a group has no Likert rating")
    assert likert_difference(array(4), array()) == likert_difference(array(), array(4)) == none


def test_ks_is_exact():
    # quite apart: of the 20 ways to share out six places two are as extreme
    assert ks_p(array(5, 5, 5), array(1, 1, 1)) == pytest.approx(2 / 20)
    assert ks_p(array(3, 3), array(3, 3)) == 1.0
    assert ks_p(array(1, 1, 1, 1, 1), array(1, 1, 1, 1, 2)) == pytest.approx(
        1
    )  # scipy's own sum is 1 + 2e-16 here
    none = NotEstimable("a group has no Likert rating")
    assert ks_p(array(), array(1)) == ks_p(array(1), array()) == none


def test_ks_of_very_many_ratings_is_quick_enough_to_have():
    random = np.random.default_rng(3)
    real, synthetic = random.integers(1, 6, 120_000), random.integers(1, 6, 119_999)
    assert 0 < ks_p(real.astype(float), synthetic.astype(float)) <= 1
