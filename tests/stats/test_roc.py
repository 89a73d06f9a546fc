"""AUC of one reader: by hand, against double loops, and its properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.stats import roc
from app.stats.estimates import Interval, NotEstimable
from app.stats.roc import Auc

scores = st.lists(st.integers(0, 4), min_size=2, max_size=8).map(lambda values: np.array(values, float))


def success(x, y):
    """s(i, j), N × M: 1 where real j is above synthetic i, 1/2 where they are equal."""
    return np.array([[1.0 if b > a else 0.5 if b == a else 0.0 for b in y] for a in x])


def test_by_hand():
    # 5 of 6 pairs in order, one tie: 4.5/6 would be with one inversion; here 1>0, 2>0, 3>0, 1=1, 2>1, 3>1.
    found = roc.delong(np.array([0.0, 1.0]), np.array([1.0, 2.0, 3.0]))
    assert found.estimate == pytest.approx(5.5 / 6)
    # Placements of synthetic images 1, 5/6 (variance 1/72), of real ones 3/4, 1, 1 (variance 1/48).
    assert found.variance == pytest.approx(1 / 72 / 2 + 1 / 48 / 3)
    half = stats.norm.ppf(0.975) * found.variance**0.5
    assert (found.interval.low, found.interval.high) == pytest.approx((5.5 / 6 - half, 5.5 / 6 + half))
    assert found.interval.method == "DeLong, this reader only"
    assert found.p_half == pytest.approx(2 * stats.norm.sf((5.5 / 6 - 0.5) / found.variance**0.5))
    slope = 5.5 / 6 * 0.5 / 6
    assert found.logit.high == pytest.approx(1 / (1 + np.exp(-(np.log(11) + half / slope))))
    assert found.logit.low == pytest.approx(1 / (1 + np.exp(-(np.log(11) - half / slope))))


def test_another_level_reaches_both_intervals():
    found = roc.delong(np.array([0.0, 1.0]), np.array([1.0, 2.0, 3.0]), 0.9)
    half = stats.norm.ppf(0.95) * found.variance**0.5
    assert found.interval.high == pytest.approx(5.5 / 6 + half)
    assert found.logit.low == pytest.approx(1 / (1 + np.exp(-(np.log(11) - half / (5.5 / 6 * 0.5 / 6)))))
    assert found.interval.level == found.logit.level == 0.9
    assert found.logit.method == "DeLong, this reader only, logit"


def test_the_curve_goes_through_the_shares_scored_as_high_or_higher():
    # from 3 on: no synthetic, half of the real images; from 2 on: half, all; from 1 on all of both
    found = roc.curve(np.array([1.0, 2.0]), np.array([3.0, 2.0]))
    assert found == ((0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0))
    assert roc.curve(np.array([1.0]), np.array([2.0])) == ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))
    nothing = np.array([])
    assert roc.curve(nothing, np.array([1.0])) == roc.curve(np.array([1.0]), nothing) == ()


@given(scores, scores)
def test_placements_are_those_of_a_double_loop(x, y):
    above, below = roc.placements(x, y)
    assert above == pytest.approx(success(x, y).sum(axis=1))
    assert below == pytest.approx(success(x, y).sum(axis=0))


@given(scores, scores)
def test_swapping_the_labels_mirrors_the_auc(x, y):
    there, back = roc.delong(x, y), roc.delong(y, x)
    assert back.estimate == pytest.approx(1 - there.estimate)
    assert back.variance == pytest.approx(there.variance)
    assert roc.delong(-y, -x).estimate == pytest.approx(there.estimate)


@given(scores, scores)
def test_only_the_order_of_scores_counts(x, y):
    there = roc.delong(x, y)
    assert 0 <= there.estimate <= 1
    assert roc.delong(np.exp(x) - 3, np.exp(y) - 3) == there
    assert roc.delong(x[::-1], y[::-1]).variance == pytest.approx(there.variance)


@given(scores, scores)
def test_the_auc_of_answers_is_balanced_accuracy(x, y):
    said_x, said_y = (x > 2).astype(float), (y > 2).astype(float)
    found = roc.delong(said_x, said_y)
    assert found.estimate == pytest.approx(((1 - said_x).mean() + said_y.mean()) / 2)


def test_covariances_are_those_of_their_definitions():
    random = np.random.default_rng(3)
    x, y = random.integers(0, 6, (3, 7)).astype(float), random.integers(1, 8, (3, 5)).astype(float)
    S = np.array([success(a, b) for a, b in zip(x, y, strict=True)])
    assert roc.aucs(x, y) == pytest.approx(S.mean(axis=(1, 2)))
    delong = np.cov(S.mean(axis=2)) / 7 + np.cov(S.mean(axis=1)) / 5
    assert roc.delong_covariance(x, y) == pytest.approx(delong)
    without = [np.delete(S, i, axis=1).mean(axis=(1, 2)) for i in range(7)]
    without += [np.delete(S, j, axis=2).mean(axis=(1, 2)) for j in range(5)]
    assert roc.jackknife_covariance(x, y) == pytest.approx(np.cov(np.array(without).T, ddof=0) * 11)


def test_what_cannot_be_estimated_says_why():
    nothing, one, two = np.array([]), np.array([1.0]), np.array([1.0, 2.0])
    none = NotEstimable("only one kind of image was scored")
    assert roc.delong(nothing, two) == roc.delong(two, nothing) == Auc(none, none, none, none, none)
    few = NotEstimable("it takes two images of each kind")
    assert roc.delong(one, two) == Auc(0.75, few, few, few, few)
    assert roc.delong(two, one) == Auc(0.25, few, few, few, few)
    apart = roc.delong(two, two + 5)
    assert (apart.estimate, apart.variance) == (1.0, 0.0)
    assert apart.interval == apart.logit == apart.p_half == NotEstimable("the variance is zero")


def test_t_with_the_floor_of_the_degrees_of_freedom_and_normal_above_50():
    assert roc.quantile(12.9, 0.95) == pytest.approx(stats.t.ppf(0.975, 12))
    assert roc.quantile(50, 0.9) == pytest.approx(stats.t.ppf(0.95, 50))
    assert roc.quantile(50.1, 0.95) == pytest.approx(stats.norm.ppf(0.975))
    assert roc.p_value(-0.2, 0.01, 7.99) == pytest.approx(2 * stats.t.sf(2, 7))
    assert roc.p_value(0.2, 0.01, 50) == pytest.approx(2 * stats.t.sf(2, 50))
    assert roc.p_value(0.2, 0.01, 51) == pytest.approx(2 * stats.norm.sf(2))
    assert roc.symmetric(0.95, 0.01, 3, "m").high == pytest.approx(0.95 + 0.1 * stats.t.ppf(0.975, 3))


def test_an_interval_needs_a_variance_and_degrees_of_freedom():
    why = NotEstimable("because")
    assert roc.symmetric(0.5, why, 3, "m") == roc.logit(0.5, 0.1, why, "m") == roc.p_value(0, why, why) == why
    none = NotEstimable("the logit of 0 or 1 does not exist")
    assert roc.logit(1.0, 0.1, 3, "m") == roc.logit(0.0, 0.1, 3, "m") == none
    found = roc.logit(0.999, 0.2, 1, "m")
    assert isinstance(found, Interval)
    assert 0 <= found.low < 0.999 < found.high <= 1
