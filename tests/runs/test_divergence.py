"""The moving average of the losses' distance, and the tick at which a run diverges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.runs import divergence
from app.runs.ticks import Tick


def course(gaps, window=3):
    ticks = [Tick(4.0 * n, gap, 0.0, 0.0, 0.0) for n, gap in enumerate(gaps)]
    return divergence.course(ticks, window)


def test_it_works():
    found = course([1, 2, 3, 4, 5])
    assert found.kimg.tolist() == [8, 12, 16]
    assert found.average == pytest.approx([2, 3, 4])
    assert found.diverges_at is None


def test_the_sign_of_the_difference_does_not_matter():
    there = [Tick(4.0 * n, 0.0, gap, 0.0, 0.0) for n, gap in enumerate((1, 2, 3, 4))]
    assert divergence.course(there, 3).average.tolist() == course([1, 2, 3, 4]).average.tolist()


def test_a_run_that_falls_apart_diverges_where_it_does_so_for_good():
    calm, wild = [1.0] * 10, [9.0] * 10
    found = course(calm + wild)
    assert found.diverges_at == 4.0 * 10  # (1 + 1 + 9) / 3 is above 2
    again = course(calm + wild[:3] + calm + wild)
    assert again.diverges_at == 4.0 * 23
    assert course(calm + wild + calm).diverges_at is None


def test_a_small_rise_is_none():
    assert course([0.1] * 5 + [0.3] * 5).diverges_at is None
    assert course([0.1] * 5 + [0.36] * 5).diverges_at is not None
    assert course([1.0] * 5 + [1.9] * 5).diverges_at is None


def test_the_boundaries_of_the_rule():
    factor, rise = divergence.FACTOR, divergence.LEAST_RISE
    assert course([1.0, factor], 1).diverges_at is None
    assert course([1.0, np.nextafter(factor, 9)], 1).diverges_at == 4.0
    low = rise / 8
    assert course([low, low + rise], 1).diverges_at is None
    assert course([low, low + rise * 1.001], 1).diverges_at == 4.0


def test_too_few_ticks_and_losses_that_are_no_numbers():
    assert len(course([1, 2]).average) == 0
    assert course([]).diverges_at is None
    found = course([1, math.nan, 2, math.inf, 3, 4])
    assert found.left_out == 2
    assert found.kimg.tolist() == [16, 20]
    assert found.average == pytest.approx([2, 3])


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=60), st.integers(1, 3))
def test_the_average_lies_between_and_the_rule_holds_to_the_end(gaps, window):
    found = course(gaps, window)
    assert len(found.average) == len(gaps) - window + 1
    assert found.average.min() >= min(gaps) - 1e-6
    assert found.average.max() <= max(gaps) + 1e-6
    if found.diverges_at is not None:
        after = found.kimg >= found.diverges_at
        assert (found.average[after] > found.average.min() + divergence.LEAST_RISE * 0.999).all()
