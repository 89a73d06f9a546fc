"""Which images of a session are the same, or almost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.blinding.sets import Copies

LISTED = 50


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two images by number, first < second; `distance` is 1 − correlation of their thumbnails; `kinds` of the two.

    `kinds` is "real", "synthetic" or "both": a synthetic image beside a real one may be remembered training data.
    """

    first: int
    second: int
    kinds: str
    exact: bool
    distance: float
    mirrored: bool


def listed(copies: Copies, synthetic: NDArray[np.bool_]) -> tuple[Duplicate, ...]:
    """Exact copies (each with the first of its group), then near-duplicates by distance: at most fifty pairs."""
    _, firsts = np.unique(copies.group, return_index=True)
    exact = [
        _pair(int(firsts[group]), place, synthetic, exact=True, distance=0.0, mirrored=False)
        for place, group in enumerate(copies.group)
        if firsts[group] != place
    ]
    near: dict[tuple[int, int], Duplicate] = {}
    for place in np.flatnonzero(copies.distance < copies.limit):
        pair = _pair(
            int(place),
            int(copies.place[place]),
            synthetic,
            exact=False,
            distance=float(copies.distance[place]),
            mirrored=bool(copies.mirrored[place]),
        )
        near.setdefault((pair.first, pair.second), pair)
    return (*exact, *sorted(near.values(), key=lambda pair: pair.distance))[:LISTED]


def _pair(
    one: int, other: int, synthetic: NDArray[np.bool_], *, exact: bool, distance: float, mirrored: bool
) -> Duplicate:
    kinds = {True: "synthetic", False: "real"}
    same = synthetic[one] == synthetic[other]
    return Duplicate(
        min(one, other),
        max(one, other),
        kinds[bool(synthetic[one])] if same else "both",
        exact,
        distance,
        mirrored,
    )
