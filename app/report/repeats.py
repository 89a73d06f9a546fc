"""Readers against themselves: images shown again, the first answer against each later one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.report.rows import Rating
from app.stats import agreement
from app.stats.estimates import Number

ALL = "all readers"


@dataclass(frozen=True, slots=True)
class Repeated:
    """One reader, or all: pairs of a first and a later answer, % agreement and AC1 of answers, weighted κ of ratings."""

    reader: str
    pairs: int
    same: Number
    ac1: Number
    kappa: Number


def repeated(ratings: Sequence[Rating], first: Sequence[Rating]) -> tuple[Repeated, ...]:
    """Each reader with repeats, then all together; `first` are the answers that are analysed. None without repeats."""
    if not any(r.kind == "repeat" for r in ratings) and sum(r.kind == "main" for r in ratings) == len(first):
        return ()
    of_image = {(r.reader, r.model, r.image): r for r in first}
    pairs: dict[str, list[tuple[Rating, Rating]]] = {}
    for later in ratings:
        earlier = of_image.get((later.reader, later.model, later.image))
        if later.kind in ("main", "repeat") and earlier is not None and later is not earlier:
            pairs.setdefault(later.reader, []).append((earlier, later))
    found = [_repeated(reader, pairs[reader]) for reader in sorted(pairs)]
    if found:
        found.append(_repeated(ALL, [pair for each in pairs.values() for pair in each]))
    return tuple(found)


def _repeated(reader: str, pairs: Sequence[tuple[Rating, Rating]]) -> Repeated:
    answers = np.array([[r.answer == "real" for r in pair] for pair in pairs], np.float64)
    likert = np.array(
        [(a.likert, b.likert) for a, b in pairs if a.likert is not None and b.likert is not None], np.float64
    ).reshape(-1, 2)
    return Repeated(
        reader,
        len(pairs),
        agreement.percent_agreement(answers[:, 0], answers[:, 1]),
        agreement.gwet_ac1(agreement.counts(answers)),
        agreement.weighted_kappa(likert[:, 0], likert[:, 1]),
    )
