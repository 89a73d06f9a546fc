"""Images that nobody who looks can take for real: they show whether a reader pays attention."""

import numpy as np
from numpy.typing import NDArray

TILES = 6


def degrade(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image (H, W) or (H, W, 3) cut into a grid of tiles that change places, each mirrored top to bottom; rests at the edges stay.

    The greys stay those of the image, so that the catch lies in the anatomy and not in the file. The same image gives the same result.
    """
    rng = np.random.default_rng(TILES)
    high, wide = image.shape[0] // TILES, image.shape[1] // TILES
    degraded = image.copy()
    if not high or not wide:
        return np.ascontiguousarray(degraded[::-1])
    for place, source in enumerate(rng.permutation(TILES * TILES)):
        row, column = divmod(place, TILES)
        from_row, from_column = divmod(int(source), TILES)
        tile = image[from_row * high : (from_row + 1) * high, from_column * wide : (from_column + 1) * wide]
        degraded[row * high : (row + 1) * high, column * wide : (column + 1) * wide] = tile[::-1]
    return degraded
