"""Questions about foreign files to the decoding child, and what it wrote in answer."""

import secrets
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from app import sandbox
from app.imaging.outcomes import Decoded
from app.imaging.settings import ImportSettings, to_json
from app.imaging.window import Window

LIMITS = sandbox.Limits(memory_bytes=736 * 2**20, cpu_seconds=5, file_bytes=256 * 2**20, wall_seconds=20)
"""Of the address space about 170 MiB are code and reserves that never come into memory; the largest image that is taken, a
mammogram of 4096 × 5120 in JPEG 2000, needs 717 MiB of it and 377 MiB of memory. Times are those of a small file."""
CHILD = [sys.executable, "-m", "app.imaging.child"]
_SECONDS_PER_BYTE = 4 / 2**20  # on top of both times; many small frames of lossy JPEG 2000 are the slowest
_TOO_LONG = "Decoding this file took too long and was stopped."
_DIED = "Decoding this file broke the decoder or took too much time or memory; it may be damaged."


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


class Asking:
    """Questions about files to one child, with the settings of one import.

    Each may take the limits' wall time and more for a large file, or `seconds` for any.
    """

    def __init__(
        self,
        child: sandbox.Conversation,
        limits: sandbox.Limits,
        settings: ImportSettings,
        staging: Path,
        seconds: float | None = None,
    ) -> None:
        self._child, self._limits, self.settings, self.staging = child, limits, settings, staging
        self._seconds = seconds
        self.groups = _Groups()
        self._settings = to_json(settings)

    def ask(
        self, what: str, path: Path, only: Collection[int] | None = None, **more: object
    ) -> list[dict[str, Any]]:
        """What the child tells of this file; one refusal where the child broke."""
        question = {
            "ask": what,
            "path": str(path.absolute()),
            "settings": self._settings,
            "only": None if only is None else sorted(only),
            "dry": False,
            "all": False,
            "staging": str(self.staging.resolve()),
            "salt": self.groups.salt,
            **more,
        }
        more_seconds = _size(path) * _SECONDS_PER_BYTE
        seconds = self._seconds or self._limits.wall_seconds + more_seconds
        cpu_seconds = self._limits.cpu_seconds + int(more_seconds)
        try:
            told: list[dict[str, Any]] = self._child.ask(question, seconds, cpu_seconds)
        except sandbox.Stopped as stopped:
            return [{"frame": None, "refused": _TOO_LONG if stopped.timed_out else _DIED}]
        return told

    def kept(self, place: int, told: Mapping[str, Any]) -> Decoded:
        """The image that the child wrote."""
        file = self.staging / f"{told['frame']:06d}.raw"
        pixels = np.frombuffer(file.read_bytes(), np.uint8).reshape(told["shape"])
        file.unlink()
        used = told["window"]
        return Decoded(
            place=place,
            frame=told["frame"],
            pixels=pixels,
            facts=told["facts"],
            patient_group=self.groups.number(told["patient"]),
            window_used=Window(*used) if used else None,
            window_source=told["window_source"],
            text_reasons=tuple(told["text_reasons"]),
            text_boxes=tuple((x, y, w, h) for x, y, w, h in told["text_boxes"]),
        )

    def sweep(self) -> None:
        """Remove what the child has written and nobody fetched."""
        for file in self.staging.iterdir():
            file.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the child will say what is wrong with it
