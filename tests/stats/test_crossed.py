"""The mean over readers and images: by hand, against an independent calculation, at its edges, and its coverage."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.stats import crossed
from app.stats.crossed import CrossedMean, crossed_mean
from app.stats.estimates import Interval, NotEstimable
from app.stats.intervals import wilson, wilson_effective

RUNS = 4000 if os.environ.get("SOAK_TESTS") else 400


def table(*rows):
    return np.array([[np.nan if c == "." else float(c) for c in row] for row in rows])


@st.composite
def tables(draw):
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 8)))
    letters = st.text("01.", min_size=shape[1], max_size=shape[1])
    return table(*draw(st.lists(letters, min_size=shape[0], max_size=shape[0])))


def test_by_hand():
    # Row means 1, 1/2, 1/2, 0; column means 3/4, 1/4; grand mean 1/2.
    # MSR = 2 · (1/4 + 1/4) / 3 = 1/3; MSC = 4 · (1/16 + 1/16) / 1 = 1/2; residuals all ± 1/4: MSE = 8/16 / 3 = 1/6.
    found = crossed_mean(table("11", "10", "10", "00"))
    assert (found.readers, found.images, found.answers, found.estimate) == (4, 2, 8, 0.5)
    assert found.variance == pytest.approx((1 / 3 + 1 / 2 - 1 / 6) / 8)
    # (2/3)² / (1/27 + 1/4 + 1/108) = 4/9 · 108/32 = 1.5, above min(R − 1, M − 1) = 1
    assert found.df == pytest.approx(1.5)
    half = stats.t.ppf(0.975, 1.5) * (1 / 12) ** 0.5 / 0.25
    assert found.interval.high == pytest.approx(1 / (1 + np.exp(-half)))
    assert found.interval.low == pytest.approx(1 - found.interval.high)
    assert found.interval.method == "two-way logit t"
    assert found.p_half == pytest.approx(1.0)


def test_the_test_against_one_half_agrees_with_the_interval():
    random = np.random.default_rng(8)
    decisions = set()
    for chance in np.linspace(0.1, 0.9, 30):
        found = crossed_mean((random.random((5, 12)) < chance).astype(float))
        outside = not found.interval.low <= 0.5 <= found.interval.high
        decisions.add(outside)
        assert outside == (found.p_half < 0.05)
    assert decisions == {True, False}


def components_by_projection(y):
    """Method-of-moments components of readers, images and residual, from projections and traces alone."""
    r, i = np.nonzero(~np.isnan(y))
    values, n = y[r, i], len(r)
    Z = [np.eye(y.shape[0])[r], np.eye(y.shape[1])[i], np.eye(n)]
    mean = np.full((n, n), 1 / n)
    forms = [each @ np.linalg.pinv(each) - mean for each in Z]
    expected = np.array([[np.trace(Q @ each @ each.T) for each in Z] for Q in forms])
    components = np.linalg.lstsq(expected, np.array([values @ Q @ values for Q in forms]), rcond=None)[0]
    components[2] = max(components[2], 0)
    return components, [np.sum(each.sum(axis=0) ** 2) / n**2 for each in Z]


def variance_by_projection(y):
    return float(np.dot(*components_by_projection(y)))


@pytest.mark.parametrize("share_missing", [0.0, 0.1, 0.3])
def test_the_variance_is_that_of_an_independent_calculation(share_missing):
    random = np.random.default_rng(11)
    for _ in range(20):
        y = (random.random((6, 9)) < random.random((6, 1))).astype(float)
        y[random.random((6, 9)) < share_missing] = np.nan
        found, expected = crossed_mean(y), variance_by_projection(y)
        assert expected > 0
        assert found.variance == pytest.approx(expected)


def test_a_residual_component_is_never_negative():
    y = table("11", "0.", "11")
    components, shares = components_by_projection(y)
    assert components[2] == 0
    assert crossed_mean(y).variance == pytest.approx(np.dot(components, shares))


def test_a_split_plot_design_has_its_interval():
    # two groups of readers, each with its own images
    y = table("1100....", "1110....", "0100....", "....0110", "....0010", "....1111")
    found = crossed_mean(y)
    assert found.answers == 24
    assert found.interval.method == "two-way logit t with gaps (Henderson I)"
    assert found.variance == pytest.approx(variance_by_projection(y))


def test_with_gaps_no_interval_is_shorter_than_that_of_independent_answers():
    # 13 of 24, readers more alike than chance makes them
    y = table("1100....", "1010....", "0110....", "....0110", "....0011", "....1011")
    found = crossed_mean(y)
    p = 13 / 24
    half = stats.norm.ppf(0.975) / (24 * p * (1 - p)) ** 0.5
    assert stats.t.ppf(0.975, found.df) * found.variance**0.5 / (p * (1 - p)) < half
    logits = [np.log(end / (1 - end)) for end in (found.interval.low, found.interval.high)]
    assert logits == pytest.approx([np.log(p / (1 - p)) - half, np.log(p / (1 - p)) + half])
    assert found.interval.method.endswith("widened to that of independent answers")
    assert found.p_half == pytest.approx(2 * stats.norm.sf(np.log(p / (1 - p)) * (24 * p * (1 - p)) ** 0.5))


def test_sparse_tables_are_covered_where_their_components_come_out_small():
    """Fifths of seven orders of twenty: where the two-way variance is below that of independent answers, as everywhere."""
    random = np.random.default_rng(21)
    small = []
    for _ in range(RUNS):
        chances = 1 / (1 + np.exp(0.85 - random.normal(0, 0.5, (7, 1)) - random.normal(0, 0.5, (1, 20))))
        y = (random.random((7, 20)) < chances).astype(float)
        for row in y:
            row[random.permutation(20)[4:]] = np.nan
        found = crossed_mean(y)
        p = found.estimate
        if 0 < p < 1 and found.variance < p * (1 - p) / found.answers:
            small.append(found.interval.low <= 0.318 <= found.interval.high)  # the mean chance of that model
    assert len(small) > RUNS / 5
    assert np.mean(small) > 0.93


def test_df_with_gaps_is_satterthwaites_on_mean_rows_and_columns():
    y = table("11011.", "00010.", ".10111", "000.00", "11.111")
    found = crossed_mean(y)
    (tau2, omega2, sigma2), _ = components_by_projection(y)
    n, R, M = 25, 5, 6
    assert found.answers == n
    squares = {R - 1: n / R * tau2 + sigma2, M - 1: n / M * omega2 + sigma2, n - R - M + 1: sigma2}
    expected = (n * found.variance) ** 2 / sum(max(ms, 0) ** 2 / df for df, ms in squares.items())
    assert expected > R - 1
    assert found.df == pytest.approx(expected)


def test_where_nothing_is_left_for_the_residual_it_has_one_degree():
    y = table(".1", "00")
    found = crossed_mean(y)
    (tau2, omega2, sigma2), _ = components_by_projection(y)
    squares = [max(1.5 * each + sigma2, 0) for each in (tau2, omega2)]  # 1.5 answers a row and a column
    assert found.df == pytest.approx(
        (3 * found.variance) ** 2 / (squares[0] ** 2 + squares[1] ** 2 + sigma2**2)
    )


def test_one_gap_in_a_large_table_changes_little():
    random = np.random.default_rng(5)
    y = (random.random((10, 30)) < random.random((10, 1)) * 0.5 + random.random((1, 30)) * 0.5).astype(float)
    whole = crossed_mean(y)
    y[3, 7] = np.nan
    found = crossed_mean(y)
    assert whole.df > 10
    assert found.df == pytest.approx(whole.df, rel=0.05)
    assert found.variance == pytest.approx(whole.variance, rel=0.05)


def test_a_reader_who_saw_nothing_and_an_image_that_nobody_saw_change_nothing():
    rows = table("1101", "0100", "1011")
    padded = np.full((4, 6), np.nan)
    padded[:3, 1:5] = rows
    assert crossed_mean(padded) == crossed_mean(rows)


def test_a_negative_variance_gives_way_to_the_residual():
    # all rows and columns alike: MSR = MSC = 0, MSE = 1/2 · 2/1
    found = crossed_mean(table("10", "01"))
    assert found.variance == pytest.approx(1 / 4)
    assert found.df == 1
    assert found.interval.method == "two-way logit t, residual variance alone"
    # by hand: τ² = ω² = −1/2 and σ² = 1, so that 2 · (−1/2) · 5/9 + 1/3 < 0; 1/3 is left
    with_gap = crossed_mean(table(".1", "10"))
    assert with_gap.interval.method == "two-way logit t with gaps, residual variance alone"
    assert with_gap.variance == pytest.approx(1 / 3)
    assert with_gap.df == 1


@pytest.mark.parametrize("y", [table("1.0.", ".0.1"), table("0.", ".1", "1.", ".0")])
def test_where_no_component_is_positive_all_variation_is_residual(y):
    found = crossed_mean(y)  # p(1 − p)/n of four answers, and the least of R − 1 and M − 1
    assert (found.variance, found.df) == (pytest.approx(0.25 / 4), 1)
    assert found.interval.method == "two-way logit t with gaps, residual variance alone"


def test_another_level_reaches_every_interval():
    two_way, alike, one = (
        crossed_mean(table(*y), 0.9) for y in (("11", "10", "10", "00"), ("11", "11"), ("110000",))
    )
    half = stats.t.ppf(0.95, 1.5) * (1 / 12) ** 0.5 / 0.25
    assert two_way.interval.high == pytest.approx(1 / (1 + np.exp(-half)))
    assert (alike.interval.low, alike.interval.high) == wilson_effective(1.0, 2, 0.9)
    assert one.interval.low == pytest.approx(wilson(2, 6, 0.9).low)
    assert two_way.interval.level == alike.interval.level == one.interval.level == 0.9


def test_df_never_falls_below_the_fewest():
    found = crossed_mean(table("111", "000"))
    assert found.df == 1
    assert isinstance(found.interval, Interval)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_alike_is_wilson_on_the_images(value):
    found = crossed_mean(np.full((3, 10), value))
    assert found.estimate == value
    low, high = wilson_effective(value, 10)
    assert (found.interval.low, found.interval.high) == (low, high)
    assert found.interval.method == "Wilson on the images' effective number"
    assert found.p_half == NotEstimable("all answers are the same")


def test_one_reader_is_wilson_or_nothing():
    found = crossed_mean(table("110000"))
    plain = wilson(2, 6)
    assert (found.interval.low, found.interval.high) == pytest.approx((plain.low, plain.high))
    assert found.interval.method == "Wilson, this reader only"
    assert found.variance == found.df == found.p_half == NotEstimable("it takes two readers and two images")
    assert crossed_mean(table("000000")).interval == NotEstimable(
        "one reader gave the same answer throughout"
    )


def test_one_image_is_not_enough():
    found = crossed_mean(table("1", "0", "1"))
    few = NotEstimable("it takes two readers and two images")
    assert found == CrossedMean(3, 1, 3, pytest.approx(2 / 3), few, few, few, few)


@pytest.mark.parametrize("shape", [(0, 0), (2, 3)])
def test_nothing_seen_is_nothing_estimated(shape):
    none = NotEstimable("there is no answer")
    assert crossed_mean(np.full(shape, np.nan)) == CrossedMean(0, 0, 0, none, none, none, none, none)


def test_one_answer_each_still_has_a_variance():
    # one answer each: the three kinds of variation cannot be told apart, but their sum can
    apart = crossed_mean(table("1..", ".0.", "..1"))
    assert apart.variance == pytest.approx((2 / 9) * 3 / 2 / 3)


@settings(max_examples=300, deadline=None)
@given(tables())
def test_it_holds_for_any_table(y):
    found = crossed_mean(y)
    flipped = crossed_mean(1 - y)
    if isinstance(found.estimate, NotEstimable):
        assert np.isnan(y).all()
        return
    assert 0 <= found.estimate <= 1
    assert flipped.estimate == pytest.approx(1 - found.estimate)
    if isinstance(found.interval, Interval):
        assert 0 <= found.interval.low <= found.estimate + 1e-12
        assert found.estimate - 1e-12 <= found.interval.high <= 1
        assert flipped.interval.low == pytest.approx(1 - found.interval.high, abs=1e-6)
    else:
        assert isinstance(flipped.interval, NotEstimable)
    if not isinstance(found.p_half, NotEstimable):
        assert 0 <= found.p_half <= 1
        assert found.df >= min(found.readers, found.images) - 1


@settings(max_examples=100, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_readers_and_images_does_not_matter(y, random):
    rows = random.sample(range(y.shape[0]), y.shape[0])
    columns = random.sample(range(y.shape[1]), y.shape[1])
    found, shuffled = crossed_mean(y), crossed_mean(y[rows][:, columns])
    if isinstance(found.interval, Interval):
        bounds = (found.interval.low, found.interval.high)
        assert (shuffled.interval.low, shuffled.interval.high) == pytest.approx(bounds, abs=1e-6)
        assert shuffled.interval.method == found.interval.method


@pytest.mark.parametrize(
    ("readers", "images", "mean", "missing"), [(7, 20, 0.5, 0.0), (10, 40, 0.35, 0.0), (8, 30, 0.4, 0.15)]
)
def test_coverage(readers, images, mean, missing):
    """Nominal 95 % where readers (SD .15) and images (SD .15) both vary; pooling the answers claims it and fails."""
    random = np.random.default_rng(20260101)
    held = pooled_held = 0
    for _ in range(RUNS):
        chance = mean + random.normal(0, 0.15, (readers, 1)) + random.normal(0, 0.15, (1, images))
        y = (random.random((readers, images)) < np.clip(chance, 0, 1)).astype(float)
        y[random.random((readers, images)) < missing] = np.nan
        found = crossed_mean(y).interval
        held += found.low <= mean <= found.high
        pooled = wilson(int(np.nansum(y)), int((~np.isnan(y)).sum()))
        pooled_held += pooled.low <= mean <= pooled.high
    assert 0.92 <= held / RUNS <= 0.98
    assert pooled_held / RUNS < 0.85


def test_degrees_of_freedom_of_the_smallest_table_with_a_gap_by_hand():
    """Three answers of two readers to two images: 1.5 a reader and an image, one residual degree."""
    df = crossed._satterthwaite_with_gaps(0.1, 0.1, 0.2, 0.15, 3, (2, 2))
    assert df == pytest.approx(0.45**2 / (0.35**2 + 0.35**2 + 0.2**2))
