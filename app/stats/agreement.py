"""Do readers agree with each other, and with themselves?

Tables are images × readers, NaN where there is no rating; most coefficients need only how many readers gave each category.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.stats.estimates import Interval, NotEstimable, Number

Floats = NDArray[np.float64]
ONE_CATEGORY = NotEstimable("all ratings are the same")
NO_PAIR = NotEstimable("no image was rated by two readers")


def counts(table: Floats) -> Floats:
    """How many readers gave each category that occurs, images × categories in their order."""
    values = np.unique(table[np.isfinite(table)])
    found: Floats = np.stack(
        [(table == value).sum(axis=1) for value in values] or [table[:, :0].sum(axis=1)], axis=1
    )
    return found.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of a table or of counts (n, …), called with it; `weighted` gives it for many weightings of the images.

    Weights (D, n) in, values (D,) out, NaN where it does not exist: so a bootstrap is a few products of matrices.
    """

    weighted: Callable[[Floats, Floats], Floats]
    why_not: Callable[[Floats], NotEstimable]

    def __call__(self, table: Floats) -> Number:
        (value,) = self.weighted(table, np.ones((1, len(table))))
        return self.why_not(table) if np.isnan(value) else float(value)


def _no_counts(counted: Floats) -> NotEstimable:
    return ONE_CATEGORY if (counted.sum(axis=1) >= 2).any() else NO_PAIR


def _no_table(table: Floats) -> NotEstimable:
    n, k = table[np.isfinite(table).all(axis=1)].shape
    return NotEstimable("it takes two images that two readers rated") if n < 2 or k < 2 else ONE_CATEGORY


def _gwet_ac1(counted: Floats, weights: Floats) -> Floats:
    """Gwet's AC1 from counts, for any number of readers and gaps (Gwet 2008, Br. J. Math. Stat. Psych. 61:29, eq. 5, 6).

    Chance agreement is Σ π(1 − π)/(q − 1) over the q categories; with one category there is none to speak of.
    """
    q = counted.shape[1]
    if q < 2:
        return np.full(len(weights), np.nan)
    agreed, shares = _observed(counted, weights)
    chance = np.sum(shares * (1 - shares), axis=1) / (q - 1)
    found: Floats = (agreed - chance) / (1 - chance)
    return found


def _fleiss_kappa(counted: Floats, weights: Floats) -> Floats:
    """Fleiss's κ from counts (Fleiss 1971, Psychological Bulletin 76:378); with gaps each image weighs the same in the shares."""
    agreed, shares = _observed(counted, weights)
    chance = np.sum(shares**2, axis=1)
    return _ratio(agreed - chance, 1 - chance, chance <= 1 - 1e-12)


def _observed(counted: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The mean agreement of two readers on an image (D,), NaN without any, and each category's share of ratings (D, q)."""
    rated = counted.sum(axis=1)
    pairs = rated * (rated - 1)
    agreed = (counted * (counted - 1)).sum(axis=1) / np.maximum(pairs, 1)
    shares = counted / np.maximum(rated, 1)[:, None]
    twice, some = weights @ (rated >= 2), weights @ (rated > 0)
    return _ratio(weights @ agreed, twice, twice > 0), weights @ shares / np.maximum(some, 1)[:, None]


def _ratio(above: Floats, below: Floats, where: NDArray[np.bool_]) -> Floats:
    found: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=where)
    return found


def _krippendorff_alpha(counted: Floats, weights: Floats) -> Floats:
    """Krippendorff's α for ordinal ratings from counts (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability).

    The distance of two categories is the square of the number of ratings from the one to the other, those of both ends
    counted half: a difference of two middles, so that sums over pairs of categories come apart into sums over categories.
    """
    twice = counted.sum(axis=1) >= 2
    counted, weights = counted[twice], weights[:, twice]
    others = counted.sum(axis=1) - 1
    n_c = weights @ counted
    n = n_c.sum(axis=1)
    middle = np.cumsum(n_c, axis=1) - n_c / 2
    middle -= (np.sum(middle * n_c, axis=1) / np.maximum(n, 1))[:, None]
    squares = np.sum(n_c * middle**2, axis=1)
    together = np.sum(weights / others * ((middle @ counted.T) ** 2 - middle**2 @ counted.T), axis=1)
    several: NDArray[np.bool_] = (n_c > 0).sum(axis=1) > 1
    found: Floats = 1 - (n - 1) * _ratio(squares - together, n * squares, several)
    return found


def _icc_a1(table: Floats, weights: Floats) -> Floats:
    """ICC(A,1), absolute agreement of single ratings, over the images that all readers rated.

    Two-way random effects: McGraw & Wong 1996, Psychological Methods 1:30, table 4.
    """
    complete = np.isfinite(table).all(axis=1)
    x, weights = table[complete], weights[:, complete]
    k = x.shape[1]
    if not len(x) or k < 2:
        return np.full(len(weights), np.nan)
    x = x - x.mean()
    n = weights.sum(axis=1)
    rows, columns = weights @ x.mean(axis=1) ** 2, weights @ x / np.maximum(n, 1)[:, None]
    grand = columns.mean(axis=1)
    degrees = np.maximum(n - 1, 1)
    msr = k * (rows - n * grand**2) / degrees
    msc = n * np.sum((columns - grand[:, None]) ** 2, axis=1) / (k - 1)
    error = weights @ np.sum(x**2, axis=1) - k * rows - n * np.sum(columns**2, axis=1) + n * k * grand**2
    mse = np.maximum(error, 0) / (degrees * (k - 1))
    below = msr + (k - 1) * mse + k / np.maximum(n, 1) * (msc - mse)
    return _ratio(msr - mse, below, (below > 1e-12) & (n >= 2))


gwet_ac1 = Coefficient(_gwet_ac1, _no_counts)
fleiss_kappa = Coefficient(_fleiss_kappa, _no_counts)
krippendorff_alpha = Coefficient(_krippendorff_alpha, _no_counts)
icc_a1 = Coefficient(_icc_a1, _no_table)


def weighted_kappa(first: Floats, second: Floats) -> Number:
    """Cohen's κ of two ratings of the same images (n,), (n,), disagreement weighed by its square.

    Cohen 1968, Psychological Bulletin 70:213; with these weights 1 − mean (a − b)² over its mean if paired at random.
    """
    if not len(first):
        return NotEstimable("no image was rated twice")
    expected = float(np.mean((first[:, None] - second) ** 2))
    if expected == 0:
        return ONE_CATEGORY
    return 1 - float(np.mean((first - second) ** 2)) / expected


def percent_agreement(first: Floats, second: Floats) -> Number:
    """The share of images (n,), (n,) that got the same rating twice."""
    return float(np.mean(first == second)) if len(first) else NotEstimable("no image was rated twice")


def over_images(
    table: Floats,
    coefficient: Coefficient,
    random: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> Interval | NotEstimable:
    """Percentile interval of a coefficient of a table or of counts, images drawn with replacement (Efron & Tibshirani 1993, ch. 13)."""
    n = len(table)
    if n < 2:
        return NotEstimable("it takes two images")
    draws = random.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    times = np.bincount(draws.ravel(), minlength=n * resamples).reshape(resamples, n)
    values = coefficient.weighted(table, times.astype(np.float64))
    values = values[np.isfinite(values)]
    if len(values) < resamples / 2:
        return NotEstimable("most draws of images have no value")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), f"bootstrap over images, {resamples} draws", level)
