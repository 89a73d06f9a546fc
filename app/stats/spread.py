"""Quartiles: what is said of times, which a few long pauses would otherwise decide."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.stats.estimates import NotEstimable, Number

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Median, first and third quartile of n values."""

    n: int
    median: Number
    q1: Number
    q3: Number


def quartiles(values: Floats) -> Quartiles:
    """The quartiles of the finite values (n,), by linear interpolation (Hyndman & Fan 1996, definition 7)."""
    given = values[np.isfinite(values)]
    if not len(given):
        none = NotEstimable("there is no time")
        return Quartiles(0, none, none, none)
    q1, median, q3 = (float(found) for found in np.quantile(given, [0.25, 0.5, 0.75]))
    return Quartiles(len(given), median, q1, q3)


def group_medians(values: Floats, groups: NDArray[np.intp]) -> Floats:
    """The median of the finite values (n,) of each group that has one, in the order of the groups' numbers (n,)."""
    given = np.isfinite(values)
    values, groups = values[given], groups[given]
    ordered = values[np.lexsort((values, groups))]
    sizes = np.unique(groups, return_counts=True)[1]
    first = np.cumsum(sizes) - sizes
    medians: Floats = (ordered[first + (sizes - 1) // 2] + ordered[first + sizes // 2]) / 2
    return medians
