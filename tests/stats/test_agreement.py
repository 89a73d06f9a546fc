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


def test_a_prevalent_answer_does_not_lower_ac1_as_it_does_kappa():
    answers = table("1" * 18 + "10", "1" * 18 + "01")
    assert fleiss_kappa(answers) < 0
    assert gwet_ac1(answers) > 0.85


def test_weighted_kappa_by_hand():
    first, second = np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3])
    # Observed mean square 2/4; over all sixteen pairs (6 · 1 + 4 · 4 + 2 · 9)/16 = 40/16.
    assert weighted_kappa(first, second) == pytest.approx(1 - 0.5 / 2.5)
    assert agreement.percent_agreement(first, second) == 0.5


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
