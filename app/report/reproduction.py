"""The published results of Woodland et al. 2022 beside what this code computes from the same published figures.

"Evaluating the Performance of StyleGAN2-ADA on Medical Images", SASHIMI 2022, LNCS 13570, 142–153. Only numbers stand here that the study itself
prints; what needs numbers that it does not print, or that are not at hand, is named as such and never filled in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.report import printing
from app.stats import correlation
from app.stats.correlation import Correlation
from app.stats.estimates import Interval

STUDY = "Woodland et al. 2022, doi 10.1007/978-3-031-16980-9_14"
FIDS = (10.43, 7.78, 7.15, 5.06)
FPRS = (29.0, 34.0, 49.0, 55.0)
"""Table 2: the four experiments that were put through visual Turing tests: FID, and mean FPR in per cent."""


@dataclass(frozen=True, slots=True)
class Line:
    """A published result; `computed` is ours from the same figures, empty where it cannot be had, and then `why` says so."""

    table: str
    what: str
    published: str
    computed: str
    why: str = ""

    @property
    def same(self) -> bool | None:
        """Whether ours prints as the study's; None where either is missing."""
        return self.published == self.computed if self.published and self.computed else None


def lines() -> list[Line]:
    """Every result of the study's tables that its readers may want to see again."""
    return [*_table_1(), *_table_2(), *_table_3()]


def _table_1() -> Iterator[Line]:
    inputs = "the FIDs of all eight experiments are needed; `blindread experiments` computes it from one's own runs"
    yield Line("Table 1", "lower FID by pretraining and augmentation", "63 %", "", inputs)
    yield Line("Table 1", "lower FID by fifteen times the data", "44 %", "", inputs)


def _table_2() -> Iterator[Line]:
    fid, fpr = np.array(FIDS), np.array(FPRS)
    pearson, wide = correlation.pearson(fid, fpr, 0.9), correlation.pearson(fid, fpr)
    spearman = correlation.spearman(fid, fpr)
    yield Line("Table 2", "Pearson's r of FID and FPR, K = 4", "−.914", _three(pearson))
    yield Line("Table 2", "its p", ".086", printing.p_value(pearson.p))
    ours = "the study prints none"
    yield Line("Table 2", "its 90 % interval (Fisher)", "", _interval(pearson), ours)
    yield Line("Table 2", "its 95 % interval (Fisher)", "", _interval(wide), ours)
    yield Line("Table 2", "Spearman's ρ", "", _three(spearman), ours)
    yield Line("Table 2", "its p over all 24 orders", "", printing.p_value(spearman.p), ours)


def _table_3() -> Iterator[Line]:
    counts = "each reader's answers are needed; `blindread report` computes it from a spreadsheet of them"
    yield Line(
        "Table 3", "precision, recall, accuracy, FPR, FNR, Likert and tests of seven readers", "", "", counts
    )


def _three(found: Correlation) -> str:
    return printing.fixed(found.r, 3).replace("0.", ".")


def _interval(found: Correlation) -> str:
    assert isinstance(found.interval, Interval)  # four points that are not on a line
    low, high = (
        printing.fixed(each, 3).replace("0.", ".") for each in (found.interval.low, found.interval.high)
    )
    return f"{low} to {high}"
