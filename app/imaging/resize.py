"""One path from any size to the square that a generator works in."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FILTER = "lanczos"


def to_square(display: NDArray[np.float32], size: int | None) -> NDArray[np.float32]:
    """Pad to a centred square with black, then resample with Lanczos to (size, size); None keeps the image as it is.

    `display` is (H, W) or (H, W, 3) with values 0–255. An image that already is size × size is returned unchanged,
    so nothing is resampled twice.
    """
    if size is None or display.shape[:2] == (size, size):
        return display
    height, width = display.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, *display.shape[2:]), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = display
    if display.ndim == 2:
        return _resample(square, size)
    return np.stack([_resample(square[..., channel], size) for channel in range(3)], axis=-1)


def placed(
    box: tuple[int, int, int, int], shape: tuple[int, ...], size: int | None
) -> tuple[int, int, int, int]:
    """Where a (left, top, width, height) of an image (H, W, …) lies after `to_square`; at least a pixel wide and high."""
    height, width = shape[:2]
    if size is None or (height, width) == (size, size):
        return box
    side = max(height, width)
    left, top = box[0] + (side - width) // 2, box[1] + (side - height) // 2
    x, y = left * size // side, top * size // side
    right, bottom = (-(-end * size // side) for end in (left + box[2], top + box[3]))
    return x, y, max(right - x, 1), max(bottom - y, 1)


def _resample(plane: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    image = Image.fromarray(plane)
    resized = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.clip(np.asarray(resized, np.float32), 0, 255)
