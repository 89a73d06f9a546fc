"""PNG, JPEG and TIFF files: images that are ready for display, or 16-bit ones that need a window."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from app.errors import InvalidError
from app.imaging import window
from app.imaging.window import Window

FORMATS = ("PNG", "JPEG", "TIFF")
MOST_PIXELS = 64 * 2**20
_DEEP = {"I;16", "I;16B", "I;16L", "I", "F"}


@dataclass(frozen=True, slots=True)
class Shown:
    """Display values 0–255, (H, W) or (H, W, 3), and how they came about."""

    display: NDArray[np.float32]
    window: Window | None
    window_source: str


def read(path: Path, wanted: Window | None) -> Shown:
    """An image file's display values; raises InvalidError. The header's size is checked before anything is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what we refuse ourselves
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise InvalidError(f"This image is too large: {image.width} × {image.height} pixels.")
                return _shown(image, wanted)
    except UnidentifiedImageError:
        raise InvalidError("This is neither DICOM nor a PNG, JPEG or TIFF image.") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        raise InvalidError("This image file is damaged or incomplete.") from None


def _shown(image: Image.Image, wanted: Window | None) -> Shown:
    if image.mode in _DEEP:
        values = np.asarray(image, np.float32)
        if not np.isfinite(values).all():
            raise InvalidError("This image has pixels that are no numbers.")
        used = wanted or window.by_percentiles(values)
        return Shown(window.linear(values, used), used, "given" if wanted else "percentiles")
    if image.mode in {"1", "L", "LA"}:
        return Shown(np.asarray(image.convert("L"), np.float32), None, "as stored")
    colours = np.asarray(image.convert("RGB"), np.float32)
    if np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 0], colours[..., 2]):
        colours = colours[..., 0]
    return Shown(colours, None, "as stored")
