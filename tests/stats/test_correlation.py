"""Correlation over few models: published values, exact permutation, resampled readers, edges."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from app.stats.correlation import Correlation, pearson, range_over_readers, spearman
from app.stats.estimates import NotEstimable

FID, FPR = np.array([10.43, 7.78, 7.15, 5.06]), np.array([29.0, 34.0, 49.0, 55.0])


def test_four_models_of_woodland():
    found = pearson(FID, FPR)
    assert (f"{found.r:.4f}", f"{found.p:.4f}") == ("-0.9141", "0.0859")
    assert (f"{found.interval.low:.3f}", f"{found.interval.high:.3f}") == ("-0.998", "0.387")
    ninety = pearson(FID, FPR, 0.9).interval
    assert (f"{ninety.low:.3f}", f"{ninety.high:.3f}", ninety.level) == ("-0.997", "0.093", 0.9)
    assert found.caution
    ranks = spearman(FID, FPR)
    assert (ranks.r, f"{ranks.p:.3f}", ranks.method) == (
        pytest.approx(-1),
        "0.083",
        "Spearman, exact permutation p",
    )
    assert ranks.k == 4
    assert ranks.interval == NotEstimable("ranks are given no interval")


def test_the_permutation_p_counts_the_orders_that_are_as_extreme():
    random = np.random.default_rng(2)
    ties = np.array([1, 2, 2, 3.0, 5]), np.array([2, 2, 1, 4.0, 3])
    for x, y in ((random.normal(size=5), random.normal(size=5)), ties):
        rho = stats.spearmanr(x, y).statistic
        orders = [stats.spearmanr(x, order).statistic for order in permutations(y)]
        found = spearman(x, y)
        assert found.r == pytest.approx(rho)
        assert found.p == pytest.approx(np.mean(np.abs(orders) >= abs(rho) - 1e-9))


def test_many_models():
    random = np.random.default_rng(3)
    x = random.normal(size=9)
    y = x + random.normal(size=9)
    found, expected = spearman(x, y), stats.spearmanr(x, y)
    assert found == Correlation(
        9,
        expected.statistic,
        expected.pvalue,
        NotEstimable("ranks are given no interval"),
        "Spearman, p by t",
    )
    assert not found.caution


def test_fishers_interval_of_many_models_is_scipys():
    random = np.random.default_rng(4)
    x, y = random.normal(size=(2, 12))
    found, expected = pearson(x, y), stats.pearsonr(x, y)
    assert (found.k, found.r, found.p, found.method) == (12, expected.statistic, expected.pvalue, "Pearson")
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert found.interval.method == "Fisher"


def test_all_orders_of_eight_models_are_counted():
    found = spearman(np.arange(8.0), np.arange(8.0) ** 2)
    assert (found.p, found.method) == (pytest.approx(2 / 40320), "Spearman, exact permutation p")


def test_what_cannot_be_estimated_says_why():
    x = np.array([1.0, 2.0, 4.0])
    three = NotEstimable("it takes three models")
    for each, name in ((pearson, "Pearson"), (spearman, "Spearman")):
        assert each(x[:2], x[:2]) == Correlation(2, three, three, three, name)
        assert (
            each(x, np.ones(3)).p == each(np.ones(3), x).interval == NotEstimable("all values are the same")
        )
    assert pearson(x, np.array([1.0, 0.0, 2.0])).interval == NotEstimable(
        "three models leave no standard error"
    )
    assert pearson(FID, 3 - FID).interval == NotEstimable("the points are on a line")


def test_the_range_over_readers():
    random = np.random.default_rng(5)
    by_reader = FPR + random.normal(0, 10, (7, 4))
    found = range_over_readers(FID, by_reader, np.random.default_rng(1), 400)
    assert -1 <= found.low < pearson(FID, by_reader.mean(axis=0)).r < found.high <= 1
    assert found.method == "400 draws of readers"
    # Two readers: a quarter of the draws is one reader twice, a quarter the other, half are both.
    two = np.array([FPR, FPR[::-1] + np.array([1, 2, 3, 5])])
    ends = sorted(pearson(FID, each).r for each in (*two, two.mean(axis=0)))
    drawn = range_over_readers(FID, two, np.random.default_rng(1), 200)
    assert (drawn.low, drawn.high) == pytest.approx((ends[0], ends[-1]))


def test_readers_with_gaps_and_readers_without_a_correlation():
    gaps = np.array([FPR, FPR + np.array([1, -2, 0, 3]), [np.nan, 30, 40, 50]])
    assert range_over_readers(FID, gaps, np.random.default_rng(1), 200).high < 0
    # The one has no value of the last model, so two draws of it are left out, and both together are the other's there.
    two = np.array([[29, 34, 49, np.nan], [20, 45, 40, 70]])
    together = np.array([24.5, 39.5, 44.5, 70])
    drawn = range_over_readers(FID, two, np.random.default_rng(1), 200)
    ends = sorted(pearson(FID, each).r for each in (two[1], together))
    assert (drawn.low, drawn.high) == pytest.approx(tuple(ends))
    assert range_over_readers(FID, two, np.random.default_rng(1)).method == "2000 draws of readers"
    nothing = NotEstimable("most draws of readers have no correlation")
    assert range_over_readers(FID, np.ones((3, 4)), np.random.default_rng(1), 50) == nothing
    assert range_over_readers(FID, FPR[None], np.random.default_rng(1)) == NotEstimable(
        "it takes two readers"
    )


def test_the_range_is_between_percentiles_of_drawn_readers():
    by_reader = FPR + np.random.default_rng(5).normal(0, 10, (7, 4))
    for seed in range(3):
        draws = np.random.default_rng(seed).integers(7, size=(60, 7))
        rs = [stats.pearsonr(FID, by_reader[draw].mean(axis=0)).statistic for draw in draws]
        found = range_over_readers(FID, by_reader, np.random.default_rng(seed), 60, 0.9)
        assert (found.low, found.high) == pytest.approx(tuple(np.quantile(rs, [0.05, 0.95])))
        assert found.level == 0.9


def test_half_of_the_draws_must_have_a_correlation():
    """One reader has no value of the last model, the other the same of all: only both together correlate."""
    two, seen = np.array([[29, 34, 49, np.nan], [40.0, 40, 40, 40]]), set()
    for seed in range(40):
        draws = np.random.default_rng(seed).integers(2, size=(20, 2))
        both = int((draws[:, 0] != draws[:, 1]).sum())
        found = range_over_readers(FID, two, np.random.default_rng(seed), 20)
        assert isinstance(found, NotEstimable) == (both < 10)
        seen.add(both)
    assert {8, 9, 10} <= seen
