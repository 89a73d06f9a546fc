"""At chance? TOST against its two tests, the Bayes factors against their integrals, the claims."""

import numpy as np
import pytest
from scipy import integrate, stats

from app.stats.equivalence import bayes_factor, bayes_factor_of_counts, equivalence
from app.stats.estimates import NotEstimable


def test_the_larger_of_two_one_sided_tests():
    found = equivalence(0.52, 0.0016, 12.6)
    assert found.p == pytest.approx(stats.t.sf((0.6 - 0.52) / 0.04, 12))
    half = 0.04 * stats.t.ppf(0.95, 12)
    assert (found.interval.low, found.interval.high, found.interval.level) == pytest.approx(
        (0.52 - half, 0.52 + half, 0.9)
    )
    assert equivalence(0.65, 0.0016, 80).p == pytest.approx(stats.norm.cdf(0.05 / 0.04))


@pytest.mark.parametrize("estimate", np.linspace(0.3, 0.7, 21))
def test_the_interval_and_the_tests_decide_alike(estimate):
    found = equivalence(float(estimate), 0.0009, 20)
    within = found.interval.low > 0.4 and found.interval.high < 0.6
    assert within == (found.p < 0.05)
    assert within == (found.claim in ("equivalent to chance", "different from chance, but within the margin"))


@pytest.mark.parametrize(
    ("estimate", "variance", "claim"),
    [
        (0.51, 0.0004, "equivalent to chance"),
        (0.53, 0.0001, "different from chance, but within the margin"),
        (0.7, 0.0025, "better than chance"),
        (0.3, 0.0025, "worse than chance"),
        (0.5, 0.01, "neither equivalent to chance nor different from it"),
    ],
)
def test_the_strongest_claim(estimate, variance, claim):
    assert equivalence(estimate, variance, 100).claim == claim


def test_the_margin_is_the_designs():
    assert equivalence(0.51, 0.0004, 100, 0.03).claim == "neither equivalent to chance nor different from it"
    assert equivalence(0.5, 0.01, 100, 0.3).claim == "equivalent to chance"


def test_bayes_factors_are_those_of_their_integrals():
    for estimate, variance in ((0.5, 0.01), (0.62, 0.003), (0.97, 0.001)):
        likelihood = [stats.norm.pdf(estimate, theta, variance**0.5) for theta in (0.5,)]
        mean = integrate.quad(
            lambda theta, e=estimate, v=variance: stats.norm.pdf(e, theta, v**0.5), 0, 1, points=[estimate]
        )[0]
        assert bayes_factor(estimate, variance) == pytest.approx(likelihood[0] / mean, rel=1e-6)
    for k, n in ((5, 10), (31, 40), (0, 7)):
        mean = integrate.quad(lambda theta, k=k, n=n: stats.binom.pmf(k, n, theta), 0, 1)[0]
        assert bayes_factor_of_counts(k, n) == pytest.approx(stats.binom.pmf(k, n, 0.5) / mean)


def test_what_cannot_be_estimated_says_why():
    why = NotEstimable("it takes two readers")
    for found in (equivalence(why, why, why), equivalence(0.5, why, why)):
        assert found.p == found.interval == found.bf01 == found.claim == why
    assert equivalence(1.0, 0.0, NotEstimable("the variance is zero")).claim == NotEstimable(
        "the variance is zero"
    )


def test_what_is_found_carries_its_margin_its_method_and_the_bayes_factor():
    found = equivalence(0.52, 0.0016, 12.6, delta=0.07)
    assert (found.delta, found.interval.method) == (0.07, "one-shot MRMC, TOST")
    assert found.bf01 == bayes_factor(0.52, 0.0016)
    unknown = equivalence(NotEstimable("no reader"), 0.1, 3, delta=0.07)
    assert (unknown.delta, unknown.p) == (0.07, NotEstimable("no reader"))
    flat = equivalence(0.5, 0.0, 3, delta=0.07)
    assert (flat.delta, flat.claim) == (0.07, NotEstimable("the variance is zero"))


@pytest.mark.parametrize(("estimate", "variance"), [(0.7, 0.09), (0.2, 0.25), (0.9, 0.04)])
def test_the_bayes_factor_where_the_prior_cuts_the_likelihood(estimate, variance):
    likelihood = stats.norm(estimate, variance**0.5).pdf
    mean, _ = integrate.quad(likelihood, 0, 1)
    assert bayes_factor(estimate, variance) == pytest.approx(likelihood(0.5) / mean)
