"""One reader's area under the ROC curve: the chance that a real image is scored above a synthetic one, ties 1/2.

The AUC of 0/1 answers is the balanced accuracy, so one routine serves answers and ratings. Only scipy.special is loaded
here: scipy.stats takes as long to import as the whole analysis may take.
"""

from dataclasses import dataclass
from math import floor, inf, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from app.stats.estimates import Interval, NotEstimable, Number

Floats = NDArray[np.float64]
NORMAL_ABOVE = 50
Curve = tuple[tuple[float, float], ...]
NO_VARIANCE = 1e-12  # below it a variance of an AUC is rounding


@dataclass(frozen=True, slots=True)
class Auc:
    """One reader's AUC with DeLong's variance, a symmetric and a logit interval, and p against 1/2."""

    estimate: Number
    variance: Number
    p_half: Number
    interval: Interval | NotEstimable
    logit: Interval | NotEstimable


def placements(synthetic: Floats, real: Floats) -> tuple[Floats, Floats]:
    """How many real scores are above each synthetic one, and how many synthetic below each real one; ties count 1/2.

    Shapes (N,), (M,) in and out. By midranks, O(n log n): Sun & Xu 2014, IEEE Signal Processing Letters 21, eq. 5–8.
    """
    both = _midranks(np.concatenate([synthetic, real]))
    below_real = both[len(synthetic) :] - _midranks(real)
    above_synthetic = len(real) - (both[: len(synthetic)] - _midranks(synthetic))
    return above_synthetic, below_real


def _midranks(values: Floats) -> Floats:
    ordered = np.sort(values)
    first, last = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (first + last + 1) / 2


def aucs(synthetic: Floats, real: Floats) -> Floats:
    """The empirical AUCs (K,) of K tests scored on the same images, (K, N) and (K, M); Bamber 1975."""
    N, M = synthetic.shape[1], real.shape[1]
    return np.array([placements(x, y)[0].sum() / (N * M) for x, y in zip(synthetic, real, strict=True)])


def curve(synthetic: Floats, real: Floats) -> Curve:
    """The corners of the empirical ROC curve from (0, 0) to (1, 1): the shares of synthetic and of real images scored as high or higher.

    Scores (N,) and (M,); empty where there are none of a kind.
    """
    if len(synthetic) == 0 or len(real) == 0:
        return ()
    levels = np.unique(np.concatenate([synthetic, real]))[::-1]
    x, y = (
        1 - np.searchsorted(np.sort(scores), levels, "left") / len(scores) for scores in (synthetic, real)
    )
    return ((0.0, 0.0), *zip(x.tolist(), y.tolist(), strict=True))


def delong_covariance(synthetic: Floats, real: Floats) -> Floats:
    """Covariances (K, K) of the K AUCs, N, M ≥ 2: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44, eq. 5."""
    return _delong(*_all_placements(synthetic, real))


def _delong(above: Floats, below: Floats) -> Floats:
    N, M = above.shape[1], below.shape[1]
    covariances: Floats = np.atleast_2d(np.cov(above / M)) / N + np.atleast_2d(np.cov(below / N)) / M
    return covariances


def jackknife_covariance(synthetic: Floats, real: Floats) -> Floats:
    """Covariances (K, K) of the K AUCs by leaving out each image in turn, N, M ≥ 2 (Obuchowski & Rockette 1995)."""
    above, below = _all_placements(synthetic, real)
    N, M = above.shape[1], below.shape[1]
    total = above.sum(axis=1, keepdims=True)
    without = np.hstack([(total - above) / ((N - 1) * M), (total - below) / (N * (M - 1))])
    apart = without - without.mean(axis=1, keepdims=True)
    covariances: Floats = (N + M - 1) / (N + M) * (apart @ apart.T)
    return covariances


def _all_placements(synthetic: Floats, real: Floats) -> tuple[Floats, Floats]:
    pairs = [placements(x, y) for x, y in zip(synthetic, real, strict=True)]
    return np.array([above for above, _ in pairs]), np.array([below for _, below in pairs])


def delong(synthetic: Floats, real: Floats, level: float = 0.95) -> Auc:
    """One reader's AUC from scores (N,) of synthetic and (M,) of real images; it speaks of this reader only."""
    N, M = len(synthetic), len(real)
    if N == 0 or M == 0:
        none = NotEstimable("only one kind of image was scored")
        return Auc(none, none, none, none, none)
    above, below = placements(synthetic, real)
    estimate = float(above.sum() / (N * M))
    if N < 2 or M < 2:
        few = NotEstimable("it takes two images of each kind")
        return Auc(estimate, few, few, few, few)
    variance = float(_delong(above[None], below[None])[0, 0])
    method = "DeLong, this reader only"
    return Auc(
        estimate,
        variance,
        p_value(estimate - 0.5, variance, inf),
        symmetric(estimate, variance, inf, method, level),
        logit(estimate, variance, inf, method, level),
    )


def p_value(distance: float, variance: Number, df: Number) -> Number:
    """Two-sided p of a distance from the null value: t with floor(df), normal where df is above 50."""
    usable = _usable(variance, df)
    if isinstance(usable, NotEstimable):
        return usable
    se, df = usable
    t = -abs(distance) / se
    return float(2 * (special.ndtr(t) if df > NORMAL_ABOVE else special.stdtr(floor(df), t)))


def symmetric(
    estimate: float, variance: Number, df: Number, method: str, level: float = 0.95
) -> Interval | NotEstimable:
    """Estimate ± t·SE, not cut off at 0 or 1, as iMRMC prints it."""
    usable = _usable(variance, df)
    if isinstance(usable, NotEstimable):
        return usable
    half = usable[0] * quantile(usable[1], level)
    return Interval(estimate - half, estimate + half, method, level)


def logit(
    estimate: float, variance: Number, df: Number, method: str, level: float = 0.95
) -> Interval | NotEstimable:
    """The interval that is symmetric on the logit scale and so within (0, 1); Pepe 2003, section 5.2.6."""
    usable = _usable(variance, df)
    if isinstance(usable, NotEstimable):
        return usable
    if not 0 < estimate < 1:
        return NotEstimable("the logit of 0 or 1 does not exist")
    half = usable[0] * quantile(usable[1], level) / (estimate * (1 - estimate))
    middle = log(estimate / (1 - estimate))
    low, high = (float(special.expit(bound)) for bound in (middle - half, middle + half))
    return Interval(low, high, f"{method}, logit", level)


def quantile(df: float, level: float) -> float:
    """The two-sided quantile of a confidence level: t with floor(df), normal where df is above 50."""
    tail = (1 + level) / 2
    return float(special.ndtri(tail) if df > NORMAL_ABOVE else special.stdtrit(floor(df), tail))


def _usable(variance: Number, df: Number) -> tuple[float, float] | NotEstimable:
    """Standard error and degrees of freedom, or why there is none."""
    if isinstance(variance, NotEstimable):
        return variance
    if isinstance(df, NotEstimable):
        return df
    if variance <= NO_VARIANCE:
        return NotEstimable("the variance is zero")
    return sqrt(variance), df
