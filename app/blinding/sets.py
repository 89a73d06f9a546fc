"""Cues that show only beside the session's other images: copies, and a grain that many share. None of them looks at the truth."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from app.blinding.features import Cue, Feature, Floats, Pixels, Plane, flat
from app.imaging import neighbours

NEAR, NEAR_AT_MOST = 0.25, 0.05


@dataclass(frozen=True, slots=True)
class Copies:
    """For each of N images: the group of its exact copies, its nearest other image that is none, and how far that is."""

    group: NDArray[np.intp]
    place: NDArray[np.intp]
    distance: Floats
    mirrored: NDArray[np.bool_]

    @property
    def exact(self) -> NDArray[np.intp]:
        """How many exact copies of each image there are (N,)."""
        return np.bincount(self.group)[self.group] - 1

    @property
    def limit(self) -> float:
        """Near-duplicates lie within a quarter of the median distance between nearest images, and within 0.05."""
        there = self.distance[np.isfinite(self.distance)]
        return min(NEAR * float(np.median(there)), NEAR_AT_MOST) if len(there) else 0.0


def compare(images: Pixels) -> Copies:
    """Compare all images with each other; the distance is `neighbours.nearest`'s, inf where there is no other image."""
    digests = [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images]
    groups = {digest: number for number, digest in enumerate(dict.fromkeys(digests))}
    group = np.array([groups[digest] for digest in digests], np.intp)
    thumbnails = np.stack([neighbours.thumbnail(image) for image in images])
    most = int(np.bincount(group).max()) + 1
    found = neighbours.nearest(thumbnails, thumbnails, most)
    others = np.where(group[found.places] == group[:, None], np.inf, found.distances.astype(np.float64))
    first = others.argmin(axis=1)
    place, distance, mirrored = (
        np.take_along_axis(part, first[:, None], axis=1)[:, 0]
        for part in (found.places, others, found.mirrored)
    )
    return Copies(group, place, distance, mirrored)


def exact_copies(found: Copies) -> Floats:
    """How many exact copies of each image the session has (N, 1)."""
    return found.exact[:, None].astype(np.float64)


EXACT = Cue(
    "exact duplicate",
    "The same image twice",
    (Feature("copies", "exact copies of the image in the session"),),
)


def near_copies(found: Copies) -> Floats:
    """How near each image is to the nearest other one (N, 1): 0 from the limit on, 1 for no distance at all."""
    nearness = 1 - found.distance / max(found.limit, 1e-12)
    return np.maximum(nearness, 0)[:, None]


NEAR_COPY = Cue(
    "near duplicate",
    "Almost the same image twice",
    (Feature("nearness", "likeness to the most similar other image (0 for usual, 1 for the same)"),),
)


def shared_grain(images: Pixels) -> Floats:
    """Correlation of each image's grain with that of all others together (N, 1).

    Grain is what a 3 × 3 mean leaves, between −4 and 4 so that edges do not decide. StyleGAN's constant noise is
    the same in every image; so is a camera's fixed pattern.
    """
    total = np.zeros(images.shape[1:3], np.float32)
    for image in images:
        total += _grain(image)
    whole = float(np.vdot(total, total))
    values = []
    for image in images:
        grain = _grain(image)
        own, both = float(np.vdot(grain, grain)), float(np.vdot(grain, total))
        others = whole - 2 * both + own
        values.append((both - own) / np.sqrt(max(own * others, 1e-12)))
    return np.array(values)[:, None]


def _grain(image: Pixels) -> Plane:
    plane = flat(image)
    left = plane - ndimage.uniform_filter(plane, 3, mode="nearest")
    return np.asarray(left.clip(-4, 4))


GRAIN = Cue(
    "fixed pattern",
    "The same grain in many images",
    (Feature("correlation", "correlation of the image's grain with that of all others"),),
    mend="noise floor",
)
