"""Intervals of one proportion, against Newcombe's published examples (Statistics in Medicine 1998, table I, method 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.stats.estimates import NotEstimable, Proportion
from app.stats.intervals import proportion, wilson, wilson_effective

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_values(k, n, low, high):
    found = wilson(k, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert (found.method, found.level) == ("Wilson", 0.95)


def test_another_level_is_kept_and_narrower():
    ninety = wilson(81, 263, 0.90)
    assert ninety.level == 0.90
    assert wilson(81, 263).low < ninety.low < 81 / 263 < ninety.high < wilson(81, 263).high


@given(COUNTS)
def test_an_interval_holds_its_proportion_and_mirrors(counts):
    k, n = counts
    found, mirrored = wilson(k, n), wilson(n - k, n)
    assert 0 <= found.low <= k / n <= found.high <= 1
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-12)


@given(COUNTS)
def test_a_whole_effective_number_is_the_plain_interval(counts):
    k, n = counts
    found = wilson(k, n)
    assert wilson_effective(k / n, n) == pytest.approx((found.low, found.high), abs=1e-12)


@given(st.floats(0, 1), st.floats(0.5, 1e6))
def test_effective_bounds_stay_inside(p, n):
    low, high = wilson_effective(p, n)
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_proportion_is_refused(k, n):
    with pytest.raises(ValueError, match="no proportion"):
        wilson(k, n)


def test_a_zero_is_a_zero_and_nothing_is_not():
    zero = proportion(0, 2, "none")
    assert isinstance(zero, Proportion)
    assert (zero.value, zero.k, zero.n) == (0.0, 0, 2)
    assert proportion(0, 0, "no image") == NotEstimable("no image")


@given(COUNTS)
def test_it_is_scipys_interval(counts):
    k, n = counts
    found, expected = wilson(k, n), stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == (
        pytest.approx(expected.low, abs=1e-12),
        pytest.approx(expected.high, abs=1e-12),
    )


def test_a_proportion_has_wilson_s_interval():
    assert proportion(3, 10, "none").interval == wilson(3, 10)


@pytest.mark.parametrize("n", [16, 40, 46, 54, 68])
def test_no_bound_is_rounded_beyond_one(n):
    assert wilson_effective(1.0, n)[1] == 1
