"""The difference of two arms' mean rates where the same readers read images of both, each arm's images its own."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from app.stats.crossed import mean_squares
from app.stats.estimates import Interval, NotEstimable, Number

Floats = NDArray[np.float64]
METHOD = "reader-paired, readers and images random"


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second rate, as a mean over R readers' differences, with variance, df, p against 0 and interval."""

    readers: int
    estimate: Number
    variance: Number
    df: Number
    p: Number
    interval: Interval | NotEstimable


@dataclass(frozen=True, slots=True)
class _ImagePart:
    """What an arm's images add to the variance, and the mean squares over R·M with their df that it was found from."""

    variance: float
    terms: tuple[tuple[float, int], ...]


def rate_difference(first: Floats, second: Floats, level: float = 0.95) -> Difference:
    """The paired difference of mean rates of 0/1 answers (R, M1) and (R, M2), NaN where a reader saw no image.

    Var = S²/R + ω₁²·w₁ + ω₂²·w₂, S² the variance of the readers' differences, ω² = (MSC − MSE)/R each arm's image
    component (not below 0) and w = 1/M: the two-way model of Searle, Casella & McCulloch 1992, section 4.3, with
    Satterthwaite's df (1946, Biometrics Bulletin 2:110), at least the smallest of R − 1, M1 − 1 and M2 − 1. With gaps w is
    Σ_i w̄_i² less the part of the images that S² has already, and ω² comes from the images that all of the readers saw.
    """
    both = np.isfinite(first).any(axis=1) & np.isfinite(second).any(axis=1)
    first, second = (each[both] for each in (first, second))
    first, second = (each[:, np.isfinite(each).any(axis=0)] for each in (first, second))
    R = int(both.sum())
    if R == 0:
        none = NotEstimable("no reader answered images of both")
        return Difference(0, none, none, none, none, none)
    apart = np.nanmean(first, axis=1) - np.nanmean(second, axis=1)
    estimate = float(apart.mean())
    if R < 2 or min(first.shape[1], second.shape[1]) < 2:
        few = NotEstimable("it takes two readers and two images of each")
        return Difference(R, estimate, few, few, few, few)
    of_readers = float(apart.var(ddof=1)) / R
    images = [_image_part(each) for each in (first, second)]
    variance = of_readers + sum(part.variance for part in images)
    if variance <= 1e-12:
        zero = NotEstimable("the variance is zero")
        return Difference(R, estimate, zero, zero, zero, zero)
    terms = [(of_readers, R - 1), *(term for part in images for term in part.terms)]
    df = max(variance**2 / sum(ms**2 / of for ms, of in terms), min(of for _, of in terms))
    half = float(special.stdtrit(df, (1 + level) / 2)) * sqrt(variance)
    p = float(2 * special.stdtr(df, -abs(estimate) / sqrt(variance)))
    return Difference(R, estimate, variance, df, p, Interval(estimate - half, estimate + half, METHOD, level))


def _image_part(y: Floats) -> _ImagePart:
    complete = y[:, np.isfinite(y).all(axis=0)]
    R, M = complete.shape
    if M < 2:
        return _ImagePart(0.0, ())  # no image was seen by all: S² holds what images add
    _, msc, mse = mean_squares(complete)
    omega2 = max((msc - mse) / R, 0.0)
    seen = np.isfinite(y)
    weights = seen / seen.sum(axis=1, keepdims=True)
    shared = float(np.sum(weights.mean(axis=0) ** 2))
    in_readers = (float(np.sum(weights**2)) / R - shared) / (R - 1)
    terms = ((msc / (R * M), M - 1), (mse / (R * M), (R - 1) * (M - 1))) if omega2 else ()
    return _ImagePart(omega2 * max(shared - in_readers, 0.0), terms)
