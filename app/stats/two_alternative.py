"""Two-alternative forced-choice trials: a real and a synthetic image side by side, and the reader says which is the real one."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import scipy  # which loads scipy.stats where it is used first: 30 MB and half a second that a server needs not
from numpy.typing import NDArray
from scipy import special

from app.stats.crossed import CrossedMean, crossed_mean
from app.stats.detection import Rate
from app.stats.estimates import Interval, NotEstimable, Number
from app.stats.intervals import proportion

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NO_TRIAL = "no trial was answered"


@dataclass(frozen=True, slots=True)
class ReaderTrials:
    """One reader: right answers of n, d′, how often the first place was chosen, and p of no lean to a place."""

    correct: Rate
    d_prime: Number
    first: Rate
    bias_p: Number
    bias_test: str


@dataclass(frozen=True, slots=True)
class TwoAlternative:
    """Over readers and pairs: proportion correct, d′ with the interval of the same bounds, and the lean to the first place."""

    correct: CrossedMean
    d_prime: Number
    d_prime_interval: Interval | NotEstimable
    first: CrossedMean
    readers: tuple[ReaderTrials, ...]


def two_alternative(real_first: Bools, chose_first: Floats, level: float = 0.95) -> TwoAlternative:
    """Trials (R, T): whether the real image stood in the first place, and 1 where that place was chosen, 0 or NaN (no answer).

    Proportion correct has the interval of the two-way crossed model, pairs taking the images' place. `first` is tested
    against 1/2 by the same model, which holds where each trial's places were drawn by chance. Raises ValueError where the
    shapes differ or an answer is neither.
    """
    if real_first.shape != chose_first.shape or real_first.ndim != 2:
        raise ValueError("places and choices must be two tables of one shape, readers × trials")
    if not np.isin(chose_first[~np.isnan(chose_first)], (0.0, 1.0)).all():
        raise ValueError("a choice is 1 for the first place, 0 for the second, or missing")
    right = np.where(np.isnan(chose_first), np.nan, (chose_first == 1) == real_first)
    found = crossed_mean(right, level)
    return TwoAlternative(
        correct=found,
        d_prime=d_prime(found.estimate),
        d_prime_interval=_d_prime_interval(found.interval),
        first=crossed_mean(chose_first, level),
        readers=tuple(
            _reader(places, choices) for places, choices in zip(real_first, chose_first, strict=True)
        ),
    )


def d_prime(correct: Number) -> Number:
    """d′ = √2·z(pc) of an unbiased reader (Green & Swets 1966, ch. 3; Macmillan & Creelman 2005, eq. 7.2)."""
    if isinstance(correct, NotEstimable):
        return correct
    if not 0 < correct < 1:
        return NotEstimable("all answers are right" if correct == 1 else "all answers are wrong")
    return sqrt(2) * float(special.ndtri(correct))


def _d_prime_interval(correct: Interval | NotEstimable) -> Interval | NotEstimable:
    """The bounds of proportion correct as d′; one at 0 or 1 has none."""
    if isinstance(correct, NotEstimable):
        return correct
    low, high = d_prime(correct.low), d_prime(correct.high)
    if isinstance(low, NotEstimable) or isinstance(high, NotEstimable):
        return NotEstimable("a bound of the proportion is 0 or 1")
    return Interval(low, high, correct.method, correct.level)


def _reader(real_first: Bools, chose_first: Floats) -> ReaderTrials:
    answered = ~np.isnan(chose_first)
    real, chose = real_first[answered], chose_first[answered] == 1
    n, k = len(chose), int(np.sum(chose == real))
    p, test = bias_p(real, chose)
    return ReaderTrials(
        correct=proportion(k, n, NO_TRIAL),
        d_prime=d_prime(k / n) if n else NotEstimable(NO_TRIAL),
        first=proportion(int(chose.sum()), n, NO_TRIAL),
        bias_p=p,
        bias_test=test,
    )


def bias_p(real_first: Bools, chose_first: Bools) -> tuple[Number, str]:
    """Two-sided p that one reader does not lean to a place, from trials (T,), and the test's name.

    Where the real image was as often first as second, the exact binomial test of the choices against 1/2: conservative for
    a reader who sees the difference. Otherwise the choices follow the truth, so Fisher's exact test compares the share of
    right answers with the real image first and second.
    """
    n = len(chose_first)
    if n == 0:
        return NotEstimable(NO_TRIAL), "none"
    if 2 * int(real_first.sum()) == n:
        return float(scipy.stats.binomtest(int(chose_first.sum()), n, 0.5).pvalue), "exact binomial"
    if real_first.all() or not real_first.any():
        return NotEstimable("the real image always stood in the same place"), "none"
    right = chose_first == real_first
    table = [[int(np.sum(right[side])), int(np.sum(~right[side]))] for side in (real_first, ~real_first)]
    return float(scipy.stats.fisher_exact(table).pvalue), "Fisher's exact"
