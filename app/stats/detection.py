"""One reader's counts and metrics. The positive class is "real" (Woodland et al. 2022)."""

from dataclasses import dataclass

import numpy as np
import scipy  # which loads scipy.stats where it is used first: 30 MB and half a second that a server needs not
from numpy.typing import NDArray
from scipy import special

from app.stats.estimates import NotEstimable, Number, Proportion
from app.stats.intervals import half_p, proportion

Bools = NDArray[np.bool_]
Rate = Proportion | NotEstimable


@dataclass(frozen=True, slots=True)
class Counts:
    """TP: real called real; FN: real called synthetic; FP: synthetic called real; TN: synthetic called synthetic."""

    tp: int
    fn: int
    fp: int
    tn: int

    @property
    def n_real(self) -> int:
        return self.tp + self.fn

    @property
    def n_synthetic(self) -> int:
        return self.fp + self.tn

    @property
    def n(self) -> int:
        return self.n_real + self.n_synthetic


@dataclass(frozen=True, slots=True)
class Metrics:
    """The five metrics, each k of n with Wilson's interval or the reason why it does not exist."""

    precision: Rate
    recall: Rate
    accuracy: Rate
    fpr: Rate
    fnr: Rate


def count(is_real: Bools, said_real: Bools) -> Counts:
    """Counts from two arrays of one length (n,): the truth and the answers; raises ValueError where they differ."""
    if is_real.shape != said_real.shape or is_real.ndim != 1:
        raise ValueError("truth and answers must be two lists of one length")
    return Counts(
        tp=int(np.sum(is_real & said_real)),
        fn=int(np.sum(is_real & ~said_real)),
        fp=int(np.sum(~is_real & said_real)),
        tn=int(np.sum(~is_real & ~said_real)),
    )


def metrics(counts: Counts) -> Metrics:
    """Precision TP/(TP+FP), recall TP/(TP+FN), accuracy, FPR FP/(FP+TN), FNR FN/(FN+TP)."""
    no_real, no_synthetic = "no real image was answered", "no synthetic image was answered"
    return Metrics(
        precision=proportion(counts.tp, counts.tp + counts.fp, "no image was called real"),
        recall=proportion(counts.tp, counts.n_real, no_real),
        accuracy=proportion(counts.tp + counts.tn, counts.n, "no image was answered"),
        fpr=proportion(counts.fp, counts.n_synthetic, no_synthetic),
        fnr=proportion(counts.fn, counts.n_real, no_real),
    )


def guessing_p(counts: Counts) -> tuple[Number, str]:
    """Two-sided p against guessing and the test's name.

    The exact binomial test of accuracy against 1/2 on balanced sets, Fisher's exact test of answer × truth otherwise.
    """
    if counts.n_real == 0 or counts.n_synthetic == 0:
        return NotEstimable("only one kind of image was answered"), "none"
    if counts.n_real == counts.n_synthetic:
        return half_p(counts.tp + counts.tn, counts.n), "exact binomial"
    table = [[counts.tp, counts.fn], [counts.fp, counts.tn]]
    return float(scipy.stats.fisher_exact(table).pvalue), "Fisher's exact"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How well real and synthetic are told apart (d′), and the lean to answer “synthetic” (c > 0) or “real” (c < 0)."""

    d_prime: Number
    criterion: Number


def sensitivity(counts: Counts) -> Sensitivity:
    """d′ = z(H) − z(F), c = −(z(H) + z(F))/2 with H = (TP + 1/2)/(N + 1), F = (FP + 1/2)/(M + 1).

    The log-linear correction of Hautus 1995, Behavior Research Methods 27:46; Macmillan & Creelman 2005, eq. 1.5 and 2.1.
    """
    if counts.n_real == 0 or counts.n_synthetic == 0:
        one = NotEstimable("only one kind of image was answered")
        return Sensitivity(one, one)
    hits = float(special.ndtri((counts.tp + 0.5) / (counts.n_real + 1)))
    alarms = float(special.ndtri((counts.fp + 0.5) / (counts.n_synthetic + 1)))
    return Sensitivity(hits - alarms, -(hits + alarms) / 2)
