"""Improved precision and recall (Kynkäänniemi et al. 2019): how much of the synthetic lies among the real, and of the real among the synthetic."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import FeaturesRefused

NEIGHBOUR = 3
_ROWS = 512


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Shares, 0 to 1, with balls that reach to each image's third nearest neighbour of its kind."""

    precision: float
    recall: float


def precision_recall(real: NDArray[np.floating], synthetic: NDArray[np.floating]) -> PrecisionRecall:
    """Features (N, D) and (M, D) in blocks of rows; raises FeaturesRefused with fewer than four of a kind."""
    if min(len(real), len(synthetic)) <= NEIGHBOUR:
        raise FeaturesRefused(f"Precision and recall need more than {NEIGHBOUR} images of each kind.")
    return PrecisionRecall(_inside(synthetic, real), _inside(real, synthetic))


def _inside(points: NDArray[np.floating], centres: NDArray[np.floating]) -> float:
    """The share of points that lie in the ball of at least one centre."""
    # a copy of each column: a view would keep all distances in memory
    columns = [
        np.partition(rows, NEIGHBOUR, axis=1)[:, NEIGHBOUR].copy() for rows in _squares(centres, centres)
    ]
    reach = np.concatenate(columns)
    return float(np.concatenate([(rows <= reach).any(axis=1) for rows in _squares(points, centres)]).mean())


def _squares(a: NDArray[np.floating], b: NDArray[np.floating]) -> Iterator[NDArray[np.float64]]:
    """Squared distances of all rows of `a` to all of `b`, 512 rows at a time; of `b`, too, only so many are in memory."""
    for start in range(0, len(a), _ROWS):
        x = np.asarray(a[start : start + _ROWS], np.float64)
        parts = (np.asarray(b[place : place + _ROWS], np.float64) for place in range(0, len(b), _ROWS))
        yield np.concatenate([_between(x, y) for y in parts], axis=1)


def _between(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", y, y)
    return np.asarray(lengths - 2 * x @ y.T)
