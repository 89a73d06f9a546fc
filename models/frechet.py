"""Fréchet distance between the normal distributions of two sets of features (Dowson & Landau 1982; as FID: Heusel et al. 2017)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import FeaturesRefused

Floats = NDArray[np.float64]
_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean (D,) and covariance (D, D) of features, divided by the count as the reference implementation of FID does."""

    count: int
    mean: Floats
    covariance: Floats


def moments(batches: Iterable[NDArray[np.floating]]) -> Moments:
    """Mean and covariance of rows that come in batches (N, D), in memory for one batch and D² numbers (Chan, Golub & LeVeque 1983).

    Raises FeaturesRefused for fewer than two rows.
    """
    count, mean, scatter = 0, np.zeros(0), np.zeros((0, 0))
    for batch in batches:
        rows = np.asarray(batch, np.float64)
        n, own = len(rows), rows.mean(axis=0)
        centred = rows - own
        if not count:
            count, mean, scatter = n, own, centred.T @ centred
            continue
        shift = own - mean
        scatter += centred.T @ centred + np.outer(shift, shift) * (count * n / (count + n))
        mean = mean + shift * (n / (count + n))
        count += n
    if count < 2:
        raise FeaturesRefused("A distance needs at least two images of each kind.")
    return Moments(count, mean, scatter / count)


def of_rows(rows: NDArray[np.floating], places: NDArray[np.integer] | None = None) -> Moments:
    """The moments of features (N, D), or of those at these places, read piece by piece."""
    if places is None:
        return moments(rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS))
    return moments(rows[places[start : start + _ROWS]] for start in range(0, len(places), _ROWS))


def distance(a: Moments, b: Moments) -> float:
    """|μa − μb|² + tr(A + B − 2 (A½ B A½)½), at least 0.

    A½ B A½ is symmetric, so its eigenvalues are real also where there are fewer images than dimensions; tiny negative ones are 0.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ b.covariance @ root)
    overlap = float(np.sqrt(between.clip(0)).sum())
    shift = float(np.sum((a.mean - b.mean) ** 2))
    return max(shift + float(np.trace(a.covariance) + np.trace(b.covariance)) - 2 * overlap, 0.0)
