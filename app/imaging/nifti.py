"""NIfTI-1 and -2 volumes, plain or gzipped, from a header that is judged first to slices that come one at a time.

The file is read as a stream: at most `_BLOCK_BYTES` and one stored plane are in memory, however large the volume is or however
much a gzip expands to; nothing behind the declared voxels is read. No text of the header and no extension is looked at.
"""

import gzip
import io
import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidError
from app.imaging import kinds, window
from app.imaging.nifti_header import LONGEST, Header, judged
from app.imaging.shown import Pictures, Shown
from app.imaging.volumes import Cut, View, view
from app.imaging.window import Values, Wanted, Window

_BLOCK_BYTES = 96 * 2**20
_SAMPLED = 2**22
_CHUNK = 2**20


def header(path: Path) -> Header:
    """The judged header; raises InvalidError."""
    with closing(_opened(path)) as file:
        raw = _at_most(file, LONGEST)
    return judged(raw)


def pictures(path: Path, wanted: Wanted, cut: Cut, only: Sequence[int] | None = None) -> Pictures:
    """The volume's slices along `cut.axis` through the window, else the 0.5th to 99.5th percentile of the whole volume.

    Of `only` these numbers, where they are given; they come in the order in which they are stored. Raises InvalidError.
    """
    head = header(path)
    looked = view(head.grid, cut.axis)
    asked = set(cut.numbers(looked.count))
    numbers = sorted(asked if only is None else asked.intersection(only), key=looked.index)
    facts: dict[str, object] = {
        "modality": None,
        "body_part": None,
        "manufacturer": None,
        "pixel_spacing": [looked.spacing[1], looked.spacing[2]],
        "slice_thickness": looked.spacing[0],
        "burned_in": None,
        "secondary_capture": False,
    }
    return Pictures(facts, f"volume {path}", _frames(path, head, looked, numbers, wanted), numbers)


def marked(path: Path, cut: Cut) -> list[int]:
    """The numbers of the slices along `cut.axis` in which a mask has voxels other than 0."""
    head = header(path)
    looked = view(head.grid, cut.axis)
    through, found = looked.axes[0], np.zeros(looked.count, np.bool_)
    for k, plane in enumerate(_stored_planes(path, head)):
        if through == 2:
            found[k] = (plane != 0).any()
        else:
            found |= (plane != 0).any(axis=1 - through)
    return [number for number in range(1, looked.count + 1) if found[looked.index(number)]]


def _frames(
    path: Path, head: Header, looked: View, numbers: Sequence[int], wanted: Wanted
) -> Iterator[Shown]:
    used = wanted if isinstance(wanted, Window) else _by_percentiles(path, head)
    source = "given" if isinstance(wanted, Window) else "percentiles"
    indices = [looked.index(number) for number in numbers]
    for plane in _planes(path, head, looked.axes[0], indices):
        values = np.ascontiguousarray(looked.shown(_in_units(plane, head)))
        yield Shown(window.linear(values.astype(np.float32), used), used, source)


def _by_percentiles(path: Path, head: Header) -> Window:
    """By every n-th voxel of a large volume: one window for all slices, so that they can be compared."""
    step = max(1, math.prod(head.grid.shape) // _SAMPLED)
    sampled = [
        _in_units(plane.ravel(order="F")[k % step :: step], head)
        for k, plane in enumerate(_stored_planes(path, head))
    ]
    return window.by_percentiles(np.concatenate(sampled))


def _in_units(stored: NDArray[np.generic], head: Header) -> Values:
    with np.errstate(over="ignore", invalid="ignore"):
        values = stored.astype(np.float32)
        if (head.slope, head.intercept) != (1.0, 0.0):
            values = values * np.float32(head.slope) + np.float32(head.intercept)
    if not np.isfinite(values).all():
        raise InvalidError("This volume has voxels that are no finite numbers.")
    return values


def _planes(path: Path, head: Header, through: int, indices: Sequence[int]) -> Iterator[NDArray[np.generic]]:
    """The planes at these ascending indices of a stored axis, each (first, second) of the other stored axes."""
    if not indices:
        return
    if through == 2:
        yield from _stored_planes(path, head, indices)
        return
    other = head.grid.shape[1 - through]
    each = max(1, _BLOCK_BYTES // (other * head.grid.shape[2] * head.dtype.itemsize))
    for start in range(0, len(indices), each):
        yield from _block(path, head, through, indices[start : start + each])


def _block(path: Path, head: Header, through: int, indices: Sequence[int]) -> Iterator[NDArray[np.generic]]:
    """One pass over the file for as many planes across its storage order as fit into memory."""
    block = np.empty((len(indices), head.grid.shape[1 - through], head.grid.shape[2]), head.dtype)
    for k, plane in enumerate(_stored_planes(path, head)):
        block[:, :, k] = plane[indices, :] if through == 0 else plane[:, indices].T
    yield from block


def _stored_planes(
    path: Path, head: Header, indices: Sequence[int] | None = None
) -> Iterator[NDArray[np.generic]]:
    """The planes (i, j) in their stored order, or those of these ascending indices; at the end a gzip's checksum counts."""
    at, count = 0, head.grid.shape[2]
    with closing(_opened(path)) as file:
        _skip(file, head.offset)
        for index in range(count) if indices is None else indices:
            _skip(file, (index - at) * head.plane_bytes)
            yield _plane(file, head)
            at = index + 1
        if at == count:
            _at_most(file, 1)


def _plane(file: IO[bytes], head: Header) -> NDArray[np.generic]:
    """The next stored plane, (i, j)."""
    raw = _read(file, head.plane_bytes)
    ni, nj, _ = head.grid.shape
    return np.frombuffer(raw, head.dtype).reshape((ni, nj), order="F")


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(path)) if kinds.is_gzip(path) else path.open("rb")


def _read(file: IO[bytes], count: int) -> bytes:
    """Exactly so many bytes; raises InvalidError where the file ends before."""
    raw = _at_most(file, count)
    if len(raw) < count:
        raise InvalidError("This volume is incomplete: there are fewer voxels than its header declares.")
    return raw


def _at_most(file: IO[bytes], count: int) -> bytes:
    try:
        return file.read(count)
    except EOFError:
        return b""
    except (zlib.error, gzip.BadGzipFile):
        raise InvalidError("This compressed volume is damaged.") from None


def _skip(file: IO[bytes], count: int) -> None:
    if isinstance(file, io.BufferedReader):
        file.seek(count, io.SEEK_CUR)
        return
    while count:
        count -= len(_read(file, min(count, _CHUNK)))
