"""What a design can show: stated values, exact enumeration, simulation of the model, edges."""

import numpy as np
import pytest
from scipy import stats

from app.stats.estimates import NotEstimable
from app.stats.planning import Plan, plan, single_reader_power, strongest_claim


@pytest.mark.parametrize(
    ("readers", "images", "points"), [(7, 20, 17.4), (7, 100, 14.5), (10, 100, 11.4), (20, 100, 7.8)]
)
def test_half_widths_in_points(readers, images, points):
    assert round(100 * plan(readers, images).half_width, 1) == points


def test_by_hand():
    # σ² = .25 − .01 − .04 = .2; Var = .01/2 + .04/4 + .2/8 = .04; MSR = .24, MSC = .28, MSE = .2
    found = plan(2, 4, 0.5, 0.1, 0.2)
    assert found.variance == pytest.approx(0.04)
    assert found.df == pytest.approx(0.32**2 / (0.24**2 + 0.28**2 / 3 + 0.2**2 / 3))
    assert found.half_width == pytest.approx(0.2 * stats.t.ppf(0.975, found.df))
    assert found.half_width_90 == pytest.approx(0.2 * stats.t.ppf(0.95, found.df))


def test_two_readers_and_two_images_leave_one_degree_for_the_residual():
    # Var = .01/2 + .04/2 + .2/4 = .075; MSR = .22, MSC = .28, MSE = .2, each with one degree of freedom
    found = plan(2, 2, 0.5, 0.1, 0.2)
    assert (found.readers, found.images) == (2, 2)
    assert found.df == pytest.approx(0.3**2 / (0.22**2 + 0.28**2 + 0.2**2))


def test_where_nothing_is_left_for_the_residual_df_are_those_of_readers():
    found = plan(4, 10, read=0.2)  # 8 answers to 4 readers and 10 images
    assert found.df == 3
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, 3) * found.variance**0.5)


def test_sds_may_be_zero_or_take_all_of_the_variance():
    assert plan(5, 5, 0.5, 0.0, 0.0).variance == pytest.approx(0.25 / 25)
    all_of_it = plan(2, 4, 0.5, 0.5, 0.0)
    assert (all_of_it.variance, all_of_it.df) == (0.125, 1)


def test_the_variance_is_that_of_simulated_studies():
    random = np.random.default_rng(4)
    runs, R, M = 4000, 5, 10
    rate = 0.5 + random.normal(0, 0.15, (runs, R, 1)) + random.normal(0, 0.15, (runs, 1, M))
    means = (random.random((runs, R, M)) < rate).mean(axis=(1, 2))
    assert np.var(means) == pytest.approx(plan(R, M).variance, rel=0.08)


def test_more_readers_help_beyond_fifty_images():
    now = plan(7, 50).half_width
    assert now - plan(7, 5000).half_width < 0.02
    assert now - plan(14, 50).half_width > 0.04


@pytest.mark.parametrize(
    ("images", "power"), [(20, 0), (40, 0), (50, 0), (100, 0.24), (200, 0.77), (400, 0.98)]
)
def test_power_of_one_reader(images, power):
    assert round(single_reader_power(images), 2) == power


def test_power_is_that_of_enumerated_outcomes():
    for n, accuracy in ((100, 0.5), (150, 0.45), (30, 0.5)):
        delta = 0.1 if n > 30 else 0.3
        expected = sum(
            stats.binom.pmf(k, n, accuracy)
            for k in range(n + 1)
            if stats.binom.sf(k - 1, n, 0.5 - delta) <= 0.05 and stats.binom.cdf(k, n, 0.5 + delta) <= 0.05
        )
        assert expected > 0
        assert single_reader_power(n, delta, accuracy) == pytest.approx(expected)


@pytest.mark.parametrize(
    "given",
    [
        (0, 5),
        (5, 0),
        (5, 5, 0.0, 0.0, 0.0),
        (5, 5, 1.0, 0.0, 0.0),
        (5, 5, 0.5, -0.1),
        (5, 5, 0.5, 0.4, 0.4),
        (5, 5, 0.01),
    ],
)
def test_what_no_study_can_be_is_refused(given):
    said = "^a plan takes a reader, an image, a rate within 0 and 1, and SDs that it has room for$"
    with pytest.raises(ValueError, match=said):
        plan(*given)


@pytest.mark.parametrize("read", [0.0, 1.01])
def test_a_reader_reads_a_part_of_the_images(read):
    with pytest.raises(ValueError, match=r"^a reader reads more than none and at most all of the images$"):
        plan(5, 5, read=read)


def test_power_where_all_outcomes_but_two_show_it():
    # of 5 images: P(X ≥ 1) = 1 − .99⁵ < .05 where accuracy is .01, so 1 to 4 right answers show it
    assert single_reader_power(5, 0.49) == pytest.approx(1 - 2 / 32)


def test_the_strongest_claim():
    assert strongest_claim(plan(20, 100)) == (
        "At best: mean FPR is equivalent to chance within ± 10 points (expected 90 % interval ± 6.5 points)."
    )
    assert strongest_claim(plan(7, 20)) == (
        "At best: mean FPR differs from 50 % where it is more than 17.4 points away. "
        "Equivalence with chance within ± 10 points is out of reach (expected 90 % interval ± 14.1 points)."
    )
    assert "power 0.24 to show accuracy within ± 10 points of chance" in strongest_claim(plan(1, 50))
    assert "cannot be shown by one reader" in strongest_claim(plan(1, 20))
    power = single_reader_power(100, 0.2)
    assert f"power {power:.2f} to show accuracy within ± 20 points" in strongest_claim(plan(1, 50), 0.2)


def test_one_reader_or_image_leaves_the_variance():
    few = NotEstimable("it takes two readers and two images")
    # τ² = ω² = .0225, σ² = .205
    assert plan(1, 20) == Plan(1, 20, pytest.approx(0.0225 + 0.0225 / 20 + 0.205 / 20), few, few, few)
    assert plan(5, 1) == Plan(5, 1, pytest.approx(0.0225 / 5 + 0.0225 + 0.205 / 5), few, few, few)
