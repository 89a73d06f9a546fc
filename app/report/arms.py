"""Arms against each other: paired differences of AUC, balanced accuracy and mean FPR, with Holm over all pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from app.report.columns import Columns, Floats, of_model
from app.stats import mrmc
from app.stats.differences import Difference, rate_difference
from app.stats.estimates import NotEstimable, Number, estimable
from app.stats.mrmc import OneShot
from app.stats.multiple import holm

NO_LIKERT = NotEstimable("there is no Likert rating of one of them")


@dataclass(frozen=True, slots=True)
class Pair:
    """First arm minus second, and for each endpoint p by Holm over the K(K − 1)/2 pairs."""

    first: str
    second: str
    likert_auc: OneShot
    balanced_accuracy: OneShot
    fpr: Difference
    holm: dict[str, Number]


def compare(columns: Columns, names: Sequence[str]) -> tuple[Pair, ...]:
    """Every two arms; none where there is one arm only."""
    if len(names) < 2:
        return ()
    arms = [of_model(columns, name) for name in names]
    real, synthetic = (_stacked(columns, arms, real=truth) for truth in (True, False))
    rated, answered = (mrmc.one_shot(synthetic[k], real[k], centred=True).pairs for k in (1, 0))
    have_likert = [bool(np.isfinite(arm.likert).any()) for arm in arms]
    places = list(combinations(range(len(names)), 2))
    aucs = [rated[at] if all(have_likert[v] for v in at) else _without_likert() for at in places]
    rates = [rate_difference(_own(synthetic[0][v]), _own(synthetic[0][w])) for v, w in places]
    adjusted = {
        "likert_auc": _holm([each.p for each in aucs]),
        "balanced_accuracy": _holm([answered[at].p for at in places]),
        "fpr": _holm([each.p for each in rates]),
    }
    return tuple(
        Pair(names[v], names[w], auc, answered[v, w], rate, {name: ps[n] for name, ps in adjusted.items()})
        for n, ((v, w), auc, rate) in enumerate(zip(places, aucs, rates, strict=True))
    )


def _stacked(columns: Columns, arms: Sequence[Columns], *, real: bool) -> Floats:
    """Answers and Likert ratings (2, V, R, images) of all arms; a synthetic image is NaN in every arm but its own."""
    images = np.flatnonzero(columns.image_is_real == real)
    stacked = np.full((2, len(arms), len(columns.readers), len(images)), np.nan)
    for v, arm in enumerate(arms):
        mine = arm.real == real
        at = arm.reader[mine], np.searchsorted(images, arm.image[mine])
        stacked[0, v][at], stacked[1, v][at] = arm.said_real[mine], arm.likert[mine]
    return stacked


def _own(table: Floats) -> Floats:
    return table[:, np.isfinite(table).any(axis=0)]


def _without_likert() -> OneShot:
    return OneShot(NO_LIKERT, NO_LIKERT, NO_LIKERT, NO_LIKERT, NO_LIKERT, mrmc.U_STATISTICS)


def _holm(ps: Sequence[Number]) -> list[Number]:
    """Adjusted p values; a pair without one counts as 1, so that the family stays K(K − 1)/2."""
    adjusted = holm([p if estimable(p) else 1.0 for p in ps])
    return [found if estimable(p) else p for p, found in zip(ps, adjusted, strict=True)]
