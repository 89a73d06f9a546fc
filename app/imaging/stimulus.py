"""The one encoder of everything that a reader is shown."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PARAMETERS: dict[str, object] = {"container": "PNG", "compression": 0, "bit_depth": 8, "metadata": "none"}


def encode(pixels: NDArray[np.uint8], *, compress: bool = False) -> bytes:
    """A PNG file of (H, W) grey or (H, W, 3) colour pixels without any metadata.

    Uncompressed (the default), files of one size and mode have one length in bytes, whatever they show: 262,812 for
    512 × 512 grey. `compress` is for storage and thumbnails, never for readers.
    """
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(f"(H, W) or (H, W, 3) of uint8 expected, not {pixels.shape} of {pixels.dtype}")
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="PNG", compress_level=6 if compress else 0)
    return out.getvalue()


def decode(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a PNG file that `encode` made."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        if image.mode not in {"L", "RGB"}:
            raise ValueError(f"a stimulus is L or RGB, not {image.mode}")
        return np.asarray(image)
