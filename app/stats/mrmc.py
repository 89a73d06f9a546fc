"""Multi-reader multi-case analysis: the readers' AUC when readers and images are both a sample.

Gallas's one-shot U-statistics for any design, one modality or the difference of two. The AUC of 0/1 answers is balanced
accuracy, so the same analysis serves both endpoints.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from app.stats import roc
from app.stats.estimates import Interval, NotEstimable, Number, estimable
from app.stats.moments import Moments, moments

Floats = NDArray[np.float64]

U_STATISTICS = "one-shot MRMC"
CENTRED = ", centred"
V_STATISTICS = "one-shot MRMC, V-statistics"
# From moments to the components of Barrett, Kupinski & Clarkson in the order N (synthetic images), D (real), R (readers), and
# from the moments' coefficients to theirs (Gallas, Bandos, Samuelson & Wagner 2009, section 5).
_COMPONENTS = np.array([[0, 0, 0, 0, 0, 0, 1, -1], [0, 0, 0, 0, 0, 1, 0, -1], [0, 0, 0, 1, 0, 0, 0, -1]])
_WEIGHTS = np.array([[1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 0, 0, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0]])


@dataclass(frozen=True, slots=True)
class OneShot:
    """An AUC, or a difference of two, with variance, degrees of freedom, p against 1/2 or 0, and interval."""

    estimate: Number
    variance: Number
    df: Number
    p: Number
    interval: Interval | NotEstimable
    method: str


@dataclass(frozen=True, slots=True)
class Mrmc:
    """Each modality's AUC, and each pair's difference, first minus second, by their places."""

    modalities: tuple[OneShot, ...]
    pairs: dict[tuple[int, int], OneShot]


def one_shot(synthetic: Floats, real: Floats, level: float = 0.95, *, centred: bool = False) -> Mrmc:
    """The analysis of scores (V, R, N) of synthetic and (V, R, M) of real images; NaN where a reader gave no score.

    An AUC is Σ_r t_r / Σ_r N_r·M_r: with gaps not the mean of the readers' AUCs. Var = Σ c·M (Gallas 2006, eq. 8); where
    that is not positive, the V-statistics' variance stands in, and `method` says so. As published and as iMRMC computes it,
    intervals are too short where scores are missing; `centred` takes the moments about the readers' mean AUC there.
    """
    found = moments(synthetic, real, centred=centred)
    why_not = [_too_few(x, y) for x, y in zip(np.isfinite(synthetic), np.isfinite(real), strict=True)]
    places = range(len(synthetic))
    return Mrmc(
        tuple(_one(found, v, why_not[v], level) for v in places),
        {(v, w): _two(found, v, w, why_not[v] or why_not[w], level) for v, w in combinations(places, 2)},
    )


def _too_few(x: NDArray[np.bool_], y: NDArray[np.bool_]) -> NotEstimable | None:
    readers = x.any(axis=1) & y.any(axis=1)
    if not readers.any():
        return NotEstimable("no reader scored both kinds of image")
    if readers.sum() < 2:
        return NotEstimable("it takes two readers")
    if min(each[readers].any(axis=0).sum() for each in (x, y)) < 2:
        return NotEstimable("it takes two images of each kind")
    return None


Terms = tuple[
    tuple[int, int, int], ...
]  # modality, modality, how many times: of a variance or of Var1 + Var2 − 2·Cov


def _one(found: Moments, v: int, why_not: NotEstimable | None, level: float) -> OneShot:
    return _result(found.auc[v], 0.5, found, ((v, v, 1),), why_not, level)


def _two(found: Moments, v: int, w: int, why_not: NotEstimable | None, level: float) -> OneShot:
    terms = ((v, v, 1), (w, w, 1), (v, w, -2))
    return _result(found.auc[v] - found.auc[w], 0.0, found, terms, why_not, level)


def _result(
    estimate: float, null: float, found: Moments, terms: Terms, why_not: NotEstimable | None, level: float
) -> OneShot:
    if why_not is None and any(found.distinct[v, w] <= 0 for v, w, _ in terms):
        why_not = NotEstimable("no two readers scored different images")
    if why_not:
        known = why_not if np.isnan(estimate) else float(estimate)
        return OneShot(known, why_not, why_not, why_not, why_not, U_STATISTICS)
    variance, method = _variance(found, terms)
    df = _df(variance, found, terms)
    return OneShot(
        float(estimate),
        variance,
        df,
        roc.p_value(estimate - null, variance, df),
        roc.symmetric(float(estimate), variance, df, method, level),
        method,
    )


def _variance(found: Moments, terms: Terms) -> tuple[Number, str]:
    variance, about = 0.0, CENTRED if found.centred else ""
    for each, method in ((found.unbiased, U_STATISTICS + about), (found.biased, V_STATISTICS + about)):
        variance = sum(times * float(found.coefficients[v, w] @ each[v, w]) for v, w, times in terms)
        if variance > roc.NO_VARIANCE:
            return variance, method
    return (0.0 if variance > -roc.NO_VARIANCE else NotEstimable("its estimate is negative")), method


def _df(variance: Number, found: Moments, terms: Terms) -> Number:
    """max(Var² / Σ MS²/df³, least df) over synthetic images, real images and readers, from the biased moments.

    Satterthwaite's form on the components' mean squares, as in Hillis 2014, Statistics in Medicine 33:330.
    """
    if not estimable(variance):
        return variance
    if variance == 0:
        return NotEstimable("the variance is zero")
    parts = [part for component in range(3) for part in _mean_squares(found, terms, component)]
    below = sum(ms**2 / df**3 for ms, df in parts)
    least = float(min(df for _, df in parts))
    return max(variance**2 / below, least) if below > 0 else least


def _mean_squares(found: Moments, terms: Terms, component: int) -> list[tuple[float, int]]:
    """The component's mean square and df; two of each where two modalities do not share it (their own images)."""
    own = [(v, w) for v, w, times in terms if times == 1]
    dfs = [max(1, round(1 / float(_WEIGHTS[component] @ found.coefficients[at]) - 1)) for at in own]
    if any(_WEIGHTS[component] @ found.coefficients[v, w] == 0 for v, w, _ in terms):
        return [
            (float(_COMPONENTS[component] @ found.biased[at]), df) for at, df in zip(own, dfs, strict=True)
        ]
    ms = sum(times * float(_COMPONENTS[component] @ found.biased[v, w]) for v, w, times in terms)
    return [(ms, min(dfs))]
