"""Turn, flip and cut, in this order for every image; no step changes a pixel's value. Resizing comes last."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROTATIONS = (0, 90, 180, 270)
FLIPS = ("none", "left-right", "up-down", "both")
SQUARES = ("pad", "crop")
Display = NDArray[np.float32]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Geometry:
    """`rotate` is clockwise, in degrees. `square` says how an image becomes square: "pad" fills up with black, and only
    where a size is asked for; "crop" cuts the centre out. `side` instead cuts a centred square of so many of the file's
    pixels, filled up with black where the image is smaller.
    """

    rotate: int = 0
    flip: str = "none"
    square: str = "pad"
    side: int | None = None


def arranged(display: Display, geometry: Geometry) -> Display:
    """Display values (H, W) or (H, W, 3), turned, flipped, then cut; what is left is to resize."""
    turned = np.rot90(display, k=-geometry.rotate // 90)
    if geometry.flip in ("left-right", "both"):
        turned = turned[:, ::-1]
    if geometry.flip in ("up-down", "both"):
        turned = turned[::-1]
    return np.ascontiguousarray(_cut(turned, geometry))


def _cut(display: Display, geometry: Geometry) -> Display:
    if geometry.side:
        return centred(display, geometry.side, geometry.side)
    if geometry.square == "crop":
        side = min(display.shape[:2])
        return centred(display, side, side)
    return display


def centred(display: Display, height: int, width: int) -> Display:
    """The centre of an image, (height, width); black where the image is smaller. An odd pixel goes to the lower right."""
    there, wanted = display.shape[:2], (height, width)
    out = np.zeros((*wanted, *display.shape[2:]), np.float32)
    source, target = [], []
    for have, want in zip(there, wanted, strict=True):
        common, skip = min(have, want), max(have - want, 0) // 2
        start = max(want - have, 0) // 2
        source.append(slice(skip, skip + common))
        target.append(slice(start, start + common))
    out[tuple(target)] = display[tuple(source)]
    return out


def shape(before: tuple[int, ...], geometry: Geometry) -> tuple[int, int]:
    """Height and width after `arranged` of an image that was (H, W, …)."""
    height, width = before[:2] if geometry.rotate % 180 == 0 else before[1::-1]
    if geometry.side:
        return geometry.side, geometry.side
    return (min(height, width),) * 2 if geometry.square == "crop" else (height, width)


def placed(box: Box, before: tuple[int, ...], geometry: Geometry) -> Box | None:
    """Where a (left, top, width, height) of an image (H, W, …) lies after `arranged`; None where it is cut off."""
    (height, width), (x, y, w, h) = before[:2], box
    for _ in range(geometry.rotate // 90):
        x, y, w, h, height, width = height - y - h, x, h, w, width, height
    if geometry.flip in ("left-right", "both"):
        x = width - x - w
    if geometry.flip in ("up-down", "both"):
        y = height - y - h
    wanted = shape(before, geometry)
    left, right = _moved(x, x + w, width, wanted[1])
    top, bottom = _moved(y, y + h, height, wanted[0])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def _moved(start: int, end: int, have: int, want: int) -> tuple[int, int]:
    """A stretch of an axis after `centred`, clipped to what is left of it."""
    shift = max(want - have, 0) // 2 - max(have - want, 0) // 2
    return max(start + shift, 0), min(end + shift, want)
