"""Agreement: published examples, definitions by loops, properties, edges."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats import agreement
from app.stats.agreement import counts, icc_a1, over_images, weighted_kappa
from app.stats.estimates import NotEstimable


def gwet_ac1(table):
    return agreement.gwet_ac1(counts(table))


def fleiss_kappa(table):
    return agreement.fleiss_kappa(counts(table))


def krippendorff_alpha(table):
    return agreement.krippendorff_alpha(counts(table))


def table(*readers):
    """Images × readers of a text a reader: a digit a rating, a point where there is none."""
    return np.array([[np.nan if c == "." else float(c) for c in reader] for reader in readers]).T


def test_krippendorffs_example():
    """Four observers of twelve units (Krippendorff 2011); the other two as Gwet's irrCAC gives them."""
    observers = table("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    assert observers.shape == (12, 4)
    assert krippendorff_alpha(observers) == pytest.approx(0.815, abs=0.0005)
    assert gwet_ac1(observers) == pytest.approx(0.77544, abs=0.00001)
    assert fleiss_kappa(observers) == pytest.approx(0.76117, abs=0.00001)


def test_fleiss_example():
    """Ten subjects, fourteen raters, five categories."""
    counts = """0 0 0 0 14|0 2 6 4 2|0 0 3 5 6|0 3 9 2 0|2 2 8 1 1|7 7 0 0 0|3 2 6 3 0|2 5 3 2 2|6 5 2 1 0|0 2 2 3 7"""
    rows = [[v for v, n in enumerate(row.split()) for _ in range(int(n))] for row in counts.split("|")]
    assert fleiss_kappa(np.array(rows, float)) == pytest.approx(0.210, abs=0.0005)


def test_shrout_and_fleiss_example():
    """Six subjects, four judges: ICC(2,1), the same as ICC(A,1), is .29."""
    judges = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    assert icc_a1(judges) == pytest.approx(0.2898, abs=0.0001)
    with_gap = np.vstack([judges, [np.nan, 1, 2, 3]])
    assert icc_a1(with_gap) == icc_a1(judges)


ratings = st.lists(st.text("1234.", min_size=3, max_size=3), min_size=1, max_size=7).map(
    lambda rows: table(*rows).T
)


@given(ratings)
def test_alpha_is_one_minus_observed_over_expected_disagreement(rated):
    units = [row[np.isfinite(row)] for row in rated]
    units = [unit for unit in units if len(unit) > 1]
    found = krippendorff_alpha(rated)
    if not units:
        assert found == agreement.NO_PAIR
        return
    everything = np.concatenate(units)

    def distance(a, b):
        a, b = min(a, b), max(a, b)
        between = sum(np.sum(everything == value) for value in np.unique(everything) if a <= value <= b)
        return (between - (np.sum(everything == a) + np.sum(everything == b)) / 2) ** 2 if a != b else 0.0

    n = len(everything)
    observed = sum(distance(a, b) / (len(unit) - 1) for unit in units for a, b in permutations(unit, 2)) / n
    expected = sum(distance(a, b) for a, b in permutations(everything, 2)) / (n * (n - 1))
    if expected == 0:
        assert found == agreement.ONE_CATEGORY
    else:
        assert found == pytest.approx(1 - observed / expected)


@given(ratings, st.permutations([0, 1, 2]))
def test_neither_readers_nor_images_have_an_order(rated, order):
    for statistic in (gwet_ac1, fleiss_kappa, krippendorff_alpha, icc_a1):
        there, moved = statistic(rated), statistic(rated[::-1, order])
        assert there == moved if isinstance(there, NotEstimable) else moved == pytest.approx(there)
        if not isinstance(there, NotEstimable):
            assert there <= 1 + 1e-12


def test_readers_who_agree_throughout():
    same = table("1234", "1234", "1234")
    for statistic in (gwet_ac1, fleiss_kappa, krippendorff_alpha, icc_a1):
        assert statistic(same) == pytest.approx(1)


def icc_by_definition(x):
    """McGraw & Wong's table 4 with the mean squares as sums of squared deviations."""
    n, k = x.shape
    rows, columns = x.mean(axis=1, keepdims=True), x.mean(axis=0, keepdims=True)
    msr, msc = k * np.var(rows, ddof=1), n * np.var(columns, ddof=1)
    mse = ((x - rows - columns + x.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    return (msr - mse) / (msr + (k - 1) * mse + k / n * (msc - mse))


@pytest.mark.parametrize(("n", "k"), [(2, 2), (2, 5), (9, 2), (12, 4)])
def test_icc_is_its_definition(n, k):
    x = (np.random.default_rng(n + k).random((n, k)) < 0.6).astype(float)
    x[0, 0], x[1, 0] = 0, 1
    assert icc_a1(x) == pytest.approx(icc_by_definition(x))


def test_weights_count_images_as_often_as_they_say():
    """What the bootstrap rests on: each row of weights gives the value of the table with its images repeated."""
    rated = table("1233214121.", "1233224122.", "113322412.3")
    random = np.random.default_rng(3)
    weights = np.vstack([random.integers(0, 4, (6, 11)), np.eye(11, dtype=int)[:1] * 3])
    weights[:6, :4] += 1  # each category is in each draw but the last, which has one image alone
    weights[:6, 6] += 1
    for statistic, counted in (
        (agreement.gwet_ac1, counts(rated)),
        (agreement.fleiss_kappa, counts(rated)),
        (agreement.krippendorff_alpha, counts(rated)),
        (icc_a1, rated),
    ):
        found = statistic.weighted(counted, weights.astype(float))
        expected = [statistic(np.repeat(counted, row, axis=0)) for row in weights[:6]]
        assert found[:6] == pytest.approx(expected)
        assert statistic is agreement.gwet_ac1 or np.isnan(found[6])


def test_images_that_nobody_or_one_reader_rated_count_for_nothing_or_for_the_shares():
    rated = table("12132", "12233")
    nobody = np.vstack([rated, np.full((2, 2), np.nan)])
    for statistic in (gwet_ac1, fleiss_kappa, krippendorff_alpha, icc_a1):
        assert statistic(nobody) == statistic(rated)
    # one image with a pair that disagrees, and shares of 1/2 in all: no agreement where 1/2 is by chance
    for alone in (table("1", "2"), table("112", "2..")):
        assert gwet_ac1(alone) == fleiss_kappa(alone) == pytest.approx(-1)


def test_a_prevalent_answer_does_not_lower_ac1_as_it_does_kappa():
    answers = table("1" * 18 + "10", "1" * 18 + "01")
    assert fleiss_kappa(answers) < 0
    assert gwet_ac1(answers) > 0.85


def test_weighted_kappa_by_hand():
    first, second = np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3])
    # Observed mean square 2/4; over all sixteen pairs (6 · 1 + 4 · 4 + 2 · 9)/16 = 40/16.
    assert weighted_kappa(first, second) == pytest.approx(1 - 0.5 / 2.5)
    assert agreement.percent_agreement(first, second) == 0.5
    assert agreement.percent_agreement(first[:3], second[:3]) == pytest.approx(2 / 3)


def test_what_cannot_be_estimated_says_why():
    nothing = np.array([])
    for statistic in (gwet_ac1, fleiss_kappa, krippendorff_alpha):
        assert statistic(table("12", "..")) == statistic(table("..", "..")) == agreement.NO_PAIR
        assert statistic(table("11", "11")) == agreement.ONE_CATEGORY
    assert (
        icc_a1(table("1", "1"))
        == icc_a1(table("12"))
        == NotEstimable("it takes two images that two readers rated")
    )
    assert icc_a1(table("33", "33")) == agreement.ONE_CATEGORY
    assert weighted_kappa(nothing, nothing) == agreement.percent_agreement(nothing, nothing)
    assert weighted_kappa(np.ones(3), np.ones(3)) == agreement.ONE_CATEGORY


def test_the_bootstrap_draws_images():
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, (40, 1))
    rated = np.where(random.random((40, 5)) < 0.8, truth, 1 - truth).astype(float)
    found = over_images(counts(rated), agreement.gwet_ac1, np.random.default_rng(2), 300)
    assert found.low < gwet_ac1(rated) < found.high
    assert found.method == "bootstrap over images, 300 draws"
    assert over_images(counts(rated), agreement.gwet_ac1, np.random.default_rng(2), 300) == found
    assert over_images(rated[:1], icc_a1, random) == NotEstimable("it takes two images")
    assert over_images(np.ones((5, 2)), icc_a1, random, 20) == NotEstimable(
        "most draws of images have no value"
    )


def test_the_interval_is_between_percentiles_of_drawn_images():
    rated = table("0110100101", "0111100100", "1110000101")
    for seed in range(5):
        draws = np.random.default_rng(seed).integers(10, size=(60, 10))
        values = [gwet_ac1(rated[draw]) for draw in draws]
        found = over_images(counts(rated), agreement.gwet_ac1, np.random.default_rng(seed), 60, 0.9)
        assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))
        assert found.level == 0.9
    usual = over_images(counts(rated), agreement.gwet_ac1, np.random.default_rng(1))
    assert usual.method == "bootstrap over images, 1000 draws"


def test_half_of_the_draws_must_have_a_value():
    """Two images, each of one category: κ exists where both are drawn."""
    rated, seen = table("01", "01"), set()
    for seed in range(40):
        draws = np.random.default_rng(seed).integers(2, size=(20, 2))
        both = int((draws[:, 0] != draws[:, 1]).sum())
        found = over_images(counts(rated), agreement.fleiss_kappa, np.random.default_rng(seed), 20)
        assert isinstance(found, NotEstimable) == (both < 10)
        seen.add(both)
    assert {8, 9, 10} <= seen
