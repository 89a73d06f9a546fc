"""Do readers agree with each other, and with themselves?

Tables are images × readers, NaN where there is no rating; most coefficients need only how many readers gave each category.
"""

from collections.abc import Callable

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


def gwet_ac1(counted: Floats) -> Number:
    """Gwet's AC1 from counts, for any number of readers and gaps (Gwet 2008, Br. J. Math. Stat. Psych. 61:29, eq. 5, 6).

    Chance agreement is Σ π(1 − π)/(q − 1) over the q categories; with one category there is none to speak of.
    """
    if counted.shape[1] < 2:
        return ONE_CATEGORY if (counted.sum(axis=1) >= 2).any() else NO_PAIR
    found = _observed(counted)
    if isinstance(found, NotEstimable):
        return found
    agreed, shares = found
    chance = float(np.sum(shares * (1 - shares))) / (len(shares) - 1)
    return (agreed - chance) / (1 - chance)


def fleiss_kappa(counted: Floats) -> Number:
    """Fleiss's κ from counts (Fleiss 1971, Psychological Bulletin 76:378); with gaps each image weighs the same in the shares."""
    found = _observed(counted)
    if isinstance(found, NotEstimable):
        return found
    agreed, shares = found
    chance = float(np.sum(shares**2))
    return ONE_CATEGORY if chance > 1 - 1e-12 else (agreed - chance) / (1 - chance)


def _observed(counted: Floats) -> tuple[float, Floats] | NotEstimable:
    """The mean agreement of two readers on an image, and each category's share of ratings."""
    rated = counted.sum(axis=1)
    twice = rated >= 2
    if not twice.any():
        return NO_PAIR
    n = rated[twice, None]
    agreed = (counted[twice] * (counted[twice] - 1) / (n * (n - 1))).sum(axis=1).mean()
    some = rated > 0
    return float(agreed), (counted[some] / rated[some, None]).mean(axis=0)


def krippendorff_alpha(counted: Floats) -> Number:
    """Krippendorff's α for ordinal ratings from counts (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability)."""
    counted = counted[counted.sum(axis=1) >= 2]
    if not len(counted):
        return NO_PAIR
    others = counted.sum(axis=1, keepdims=True) - 1
    pairs = (counted / others).T @ counted - np.diag((counted / others).sum(axis=0))
    n_c = counted.sum(axis=0)
    middle = np.cumsum(n_c) - n_c / 2
    # The ratings from one category to the other, those of both ends counted half.
    distance = (middle[:, None] - middle) ** 2
    expected = float(n_c @ distance @ n_c)
    if expected == 0:
        return ONE_CATEGORY
    return 1 - (float(n_c.sum()) - 1) * float(np.sum(pairs * distance)) / expected


def icc_a1(table: Floats) -> Number:
    """ICC(A,1), absolute agreement of single ratings, over the images that all readers rated.

    Two-way random effects: McGraw & Wong 1996, Psychological Methods 1:30, table 4.
    """
    complete = table[np.isfinite(table).all(axis=1)]
    n, k = complete.shape
    if n < 2 or k < 2:
        return NotEstimable("it takes two images that two readers rated")
    rows, columns, grand = complete.mean(axis=1), complete.mean(axis=0), complete.mean()
    msr = k * float(np.sum((rows - grand) ** 2)) / (n - 1)
    msc = n * float(np.sum((columns - grand) ** 2)) / (k - 1)
    mse = float(np.sum((complete - rows[:, None] - columns + grand) ** 2)) / ((n - 1) * (k - 1))
    below = msr + (k - 1) * mse + k / n * (msc - mse)
    return (msr - mse) / below if below > 1e-12 else ONE_CATEGORY


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
    statistic: Callable[[Floats], Number],
    random: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> Interval | NotEstimable:
    """Percentile interval of a statistic of a table or of counts, images drawn with replacement (Efron & Tibshirani 1993, ch. 13)."""
    if len(table) < 2:
        return NotEstimable("it takes two images")
    draws = random.integers(len(table), size=(resamples, len(table)))
    found = (statistic(table[draw]) for draw in draws)
    values = [value for value in found if not isinstance(value, NotEstimable)]
    if len(values) < resamples / 2:
        return NotEstimable("most draws of images have no value")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), f"bootstrap over images, {resamples} draws", level)
