"""The classifier two-sample test: can all cues together tell the two kinds of image apart? (Lopez-Paz & Oquab 2017, ICLR.)

The classifier is linear, fitted by ridge regression on normal scores of the cues' ranks, and judged on images that it
was not fitted to. Its predictions are then one matrix times the truth, whatever the truth, so that thousands of
permutations cost two matrix products; a logistic regression would have to be fitted again for each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.blinding import ranks
from app.blinding.features import Floats
from app.blinding.ranks import Bools

FOLDS, ROUNDS, PENALTY = 10, 4, 0.1


@dataclass(frozen=True, slots=True)
class Judged:
    """The cross-validated AUC and those of the permutations (P,); `weights` (F,) of the fit to all images, per standard deviation."""

    auc: float
    null: Floats
    weights: Floats


def judge(values: Floats, synthetic: Bools, orders: Bools, rng: np.random.Generator) -> Judged:
    """Classify N images by values (N, F) under the truth (N,) and under its permutations (P, N)."""
    scores = _scored(values)
    smoother = np.mean([_smoother(scores, _folds(len(scores), rng)) for _ in range(ROUNDS)], axis=0)
    truths = np.vstack((synthetic, orders))
    aucs = ranks.auc_of_each(_centred(truths) @ smoother.T, truths)
    return Judged(float(aucs[0]), aucs[1:], _ridge(scores) @ _centred(synthetic[None])[0])


def _centred(truths: Bools) -> Floats:
    """The truths (P, N) as 1 and 0 less their mean: every order has the same, so no fold's share of it gets through."""
    return np.asarray(truths - truths.mean(axis=1, keepdims=True))


def _scored(values: Floats) -> Floats:
    """Normal scores (N, F) of the ranks, columns of mean 0 and deviation 1; constant columns are 0."""
    scores = stats.norm.ppf((stats.rankdata(values, axis=0) - 0.5) / len(values))
    scores -= scores.mean(axis=0)
    deviation = scores.std(axis=0)
    return np.asarray(scores / np.where(deviation > 1e-9, deviation, 1))


def _folds(n: int, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """The images' numbers in ten random parts of almost one size, or as many as there are images."""
    return np.array_split(rng.permutation(n), min(FOLDS, n))


def _ridge(scores: Floats) -> Floats:
    """(F, N): what turns a centred truth into weights."""
    penalty = PENALTY * len(scores)
    return np.asarray(np.linalg.solve(scores.T @ scores + penalty * np.eye(scores.shape[1]), scores.T))


def _smoother(scores: Floats, folds: list[NDArray[np.intp]]) -> Floats:
    """(N, N): what turns a centred truth into predictions of each image from all folds but its own."""
    whole = np.zeros((len(scores), len(scores)))
    for own in folds:
        others = np.setdiff1d(np.arange(len(scores)), own)
        whole[np.ix_(own, others)] = scores[own] @ _ridge(scores[others])
    return whole
