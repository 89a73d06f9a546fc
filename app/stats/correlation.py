"""Do two measures of K models go together, such as a Fréchet distance and the rate at which readers are fooled?"""

from dataclasses import dataclass
from itertools import permutations
from math import atanh, sqrt, tanh

import numpy as np
import scipy  # which loads scipy.stats where it is used first: 30 MB and half a second that a server needs not
from numpy.typing import NDArray
from scipy import special

from app.stats.estimates import Interval, NotEstimable, Number

Floats = NDArray[np.float64]
EXACT_UP_TO = 8  # 8! = 40,320 orders
CAUTION_BELOW = 6


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient over K models, its p and its interval; `caution` where K is too small to rest anything on."""

    k: int
    r: Number
    p: Number
    interval: Interval | NotEstimable
    method: str

    @property
    def caution(self) -> bool:
        return self.k < CAUTION_BELOW


def pearson(x: Floats, y: Floats, level: float = 0.95) -> Correlation:
    """Pearson's r of (K,) and (K,), p by t with K − 2, Fisher's interval (Fisher 1921, Metron 1:3)."""
    k = len(x)
    if reason := _why_not(x, y):
        return Correlation(k, reason, reason, reason, "Pearson")
    found = scipy.stats.pearsonr(x, y)
    r = float(found.statistic)
    return Correlation(k, r, float(found.pvalue), _fisher(r, k, level), "Pearson")


def _why_not(x: Floats, y: Floats) -> NotEstimable | None:
    if len(x) < 3:
        return NotEstimable("it takes three models")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return NotEstimable("all values are the same")
    return None


def _fisher(r: float, k: int, level: float) -> Interval | NotEstimable:
    if k == 3:
        return NotEstimable("three models leave no standard error")
    if abs(r) >= 1 - 1e-12:
        return NotEstimable("the points are on a line")
    half = float(special.ndtri((1 + level) / 2)) / sqrt(k - 3)
    return Interval(tanh(atanh(r) - half), tanh(atanh(r) + half), "Fisher", level)


def spearman(x: Floats, y: Floats) -> Correlation:
    """Spearman's ρ with the two-sided p over all K! orders, up to 8 models; above by t (Kendall & Gibbons 1990, ch. 4)."""
    k, none = len(x), NotEstimable("ranks are given no interval")
    if reason := _why_not(x, y):
        return Correlation(k, reason, reason, reason, "Spearman")
    if k > EXACT_UP_TO:
        found = scipy.stats.spearmanr(x, y)
        return Correlation(k, float(found.statistic), float(found.pvalue), none, "Spearman, p by t")
    a, b = (scipy.stats.zscore(scipy.stats.rankdata(each)) for each in (x, y))
    rho = float(a @ b) / k
    orders = np.array(list(permutations(range(k))))
    p = float(np.mean(np.abs(b[orders] @ a) >= abs(rho) * k - 1e-9))
    return Correlation(k, rho, p, none, "Spearman, exact permutation p")


def range_over_readers(
    x: Floats, by_reader: Floats, random: np.random.Generator, resamples: int = 2000, level: float = 0.95
) -> Interval | NotEstimable:
    """Percentiles of Pearson's r of x (K,) and the mean over readers of (R, K), readers drawn with replacement.

    Efron & Tibshirani 1993, ch. 13. NaN where a reader has no value for a model; draws without an r are left out.
    """
    if len(by_reader) < 2:
        return NotEstimable("it takes two readers")
    drawn = by_reader[random.integers(len(by_reader), size=(resamples, len(by_reader)))]
    there = np.isfinite(drawn)
    number = there.sum(axis=1)
    means = np.where(there, drawn, 0.0).sum(axis=1) / np.maximum(number, 1)
    found = [pearson(x, each).r for each, n in zip(means, number, strict=True) if n.all()]
    rs = [r for r in found if not isinstance(r, NotEstimable)]
    if len(rs) < resamples / 2:
        return NotEstimable("most draws of readers have no correlation")
    low, high = np.quantile(rs, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), f"{resamples} draws of readers", level)
