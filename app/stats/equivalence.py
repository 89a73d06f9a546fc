"""Were readers at chance? Never p > .05: equivalence within 1/2 ± δ, and second a Bayes factor."""

from dataclasses import dataclass
from math import exp, lgamma, log, pi, sqrt
from typing import Literal

from scipy import special

from app.stats import roc
from app.stats.estimates import Interval, NotEstimable, Number, estimable

Claim = Literal[
    "equivalent to chance",
    "different from chance, but within the margin",
    "better than chance",
    "worse than chance",
    "neither equivalent to chance nor different from it",
]


@dataclass(frozen=True, slots=True)
class Equivalence:
    """TOST of balanced accuracy inside 1/2 ± δ: p, the 90 % interval that decides, BF01, the strongest claim supported."""

    delta: float
    p: Number
    interval: Interval | NotEstimable
    bf01: Number
    claim: Claim | NotEstimable


def equivalence(estimate: Number, variance: Number, df: Number, delta: float = 0.1) -> Equivalence:
    """Two one-sided tests at 5 % (Schuirmann 1987, J. Pharmacokinetics and Biopharmaceutics 15:657).

    `estimate`, `variance` and `df` are those of the one-shot analysis of 0/1 answers, whose AUC is balanced accuracy. Each
    test takes t with floor(df), normal above 50, so the tests and the 90 % interval decide alike.
    """
    if isinstance(estimate, NotEstimable):
        return Equivalence(delta, estimate, estimate, estimate, estimate)
    narrow = roc.symmetric(estimate, variance, df, "one-shot MRMC, TOST", 0.9)
    wide = roc.symmetric(estimate, variance, df, "one-shot MRMC")
    if isinstance(narrow, NotEstimable) or isinstance(wide, NotEstimable) or not estimable(variance):
        reason = NotEstimable(getattr(narrow, "reason", ""))
        return Equivalence(delta, reason, reason, reason, reason)
    to_bounds = (estimate - (0.5 - delta), 0.5 + delta - estimate)
    p = max(_upper_tail(distance, variance, df) for distance in to_bounds)
    return Equivalence(delta, p, narrow, bayes_factor(estimate, variance), _claim(narrow, wide, delta))


def _upper_tail(distance: float, variance: float, df: Number) -> float:
    two_sided = roc.p_value(distance, variance, df)
    assert estimable(two_sided)
    return two_sided / 2 if distance > 0 else 1 - two_sided / 2


def _claim(narrow: Interval, wide: Interval, delta: float) -> Claim:
    within = 0.5 - delta < narrow.low and narrow.high < 0.5 + delta
    differs = not wide.low <= 0.5 <= wide.high
    if within:
        return "different from chance, but within the margin" if differs else "equivalent to chance"
    if differs:
        return "better than chance" if wide.low > 0.5 else "worse than chance"
    return "neither equivalent to chance nor different from it"


def bayes_factor(estimate: float, variance: float) -> float:
    """BF01 of chance against a uniform prior over 0 to 1, the likelihood normal: the density at 1/2 over its mean.

    Jeffreys 1961, Theory of Probability, section 5.2, with the variance over readers and images.
    """
    se = sqrt(variance)
    at_half = exp(-(((estimate - 0.5) / se) ** 2) / 2) / (se * sqrt(2 * pi))
    return at_half / float(special.ndtr((1 - estimate) / se) - special.ndtr(-estimate / se))


def bayes_factor_of_counts(k: int, n: int) -> float:
    """BF01 of k of n right answers of one reader, exactly: (n + 1)·C(n, k)/2ⁿ (Kass & Raftery 1995, JASA 90:773)."""
    return exp(log(n + 1) + lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2))
