"""Which mask belongs to which volume: files have no names here, so the places of their voxels decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.imaging.volumes import Grid


@dataclass(frozen=True, slots=True)
class Marked:
    """A mask's grid and the numbers of the slices in which it marks anything."""

    grid: Grid
    frames: frozenset[int]


def of(place: int, grids: Mapping[int, Grid | None], masks: Sequence[Marked]) -> frozenset[int] | str:
    """The slices that the mask of this volume marks, or why it has none.

    `grids` are those of all files by their place, None where a file is no volume. A mask belongs to the volume of the same grid.
    Volumes that share a grid have their masks in the same order, and as many of them.
    """
    grid = grids[place]
    if grid is None:
        return "Masks select slices of NIfTI volumes; this file is none."
    own = [mask for mask in masks if mask.grid.matches(grid)]
    alike = [other for other, its in grids.items() if its is not None and its.matches(grid)]
    if not own:
        return "No mask has the same size and position as this volume."
    if len(own) != len(alike):
        return f"{len(alike)} volumes but {len(own)} masks have this size and position, so that it is not clear which mask belongs to it."
    return own[alike.index(place)].frames
