"""Small pictures for lists of images; for researchers only, a reader never gets one."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging import stimulus

SIDE = 160


def encode(pixels: NDArray[np.uint8], side: int = SIDE) -> bytes:
    """A PNG file of (H, W) or (H, W, 3) pixels that fits into a square of `side`; smaller images are not enlarged."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return stimulus.encode(pixels, compress=True)
    small = (max(round(width * scale), 1), max(round(height * scale), 1))
    resized = Image.fromarray(pixels).resize(small, Image.Resampling.BOX)
    return stimulus.encode(np.asarray(resized), compress=True)
