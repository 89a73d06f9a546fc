"""What every reader of foreign files gives back: display values with their window, and the facts that may be kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.window import Window

MOST_SAMPLES = 32 * 2**20
"""Pixels × channels of one frame: more than a mammogram has, and still decoded in the child's memory."""
MOST_FRAMES = 4096


@dataclass(frozen=True, slots=True)
class Shown:
    """Display values 0–255, (H, W) or (H, W, 3), and how they came about.

    `window_source` is "given" (by the researcher), "file", "file's table", "percentiles" or "as stored" (no window).
    """

    display: NDArray[np.float32]
    window: Window | None
    window_source: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """A file's frames, decoded one at a time, with its allow-listed facts; `numbers` has each frame's number, from 1.

    `identity` tells patients of an import apart; it must not leave the process in which the file is read.
    """

    facts: dict[str, object]
    identity: str | None
    frames: Iterator[Shown]
    numbers: Sequence[int]


def from_colours(colours: NDArray[np.float32]) -> Shown:
    """Display values (H, W, 3) as they are; colours that are all grey become one grey channel."""
    if np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 0], colours[..., 2]):
        return Shown(np.ascontiguousarray(colours[..., 0]), None, "as stored")
    return Shown(colours, None, "as stored")
