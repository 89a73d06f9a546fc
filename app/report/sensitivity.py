"""The headline again on parts of the answers: does it rest on readers who stopped, on careless ones, on learning?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.report.columns import Bools, Columns, of_model
from app.report.rows import Rating
from app.stats.crossed import CrossedMean, crossed_mean
from app.stats.estimates import NotEstimable

PRIMARY = "all answered (primary)"
Part = Bools | NotEstimable
CATCH_RULE = "a catch item answered wrongly is failed; who failed more than a third of theirs is left out"


@dataclass(frozen=True, slots=True)
class Analysis:
    """One model's FPR and FNR over readers and images on a part of the answers, or why there is no such part."""

    name: str
    model: str
    readers: int
    answers: int
    fpr: CrossedMean
    fnr: CrossedMean
    why_not: str


def analyses(columns: Columns, names: Sequence[str], ratings: Sequence[Rating]) -> tuple[Analysis, ...]:
    """For each model all answers, then completers, readers who passed the catch items, and both halves."""
    return tuple(
        _analysis(columns, name, part, model)
        for model in names
        for name, part in (
            (PRIMARY, np.ones(len(columns.reader), np.bool_)),
            ("completers only", _completers(columns, model)),
            ("without readers who failed catch items", _passed(columns, ratings)),
            *_halves(columns),
        )
    )


def _analysis(columns: Columns, name: str, part: Part, model: str) -> Analysis:
    kept = part if not isinstance(part, NotEstimable) else np.zeros(len(columns.reader), np.bool_)
    mine = of_model(columns.only(kept), model)
    return Analysis(
        name,
        model,
        len(np.unique(mine.reader)),
        len(mine.reader),
        crossed_mean(mine.table(real=False)),
        crossed_mean(1 - mine.table(real=True)),
        part.reason if isinstance(part, NotEstimable) else "",
    )


def _completers(columns: Columns, model: str) -> Part:
    """Answers of readers who answered each image of the model, and each real one, that anybody answered."""
    mine = of_model(columns, model)
    answered = np.bincount(mine.reader, minlength=len(columns.readers))
    whole = answered == len(np.unique(mine.image))
    if not len(mine.reader) or not whole.any():
        return NotEstimable("no reader answered every image")
    kept: Bools = whole[columns.reader]
    return kept


def _passed(columns: Columns, ratings: Sequence[Rating]) -> Part:
    failed: dict[str, list[bool]] = {}
    for rating in ratings:
        if rating.kind == "catch":
            failed.setdefault(rating.reader, []).append(rating.answer != rating.truth)
    if not failed:
        return NotEstimable("there are no catch items")
    passed = [3 * sum(failed.get(name, [])) <= len(failed.get(name, [])) for name in columns.readers]
    if not any(passed):
        return NotEstimable("every reader failed catch items")
    return np.array(passed, np.bool_)[columns.reader]


def _halves(columns: Columns) -> Iterator[tuple[str, Part]]:
    """Each reader's answers by their place in the reader's own order; a middle one belongs to the first half."""
    names = ("first half", "second half")
    order = columns.places()
    if isinstance(order, NotEstimable):
        yield from ((name, order) for name in names)
        return
    rank, number = order
    first: Bools = 2 * rank < number
    yield names[0], first
    yield names[1], ~first
