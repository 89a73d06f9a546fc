"""Volumes: how their voxels lie in the patient, and which slices are cut from them, shown as radiologists look at them.

World axes are those of NIfTI: x to the patient's right, y to the front, z to the head (mm). Slices are numbered from 1 along
their axis: axial ones from the feet to the head, coronal ones from the back to the front, sagittal ones from left to right.
On the screen the patient's right is on the left, front or head is above, and on sagittal slices the face looks to the left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidError

VIEWS = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}
"""World axes of a view: through the slices, down the rows, along the columns. On the screen the last two run backwards."""
_SAME_MM = 0.01


@dataclass(frozen=True, slots=True)
class Cut:
    """Slices along `axis`, numbers `first` to `last` (None: all), each `every`-th of them."""

    axis: str = "axial"
    first: int | None = None
    last: int | None = None
    every: int = 1

    def numbers(self, count: int) -> list[int]:
        """The numbers (from 1) of the slices that are asked for, of `count` that there are."""
        last = count if self.last is None else min(self.last, count)
        return list(range(self.first or 1, last + 1, self.every))


@dataclass(frozen=True, slots=True)
class Grid:
    """How many voxels there are along each stored axis, and the affine (4, 4) from their indices to mm."""

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    def matches(self, other: "Grid") -> bool:
        """Whether both have their voxels at the same places, to a hundredth of a millimetre."""
        return self.shape == other.shape and bool(
            np.allclose(self.affine, other.affine, rtol=0, atol=_SAME_MM)
        )

    def told(self) -> list[list[float]]:
        """The grid as JSON."""
        return [list(map(float, self.shape)), *self.affine.tolist()]

    @classmethod
    def heard(cls, told: list[list[float]]) -> "Grid":
        """The grid from its JSON."""
        i, j, k = (int(n) for n in told[0])
        return cls((i, j, k), np.asarray(told[1:], np.float64))


@dataclass(frozen=True, slots=True)
class View:
    """One way to cut a grid: the stored axes through slices, down rows, along columns, and which of them to reverse."""

    axes: tuple[int, int, int]
    reverse: tuple[bool, bool, bool]
    count: int
    spacing: tuple[float, float, float]

    def index(self, number: int) -> int:
        """The stored index of a slice by its number from 1."""
        return self.count - number if self.reverse[0] else number - 1

    def shown(self, plane: NDArray[np.generic]) -> NDArray[np.generic]:
        """A plane of the two other stored axes, in their stored order, as it stands on the screen."""
        turned = plane if self.axes[1] < self.axes[2] else plane.T
        return turned[:: -1 if self.reverse[1] else 1, :: -1 if self.reverse[2] else 1]


def view(grid: Grid, axis: str) -> View:
    """How this grid is cut along `axis`; oblique grids along the stored axis that is closest. Raises InvalidError."""
    from nibabel.orientations import io_orientation  # loaded for volumes alone: it takes half a second

    orientation = io_orientation(grid.affine)
    if not np.isfinite(orientation).all():
        raise InvalidError("The header of this volume does not say how it lies in the patient.")
    stored = {int(world): (index, sign > 0) for index, (world, sign) in enumerate(orientation)}
    (through, upwards), (rows, rows_up), (columns, columns_up) = (stored[world] for world in VIEWS[axis])
    sizes = np.linalg.norm(grid.affine[:3, :3], axis=0)
    return View(
        axes=(through, rows, columns),
        reverse=(not upwards, rows_up, columns_up),
        count=grid.shape[through],
        spacing=(float(sizes[through]), float(sizes[rows]), float(sizes[columns])),
    )
