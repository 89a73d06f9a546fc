"""How long readers took, by truth, and whether time and errors change along their way: learning and fatigue."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.report.columns import Bools, Columns
from app.stats.crossed import CrossedMean, crossed_mean
from app.stats.estimates import NotEstimable
from app.stats.spread import Quartiles, group_medians, quartiles

PARTS = 5


@dataclass(frozen=True, slots=True)
class TimeByTruth:
    """Seconds per image of one model and truth: over all answers, and over the readers' medians."""

    model: str
    truth: str
    over_answers: Quartiles
    over_readers: Quartiles


@dataclass(frozen=True, slots=True)
class Fifth:
    """A fifth of each reader's own order: number from 1, seconds, FPR and FNR over readers and images of all models."""

    number: int
    answers: int
    seconds: Quartiles
    fpr: CrossedMean
    fnr: CrossedMean


@dataclass(frozen=True, slots=True)
class Timing:
    """Time by truth for each model (real images that all share once), then along the readers' order."""

    by_truth: tuple[TimeByTruth, ...]
    fifths: tuple[Fifth, ...]
    why_no_fifths: str


def timing(columns: Columns) -> Timing:
    """Times and fifths; no fifths where an answer has no position. Readers of fewer than five images have none."""
    by_truth = tuple(_by_truth(columns))
    order = columns.places()
    if isinstance(order, NotEstimable):
        return Timing(by_truth, (), order.reason)
    rank, number = order
    enough = number >= PARTS
    if not enough.any():
        return Timing(by_truth, (), f"no reader answered {PARTS} images")
    part = np.where(enough, PARTS * rank // number, -1)
    return Timing(by_truth, tuple(_fifth(columns, at, part == at) for at in range(PARTS)), "")


def _by_truth(columns: Columns) -> Iterator[TimeByTruth]:
    groups = dict.fromkeys(zip((m for m, _ in columns.images), columns.image_is_real, strict=True))
    for model, real in sorted(groups):
        mine = columns.only(columns.named(model) & (columns.real == real))
        found = quartiles(mine.seconds)
        if found.n:
            medians = group_medians(mine.seconds, mine.reader)
            yield TimeByTruth(model, "real" if real else "synthetic", found, quartiles(medians))


def _fifth(columns: Columns, at: int, mine: Bools) -> Fifth:
    some = columns.only(mine)
    return Fifth(
        at + 1,
        len(some.reader),
        quartiles(some.seconds),
        crossed_mean(some.table(real=False)),
        crossed_mean(1 - some.table(real=True)),
    )
