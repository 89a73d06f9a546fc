"""Which slices of an import are kept: by how much they show, and at most so many of a patient."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Slice:
    """A frame of a file, and its patient."""

    place: int
    frame: int
    patient: Hashable


def foreground_share(pixels: NDArray[np.uint8], threshold: int) -> float:
    """The share (0–1) of an image's pixels, (H, W) or (H, W, 3), brighter than `threshold`; colours by their mean."""
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    return float((grey > threshold).mean())


def evenly(count: int, wanted: int) -> list[int]:
    """`wanted` places out of `count`, from 0, ascending: the middles of as many equal stretches."""
    if wanted >= count:
        return list(range(count))
    return [(2 * i + 1) * count // (2 * wanted) for i in range(wanted)]


def at_most(slices: Iterable[Slice], per_patient: int) -> set[tuple[int, int]]:
    """(place, frame) of the slices that stay: of each patient's, in their order, `per_patient` evenly spread ones."""
    by_patient: dict[Hashable, list[Slice]] = {}
    for each in sorted(slices, key=lambda each: (each.place, each.frame)):
        by_patient.setdefault(each.patient, []).append(each)
    return {
        (own[i].place, own[i].frame) for own in by_patient.values() for i in evenly(len(own), per_patient)
    }
