"""What the audit's measures are called and how they read; the numbers themselves come from `cues`."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Plane = NDArray[np.float32]
BANDS = 32


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of an image: `name` within its cue, `words` for people, and whether it is a share (0 … 1)."""

    name: str
    words: str
    share: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One image as the measures see it.

    `pixels` (H, W) or (H, W, 3) uint8; `plane` (H, W) float32, the mean of the channels; `counts` (256,) of all values;
    `power` (H, W // 2 + 1), the squared spectrum of the plane without its mean, faded out at the edges;
    `radial` (32,) is its logarithm by frequency.
    """

    pixels: Pixels
    plane: Plane
    counts: NDArray[np.int64]
    power: Plane
    radial: Floats


@dataclass(frozen=True, slots=True)
class Cue:
    """A named way in which an image may give itself away: what is measured of it, its figure, and a mend that may help."""

    key: str
    title: str
    features: tuple[Feature, ...]
    picture: str = "values"
    mend: str = ""


@lru_cache(maxsize=4)
def bands(height: int, width: int) -> NDArray[np.intp]:
    """The band 0 … 31 of each frequency (H, W // 2 + 1) by its distance from 0; 32 beyond half a cycle a pixel."""
    distance = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    return np.asarray(np.minimum((distance * 2 * BANDS).astype(np.intp), BANDS))


def radial(power: Plane, width: int) -> Floats:
    """Natural logarithm of the mean power (32,) by spatial frequency, 0 to 0.5 cycles a pixel, of (H, width // 2 + 1)."""
    of_each = bands(len(power), width).ravel()
    sums = np.bincount(of_each, power.ravel(), BANDS + 1)[:BANDS]
    return np.asarray(np.log(sums / np.maximum(np.bincount(of_each, minlength=BANDS + 1)[:BANDS], 1) + 1))


def flat(pixels: Pixels) -> Plane:
    """(H, W) of an image: its grey values, or the mean of its channels."""
    return pixels.astype(np.float32) if pixels.ndim == 2 else pixels.mean(axis=2, dtype=np.float32)


def view(pixels: Pixels) -> View:
    """Prepare one image for all measures."""
    plane = flat(pixels)
    fade = np.outer(*(np.hanning(side + 1)[:-1] for side in plane.shape)).astype(np.float32)
    spectrum = np.fft.rfft2((plane - plane.mean()) * fade)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    counts = np.bincount(pixels.ravel(), minlength=256)
    return View(pixels, plane, counts, power, radial(power, plane.shape[1]))
