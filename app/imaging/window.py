"""Windows: from modality units (HU for CT) to display values 0–255."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidError

Values = NDArray[np.float32]
PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True, slots=True)
class Window:
    """A window by centre and width, both in modality units; the width is at least 1."""

    center: float
    width: float

    def __post_init__(self) -> None:
        """Refuse what is no window."""
        if not (isfinite(self.center) and isfinite(self.width)):
            raise InvalidError("Window centre and width must be finite numbers.")
        if self.width < 1:
            raise InvalidError(f"The window width must be at least 1, not {self.width:g}.")

    @classmethod
    def parse(cls, center: str, width: str) -> "Window":
        """A window from two texts; raises InvalidError where one is missing or no number."""
        if not center.strip() or not width.strip():
            raise InvalidError("Give both the window centre and the window width, or neither.")
        return cls(_number(center, "centre"), _number(width, "width"))


Wanted: TypeAlias = Window | Literal["percentiles"] | None
"""A window, or percentiles whatever the file says, or (None) the file's own, else percentiles."""


def _number(text: str, name: str) -> float:
    try:
        return float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        raise InvalidError(f"The window {name} must be a number, not “{text.strip()}”.") from None


def linear(values: Values, window: Window) -> Values:
    """DICOM's LINEAR function to 0–255 (PS3.3 C.11.2.1.2.1); values of any shape in modality units."""
    if window.width == 1:
        return np.where(values <= window.center - 0.5, np.float32(0), np.float32(255))
    scaled = values - np.float32(window.center - 0.5)
    scaled /= np.float32(window.width - 1)
    scaled += np.float32(0.5)
    scaled *= np.float32(255)
    scaled.clip(0, 255, out=scaled)
    return scaled


def sigmoid(values: Values, window: Window) -> Values:
    """DICOM's SIGMOID function to 0–255 (PS3.3 C.11.2.1.3.1)."""
    exponent = np.clip(-4 * (values - window.center) / window.width, -80, 80)
    shown: Values = (255 / (1 + np.exp(exponent))).astype(np.float32)
    return shown


def by_percentiles(values: Values) -> Window:
    """The LINEAR window that shows the 0.5th percentile as black and the 99.5th as white."""
    low, high = (float(v) for v in np.percentile(values, PERCENTILES))
    width = max(high - low + 1, 1.0)
    return Window(center=low + (width - 1) / 2 + 0.5, width=width)


def to_uint8(display: Values) -> NDArray[np.uint8]:
    """Display values 0–255 rounded half up to whole grey levels."""
    levels: NDArray[np.uint8] = (np.clip(display, 0, 255) + np.float32(0.5)).astype(np.uint8)
    return levels
