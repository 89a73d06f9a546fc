"""Differences of two arms' mean rates: by hand, against the one-arm model, with gaps, at the edges, and coverage."""

import numpy as np
import pytest

from app.stats.crossed import crossed_mean
from app.stats.differences import METHOD, rate_difference
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
    more = np.vstack([a, np.full((1, 20), np.nan)]), np.vstack([b, np.ones((1, 20))])
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
    assert rate_difference(one, one).p == NotEstimable("it takes two readers and two images of each")
    assert rate_difference(one, one).estimate == 0
    nobody = rate_difference(one, np.full((1, 2), np.nan))
    assert (nobody.readers, nobody.estimate) == (0, NotEstimable("no reader answered images of both"))
    same = rate_difference(np.ones((3, 4)), np.ones((3, 4)))
    assert (same.estimate, same.interval) == (0, NotEstimable("the variance is zero"))


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
