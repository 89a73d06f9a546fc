"""Mends of a cue: the same change to every image of a session, synthetic or real, which the truth has no part in.

A mend changes what readers see. It is the researcher's to choose, never applied silently, and belongs into the manifest by
name and seed. It takes all of a session's images together, because its measures come from all of them.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from app.blinding.cues import check
from app.blinding.edges import padded
from app.blinding.features import Pixels, flat

GRAIN, SOFTENING = 4.0, 1.0


def apply(name: str, images: Pixels, seed: int = 0) -> Pixels:
    """Images (N, H, W) or (N, H, W, 3) mended: "clip", "border mask" or "noise floor"; the same input gives the same output.

    Raises ValueError for another name or other images.
    """
    check(images)
    if name not in MENDS:
        raise ValueError(f"no such mend: {name}")
    return MENDS[name](images, np.random.default_rng(seed))


def _clip(images: Pixels, _rng: np.random.Generator) -> Pixels:
    """Cut all values to what 95 % of the images reach: the 5th percentile of their brightest values, the 95th of their darkest.

    Costs the brightest and darkest detail. Images that do not reach that far stay recognisable by their range.
    """
    each = images.reshape(len(images), -1)
    low = int(np.quantile(each.min(axis=1), 0.95, method="higher"))
    high = int(np.quantile(each.max(axis=1), 0.05, method="lower"))
    return images.clip(min(low, high), max(low, high))


def _border_mask(images: Pixels, _rng: np.random.Generator) -> Pixels:
    """Blacken a frame of one width in all: a sixteenth of the side, or the widest padding of any image up to an eighth.

    An image that is one value almost throughout does not count as padding. Costs what the frame covers.
    """
    sides = np.array(images.shape[1:3])
    widest = max(_widest(image, int(sides.min()) // 8) for image in images)
    width = max(int(sides.min()) // 16, widest)
    masked = images.copy()
    masked[:, :width] = masked[:, -width:] = 0
    masked[:, :, :width] = masked[:, :, -width:] = 0
    return masked


def _widest(image: Pixels, most: int) -> int:
    return min(max(padded(flat(image).astype(np.float64))), most)


def _noise_floor(images: Pixels, rng: np.random.Generator) -> Pixels:
    """Soften all (Gaussian, 1 pixel), which takes each image's own grain, and lay new grain of one strength (4 grey levels) over all.

    Grey of colour images gets the same grain in each channel. Costs the finest detail.
    """
    sigma = (SOFTENING, SOFTENING) + (0,) * (images.ndim - 3)
    mended = np.empty_like(images)
    for number, image in enumerate(images):
        soft = ndimage.gaussian_filter(image.astype(np.float64), sigma, mode="nearest")
        grain = rng.normal(0, GRAIN, image.shape[:2]).reshape(*image.shape[:2], *(1,) * (image.ndim - 2))
        mended[number] = (soft + grain).round().clip(0, 255)
    return mended


MENDS: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "clip": _clip,
    "border mask": _border_mask,
    "noise floor": _noise_floor,
}
