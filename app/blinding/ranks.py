"""Ranks, AUCs and permutations of the truth: what all tests of the audit share.

An AUC here is the share of pairs (one synthetic image, one real) in which the synthetic one has the greater value, ties
counting half (Mann & Whitney 1947); ½ for no difference.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.blinding.features import Floats

Bools = NDArray[np.bool_]
TOLERANCE = 1e-9


def shuffled(synthetic: Bools, rng: np.random.Generator, permutations: int) -> Bools:
    """(P, N): the truth (N,) in P random orders."""
    return rng.permuted(np.tile(synthetic, (permutations, 1)), axis=1)


def auc(values: Floats, synthetic: Bools) -> Floats:
    """AUCs (F,) of values (N, F) under one truth (N,), or (P, F) under P of them (P, N)."""
    ranks = stats.rankdata(values, axis=0)
    n_synthetic = int(synthetic.sum(axis=-1).flat[0])
    n_real = synthetic.shape[-1] - n_synthetic
    sums = synthetic.astype(np.float64) @ ranks
    return np.asarray((sums - n_synthetic * (n_synthetic + 1) / 2) / (n_synthetic * n_real))


def auc_of_each(scores: Floats, synthetic: Bools) -> Floats:
    """AUCs (P,) of P rows of scores (P, N), each under its own truth (P, N)."""
    ranks = stats.rankdata(scores, axis=1)
    n_synthetic = synthetic.sum(axis=1)
    sums = (ranks * synthetic).sum(axis=1)
    return np.asarray(
        (sums - n_synthetic * (n_synthetic + 1) / 2) / (n_synthetic * (synthetic.shape[1] - n_synthetic))
    )


def spread(values: Floats, n_synthetic: int) -> Floats:
    """Standard deviation (F,) of each column's AUC over all orders of the truth, ties considered; 0 for a constant column.

    Exact: the mean of n of N ranks drawn without replacement has variance s² (N − n) / (n (N − 1)), s² that of the ranks over N.
    """
    n, n_real = len(values), len(values) - n_synthetic
    of_mean = stats.rankdata(values, axis=0).var(axis=0) * n_real / (n_synthetic * (n - 1))
    return np.asarray(np.sqrt(of_mean) / n_real)


@dataclass(frozen=True, slots=True)
class Band:
    """An AUC beside its permutations: two-sided p, and within what of ½ 95 % of the permutations lie."""

    auc: float
    p: float
    width: float


def band(observed: float, null: Floats) -> Band:
    """The p counts the observed order as one of the permutations (Phipson & Smyth 2010), so it is never 0."""
    away = np.abs(null - 0.5)
    beyond = int(np.sum(away >= abs(observed - 0.5) - TOLERANCE))
    return Band(observed, (1 + beyond) / (1 + len(null)), float(np.quantile(away, 0.95)))
