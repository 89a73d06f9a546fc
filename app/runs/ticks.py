"""A run's course by ticks: losses, augmentation, pace, out of stats.jsonl."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from app.errors import InvalidError
from app.runs import lines

KIMG_PER_TICK = 4.0  # where a run does not say how many thousand images a tick is
MOST = 200_000  # ticks: 800,000 kimg


@dataclass(frozen=True, slots=True)
class Tick:
    """What a run noted after so many thousand images (`kimg`); NaN where it noted that, or nothing.

    `augment_p` is the probability of augmentation, `seconds` the whole time until then.
    """

    kimg: float
    g_loss: float
    d_loss: float
    augment_p: float
    seconds: float


def read(text: str | Iterable[str]) -> list[Tick]:
    """The ticks of a text or of its lines in rising order of kimg; those whose kimg is no number are left out.

    Where a run was resumed and went over some again, what it noted later counts. Raises InvalidError for more than any run has.
    """
    found: list[Tick] = []
    for place, entry in enumerate(lines.objects(text), start=1):
        tick = _tick(entry, place)
        if not isfinite(tick.kimg):
            continue
        while found and found[-1].kimg >= tick.kimg:
            found.pop()
        found.append(tick)
        if len(found) > MOST:
            raise InvalidError(f"stats.jsonl holds more than {MOST} ticks, which is no run's.")
    return found


def _tick(entry: dict[str, Any], place: int) -> Tick:
    kimg = lines.number(entry.get("Progress/kimg"))
    if kimg is None:
        tick = lines.number(entry.get("Progress/tick"))
        kimg = (place - 1 if tick is None else tick) * KIMG_PER_TICK
    return Tick(
        kimg=kimg,
        g_loss=_noted(entry, "Loss/G/loss"),
        d_loss=_noted(entry, "Loss/D/loss"),
        augment_p=_noted(entry, "Progress/augment"),
        seconds=_noted(entry, "Timing/total_sec"),
    )


def _noted(entry: dict[str, Any], name: str) -> float:
    found = lines.number(entry.get(name))
    return float("nan") if found is None else found
