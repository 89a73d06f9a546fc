"""Decode foreign image files in a child process with limits: one that kills its child costs itself alone."""

import secrets
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import sandbox
from app.imaging.burned_text import Box
from app.imaging.sources import Source
from app.imaging.window import Window

LIMITS = sandbox.Limits(memory_bytes=2**30, cpu_seconds=3600, file_bytes=256 * 2**20, wall_seconds=20)
_SECONDS_PER_BYTE = (
    2 / 2**20
)  # on top of the limits' wall time; no format that we read is slower on an idle machine
_TOO_LONG = "Decoding this file took too long and was stopped."
_DIED = "Decoding this file broke the decoder or took too much time or memory; it may be damaged."


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How images are shown: a window in modality units (None: the file's own, else percentiles), a size in pixels."""

    window: Window | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image that can be kept: (H, W) or (H, W, 3) uint8 pixels and the allow-listed facts; frames count from 1.

    `patient_group` is a random number for each patient of this import; nothing leads back from it. `text_reasons` say why there
    may be writing in the pixels, `text_boxes` where it seems to be.
    """

    place: int
    frame: int
    pixels: NDArray[np.uint8]
    facts: dict[str, object]
    patient_group: int | None
    window_used: Window | None
    window_source: str
    text_reasons: tuple[str, ...] = ()
    text_boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A file, or one frame of it, that cannot be kept, and why."""

    place: int
    frame: int | None
    reason: str


def decode_all(
    sources: Iterable[Source], settings: ImportSettings, staging: Path, limits: sandbox.Limits = LIMITS
) -> Generator[Decoded | Refused, None, None]:
    """Decode one source after the other, in constant memory; `staging` is made, and removed again whatever happens.

    Its caller must use it up or close it: only then is `staging` gone.
    """
    staging.mkdir(parents=True, exist_ok=True)
    groups = _Groups()
    argv = [sys.executable, "-m", "app.imaging.child"]
    try:
        with sandbox.spawn(argv, limits, writable=staging) as child:
            for source in sources:
                if source.path is None:
                    yield Refused(source.place, None, source.refusal or "There is no file here.")
                else:
                    yield from _decode(child, limits, source.place, source.path, settings, staging, groups)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


class _Groups:
    """Random, distinct numbers for patients; the salt that turns identities into keys is forgotten with it."""

    def __init__(self) -> None:
        self.salt = secrets.token_hex(32)
        self._numbers: dict[str, int] = {}

    def number(self, key: str | None) -> int | None:
        """The number of the patient with this key; None for files that name no patient."""
        if key is None:
            return None
        while key not in self._numbers:
            number = secrets.randbelow(2**31)
            if number not in self._numbers.values():
                self._numbers[key] = number
        return self._numbers[key]


def _decode(
    child: sandbox.Conversation,
    limits: sandbox.Limits,
    place: int,
    path: Path,
    settings: ImportSettings,
    staging: Path,
    groups: _Groups,
) -> Iterator[Decoded | Refused]:
    window = settings.window
    question = {
        "path": str(path.absolute()),
        "window": [window.center, window.width] if window else None,
        "size": settings.size,
        "staging": str(staging.resolve()),
        "salt": groups.salt,
    }
    try:
        for told in child.ask(question, limits.wall_seconds + _size(path) * _SECONDS_PER_BYTE):
            if "refused" in told:
                yield Refused(place, told["frame"], told["refused"])
            else:
                yield _kept(place, told, staging, groups)
    except sandbox.Stopped as stopped:
        yield Refused(place, None, _TOO_LONG if stopped.timed_out else _DIED)
    finally:
        for file in staging.iterdir():
            file.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the child will say what is wrong with it


def _kept(place: int, told: Mapping[str, Any], staging: Path, groups: _Groups) -> Decoded:
    file = staging / f"{told['frame']:06d}.raw"
    pixels = np.frombuffer(file.read_bytes(), np.uint8).reshape(told["shape"])
    file.unlink()
    used = told["window"]
    return Decoded(
        place=place,
        frame=told["frame"],
        pixels=pixels,
        facts=told["facts"],
        patient_group=groups.number(told["patient"]),
        window_used=Window(*used) if used else None,
        window_source=told["window_source"],
        text_reasons=tuple(told["text_reasons"]),
        text_boxes=tuple((x, y, w, h) for x, y, w, h in told["text_boxes"]),
    )
