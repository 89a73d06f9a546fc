"""What becomes of the files of an import."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.imaging.burned_text import Box
from app.imaging.window import Window


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
    """A file, or one frame of it, that cannot be kept, and why. Place 0 stands for masks, their frame for which."""

    place: int
    frame: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many slices of a file that the selection leaves out: by what they show ("selection") or as one of too many."""

    place: int
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The first pass has gone through this file."""

    place: int


Outcome: TypeAlias = Decoded | Refused | LeftOut | Looked
Outcomes: TypeAlias = Generator[Outcome, None, None]
