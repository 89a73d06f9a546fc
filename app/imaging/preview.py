"""A look at a few slices of an upload, as an import with these settings would keep them; nothing is kept.

The decoding child reads, with tighter limits than an import's: at most COUNT slices, spread over the whole upload.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from app import sandbox
from app.imaging.asking import CHILD, LIMITS, Asking
from app.imaging.selection import evenly
from app.imaging.settings import ImportSettings

COUNT = 6
SECONDS = 20.0
_PREVIEW_LIMITS = replace(LIMITS, cpu_seconds=30, wall_seconds=SECONDS)
_NO_TIME = "There was no time to look at this file; the import takes the time that it needs."


@dataclass(frozen=True, slots=True)
class Seen:
    """A slice as it would be kept, or why it would not; frame 0 is the whole file.

    `window` is (centre, width) where there is one, `source` where it comes from; `left_out` says that the selection drops it.
    """

    place: int
    frame: int
    pixels: NDArray[np.uint8] | None = None
    window: tuple[float, float] | None = None
    source: str = ""
    left_out: bool = False
    refusal: str = ""


def look(files: Sequence[Path], settings: ImportSettings, folder: Path, count: int = COUNT) -> list[Seen]:
    """At most `count` slices, in their order; `folder` is made, and removed again whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with sandbox.spawn(CHILD, _PREVIEW_LIMITS, writable=folder) as child:
            return list(
                _look(Asking(child, _PREVIEW_LIMITS, settings, folder, seconds=SECONDS), files, count)
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _look(asking: Asking, files: Sequence[Path], count: int) -> Iterator[Seen]:
    ends = monotonic() + SECONDS
    picked = asking.ask("pick", asking.staging, files=[str(path.absolute()) for path in files], count=count)
    for index, told in enumerate(picked):
        place = told.get("place", 0)
        each = count // len(picked) + (index < count % len(picked))
        if "refused" in told:
            yield Seen(place, 0, refusal=told["refused"])
        elif monotonic() > ends:
            yield Seen(place, 0, refusal=_NO_TIME)
        else:
            yield from sorted(_slices(asking, place, Path(told["path"]), each), key=lambda seen: seen.frame)


def _slices(asking: Asking, place: int, path: Path, count: int) -> Iterator[Seen]:
    looked = asking.ask("look", path)[0]
    if "refused" in looked:
        yield Seen(place, 0, refusal=looked["refused"])
        return
    frames = looked["frames"]
    if not frames:
        yield Seen(place, 0, refusal="No slice of this volume is within the range that is asked for.")
        return
    for told in asking.ask("decode", path, [frames[i] for i in evenly(len(frames), count)], all=True):
        if "refused" in told:
            yield Seen(place, told["frame"] or 0, refusal=told["refused"])
        else:
            kept = asking.kept(place, told)
            used = kept.window_used
            yield Seen(
                place=place,
                frame=kept.frame,
                pixels=kept.pixels,
                window=(used.center, used.width) if used else None,
                source=kept.window_source,
                left_out=told["left_out"],
            )
