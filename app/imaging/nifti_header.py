"""Headers of NIfTI-1 and -2: numbers alone, judged before anything is read by them. No text of theirs is looked at."""

from dataclasses import dataclass

import numpy as np

from app.errors import InvalidError
from app.imaging import kinds
from app.imaging.shown import MOST_FRAMES, MOST_SAMPLES
from app.imaging.volumes import Grid

LONGEST = 540
_TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
_MOST_VOXELS = 2**31
_MOST_OFFSET = 2**24
_TO_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
_CONTRADICTION = "The header of this volume contradicts itself: it does not describe voxels that can be read."


@dataclass(frozen=True, slots=True)
class Header:
    """What is believed of a header: the grid in mm, how voxels are stored, and how they become modality units."""

    grid: Grid
    dtype: np.dtype[np.generic]
    offset: int
    slope: float
    intercept: float

    @property
    def plane_bytes(self) -> int:
        return self.grid.shape[0] * self.grid.shape[1] * self.dtype.itemsize


def judged(raw: bytes) -> Header:
    """What is believed of the first LONGEST bytes of a file; raises InvalidError."""
    from nibabel.nifti1 import Nifti1Header  # loaded for volumes alone: it takes half a second
    from nibabel.nifti2 import Nifti2Header
    from nibabel.spatialimages import HeaderDataError

    kind = Nifti2Header if kinds.is_nifti2(raw) else Nifti1Header
    if len(raw) < kind.sizeof_hdr:
        raise InvalidError("This volume is damaged: it ends within its header.")
    said = kind(raw[: kind.sizeof_hdr], check=False)  # type: ignore[no-untyped-call]
    if bytes(said["magic"])[:2] == b"ni":
        raise InvalidError(
            "This is one half of a volume in two files (.hdr and .img); save it as one .nii file."
        )
    shape = _shape([int(n) for n in said["dim"]])
    code = int(said["datatype"])
    if code not in _TYPES:
        raise InvalidError(
            "The voxels of this volume are not of a kind that can be shown; only real numbers are."
        )
    dtype = np.dtype(_TYPES[code]).newbyteorder(said.endianness)
    offset = float(said["vox_offset"])
    smallest = 540 if kind is Nifti2Header else 348
    if int(said["bitpix"]) != dtype.itemsize * 8 or not smallest <= offset <= _MOST_OFFSET or offset % 1:
        raise InvalidError(_CONTRADICTION)
    try:
        affine = np.asarray(said.get_best_affine(), np.float64)
    except (HeaderDataError, ValueError, np.linalg.LinAlgError):
        raise InvalidError(_CONTRADICTION) from None
    affine[:3] *= _TO_MM.get(int(said["xyzt_units"]) & 7, 1.0)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise InvalidError("The header of this volume does not say how it lies in the patient.")
    slope, intercept = _scaling(float(said["scl_slope"]), float(said["scl_inter"]))
    return Header(Grid(shape, affine), dtype, int(offset), slope, intercept)


def _shape(dim: list[int]) -> tuple[int, int, int]:
    """The three extents of a volume that can be read; raises InvalidError for any other."""
    used = dim[1 : dim[0] + 1] if 1 <= dim[0] <= 7 else []
    if len(used) < 2 or any(n < 1 for n in used):
        raise InvalidError(_CONTRADICTION)
    ni, nj, nk = (*used, 1)[:3]
    more = int(np.prod([float(n) for n in used[3:]]))
    if more > 1:
        raise InvalidError(
            f"This file holds {more} volumes (a series over time or directions); save the one that you want as a file of its own."
        )
    largest, smaller, smallest = sorted((ni, nj, nk), reverse=True)
    if (
        largest > MOST_FRAMES
        or largest * smaller > MOST_SAMPLES
        or largest * smaller * smallest > _MOST_VOXELS
    ):
        raise InvalidError(f"This volume is too large: its header declares {ni} × {nj} × {nk} voxels.")
    return ni, nj, nk


def _scaling(slope: float, intercept: float) -> tuple[float, float]:
    """Slope and intercept; a slope of 0, or one that is no number, stands for none (NIfTI-1, scl_slope)."""
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    if not np.isfinite(intercept) or max(abs(slope), abs(intercept)) > 1e30:
        raise InvalidError("The scaling in the header of this volume is not a usable number.")
    return slope, intercept
