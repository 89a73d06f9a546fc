"""Differences of two arms' mean rates: by hand, against the one-arm model, with gaps, at the edges, and coverage."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from app.stats.crossed import crossed_mean
from app.stats.differences import METHOD, Difference, rate_difference
from app.stats.estimates import Interval, NotEstimable


def drawn(random, readers=6, images=20, rate=0.5, spread=0.15):
    p = rate + random.normal(0, spread, (readers, 1)) + random.normal(0, spread, (1, images))
    return (random.random((readers, images)) < np.clip(p, 0, 1)).astype(float)


def test_by_hand():
    first, second = np.array([[1, 0, 1, 1], [1, 0, 0, 1], [1, 0, 1, 0]], float), np.zeros((3, 4))
    found = rate_difference(first, second)
    # readers' differences 3/4, 1/2, 1/2: S² = 1/48; images' means 1, 0, 2/3, 2/3: MSC = 3·(43/36·…) below
    columns = first.mean(axis=0)
    msc = 3 * np.var(columns, ddof=1)
    mse = ((first - first.mean(1, keepdims=True) - columns + first.mean()) ** 2).sum() / 6
    assert (found.readers, found.estimate) == (3, pytest.approx(7 / 12))
    assert found.variance == pytest.approx(1 / 48 / 3 + (msc - mse) / 3 / 4)
    assert found.interval.method == METHOD
    assert found.interval.low < found.estimate < found.interval.high


def by_definition(first, second):
    """Variance and df of complete tables: sums of squares by subtraction, Satterthwaite over the mean squares that count."""
    R = len(first)
    differences = np.var(first.mean(axis=1) - second.mean(axis=1), ddof=1) / R
    variance, squares = differences, [(differences, R - 1)]
    for y in (first, second):
        M = y.shape[1]
        correction = y.sum() ** 2 / y.size
        rows, columns = (
            (y.sum(axis=1) ** 2).sum() / M - correction,
            (y.sum(axis=0) ** 2).sum() / R - correction,
        )
        residual = ((y**2).sum() - correction - rows - columns) / ((R - 1) * (M - 1))
        if columns / (M - 1) > residual:
            variance += (columns / (M - 1) - residual) / R / M
            squares += [(columns / (M - 1) / y.size, M - 1), (residual / y.size, (R - 1) * (M - 1))]
    return variance, variance**2 / sum(ms**2 / df for ms, df in squares)


def test_variance_df_p_and_interval_are_those_of_the_definition():
    random = np.random.default_rng(13)
    for readers, first, second in ((5, 8, 10), (9, 30, 6), (12, 15, 15)):
        a, b = drawn(random, readers, first, 0.6, 0.3), drawn(random, readers, second, 0.4, 0.3)
        found, (variance, df) = rate_difference(a, b, 0.9), by_definition(a, b)
        assert df > min(readers, first, second) - 1
        assert (found.variance, found.df) == (pytest.approx(variance), pytest.approx(df))
        estimate, se = a.mean() - b.mean(), variance**0.5
        assert found.estimate == pytest.approx(estimate)
        assert found.p == pytest.approx(2 * stats.t.sf(abs(estimate) / se, df))
        half = stats.t.ppf(0.95, df) * se
        assert (found.interval.low, found.interval.high) == pytest.approx((estimate - half, estimate + half))
        assert found.interval.level == 0.9


def test_images_that_differ_less_than_by_chance_take_no_part():
    latin = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 1.0]])
    one = np.array([[1, 0], [0, 1], [1, 1], [0, 0.0]])
    found = rate_difference(latin, one)
    assert found.variance == pytest.approx(np.var(latin.mean(axis=1) - one.mean(axis=1), ddof=1) / 4)
    assert found.df == 3


def test_with_gaps_images_count_as_often_as_two_readers_share_them():
    """The part of the images beyond that in the readers' differences is the mean over pairs of readers of Σ w_r·w_s."""
    nan = np.nan
    y = np.array([[1, 0, 1, nan], [1, 0, nan, 0], [1, 1, nan, nan]])
    found = rate_difference(y, np.zeros((3, 2)))
    w = np.isfinite(y) / np.isfinite(y).sum(axis=1, keepdims=True)
    shared = np.mean([w[r] @ w[s] for r, s in permutations(range(3), 2)])
    # of the two images that all saw: columns 1 and 1/3, rows 1/2, 1/2, 1: MSC = 2/3, MSE = 1/6
    means = np.nanmean(y, axis=1)
    assert found.variance == pytest.approx(np.var(means, ddof=1) / 3 + (2 / 3 - 1 / 6) / 3 * shared)


def test_against_a_constant_it_is_the_two_way_variance():
    y = drawn(np.random.default_rng(3))
    assert rate_difference(y, np.zeros((6, 5))).variance == pytest.approx(crossed_mean(y).variance)


def test_swapping_the_arms_turns_the_sign():
    random = np.random.default_rng(5)
    a, b = drawn(random), drawn(random, rate=0.3)
    one, other = rate_difference(a, b), rate_difference(b, a)
    assert one.estimate == -other.estimate
    assert (one.variance, one.p) == (pytest.approx(other.variance), pytest.approx(other.p))
    assert one.interval.low == pytest.approx(-other.interval.high)


def test_readers_without_both_arms_take_no_part_and_gaps_are_allowed():
    random = np.random.default_rng(7)
    a, b = drawn(random), drawn(random)
    nobody, somebody = np.full((1, 20), np.nan), np.ones((1, 20))
    more = np.vstack([a, nobody, somebody]), np.vstack([b, somebody, nobody])
    assert rate_difference(*more) == rate_difference(a, b)
    a[0, 0] = np.nan
    gaps = rate_difference(a, b)
    assert gaps.estimate == pytest.approx(np.mean(np.nanmean(a, axis=1) - b.mean(axis=1)))
    assert isinstance(gaps.interval, Interval)


def test_readers_who_saw_images_of_their_own_have_them_in_their_differences():
    a = np.full((2, 4), np.nan)
    a[0, :2], a[1, 2:] = (1, 1), (0, 1)
    found = rate_difference(a, np.array([[0, 0], [0, 0.0]]))
    assert found.variance == pytest.approx(np.var([1, 0.5], ddof=1) / 2)


def test_what_cannot_be_estimated_says_why():
    one = np.array([[1, 0.0]])
    few = NotEstimable("it takes two readers and two images of each")
    assert rate_difference(one, 1 - one) == Difference(1, 0.0, few, few, few, few)
    assert rate_difference(np.ones((3, 1)), np.zeros((3, 4))) == Difference(3, 1.0, few, few, few, few)
    none = NotEstimable("no reader answered images of both")
    nobody = rate_difference(one, np.full((1, 2), np.nan))
    assert nobody == Difference(0, none, none, none, none, none)
    zero = NotEstimable("the variance is zero")
    same = rate_difference(np.ones((3, 4)), np.ones((3, 4)))
    assert same == Difference(3, 0.0, zero, zero, zero, zero)


def test_the_interval_holds_its_level():
    random, held = np.random.default_rng(11), 0
    for _ in range(400):
        reader = random.normal(0, 0.15, (6, 1))
        arms = []
        for _ in range(2):
            p = 0.5 + reader + random.normal(0, 0.1, (6, 1)) + random.normal(0, 0.15, (1, 20))
            arms.append((random.random((6, 20)) < np.clip(p, 0, 1)).astype(float))
        found = rate_difference(*arms).interval
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / 400 <= 0.99
