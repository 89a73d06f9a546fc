"""Nearest real images of synthetic ones: a first look at whether a generator repeats what it was trained on.

Images are compared as 32 × 32 thumbnails in grey, by the correlation of their pixels: brightness and contrast do not
count, small shifts hardly. A mirrored copy counts as a copy, because generators are often trained with mirrored images.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each of N images its k nearest among M: places (N, k), distances (N, k), and which were nearer mirrored (N, k)."""

    places: NDArray[np.intp]
    distances: NDArray[np.float32]
    mirrored: NDArray[np.bool_]


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(32, 32), mean 0 and length 1, of (H, W) or (H, W, 3); all zeros for an image of one shade."""
    small = Image.fromarray(pixels).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    values = np.array(small, np.float32)
    values -= values.mean()
    values /= max(float(np.linalg.norm(values)), 1e-12)
    return values


def nearest(asked: NDArray[np.float32], among: NDArray[np.float32], k: int) -> Nearest:
    """The k nearest of `among` (M, 32, 32) for each of `asked` (N, 32, 32); distance is 1 − correlation, 0 … 2.

    Fewer than k where M is smaller. Memory grows with N × M.
    """
    straight, flipped = _distances(asked, among)
    distances = np.minimum(straight, flipped).clip(0, 2)
    places = np.argsort(distances, axis=1, kind="stable")[:, :k]
    chosen = (np.take_along_axis(part, places, axis=1) for part in (distances, flipped < straight))
    return Nearest(places, *chosen)


def typical_gap(
    images: NDArray[np.float32], groups: NDArray[np.int64] | None = None, most: int = 500
) -> float:
    """The median distance of an image of (M, 32, 32) to the nearest one of another group (M,); NaN for fewer than two groups.

    Without `groups` each image is one of its own. Of more than `most` images, that many are asked, evenly spaced.
    """
    of_each = np.arange(len(images)) if groups is None else groups
    if len(np.unique(of_each)) < 2:
        return float("nan")
    own = np.unique(np.linspace(0, len(images) - 1, min(most, len(images))).round().astype(np.intp))
    distances = np.minimum(*_distances(images[own], images)).clip(0, 2)
    distances[of_each[own][:, None] == of_each[None, :]] = np.inf
    return float(np.median(distances.min(axis=1)))


def _distances(
    asked: NDArray[np.float32], among: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """1 − correlation (N, M) of each pair, and of the mirrored one with the other."""
    straight, flipped = (
        1 - images.reshape(len(images), -1) @ among.reshape(len(among), -1).T
        for images in (asked, asked[:, :, ::-1])
    )
    return straight, flipped
