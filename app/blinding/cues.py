"""Every cue that the audit looks at: images (N, H, W) or (N, H, W, 3) → numbers (N, F), with their names. The truth does not come in."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.blinding import edges, greys, sets, spectrum, texture
from app.blinding.features import Cue, Feature, Floats, Pixels, View, view

SIDE_AT_LEAST = 32

PER_IMAGE: tuple[tuple[Cue, Callable[[View], tuple[float, ...]]], ...] = (
    (edges.WRITING, edges.writing),
    (edges.PADDING, edges.padding),
    (edges.BORDER, edges.border),
    (texture.BLOCKS, texture.blocks),
    (greys.COLOUR, greys.colour),
    (greys.LEVELS, greys.levels),
    (greys.COMB, greys.comb),
    (greys.CLIPPING, greys.clipping),
    (spectrum.SPECTRUM, spectrum.spectrum),
    (greys.RANGE, greys.value_range),
    (edges.CORNER, edges.corner),
    (texture.NOISE, texture.noise),
    (greys.BRIGHTNESS, greys.brightness),
)
"""The most particular first: where several separate the images equally well, the first is named first."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the measures."""

    cue: Cue
    feature: Feature


@dataclass(frozen=True, slots=True)
class Measured:
    """All measures of N images.

    `values` (N, F) with `columns`; for figures `histograms` (N, 256) as shares, `spectra` (N, 32) as log power, `corners` (N, S, S), the top left corner; `copies`.
    """

    columns: tuple[Column, ...]
    values: Floats
    histograms: Floats
    spectra: Floats
    corners: Floats
    copies: sets.Copies


def measure(images: Pixels) -> Measured:
    """All cues of all images; raises ValueError for anything but uint8 images of at least 32 × 32 pixels."""
    check(images)
    rows, histograms, spectra, corners = [], [], [], []
    for image in images:
        seen = view(image)
        rows.append([number for _, of_view in PER_IMAGE for number in of_view(seen)])
        histograms.append(seen.counts / seen.counts.sum())
        spectra.append(seen.radial)
        corners.append(seen.plane[:16, :16].copy())  # a view would keep the whole plane
    found = sets.compare(images)
    cues = (sets.EXACT, sets.NEAR_COPY, *(cue for cue, _ in PER_IMAGE), sets.GRAIN)
    return Measured(
        tuple(Column(cue, feature) for cue in cues for feature in cue.features),
        np.hstack(
            (
                sets.exact_copies(found),
                sets.near_copies(found),
                np.array(rows, np.float64),
                sets.shared_grain(images),
            )
        ),
        np.array(histograms),
        np.array(spectra),
        np.array(corners, np.float64),
        found,
    )


def check(images: Pixels) -> None:
    """Raises ValueError for anything but uint8 (N, H, W) or (N, H, W, 3) with sides of at least 32 pixels."""
    shaped = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    if images.dtype != np.uint8 or not shaped:
        raise ValueError(f"(N, H, W) or (N, H, W, 3) of uint8 expected, not {images.shape} of {images.dtype}")
    if min(images.shape[1:3]) < SIDE_AT_LEAST:
        raise ValueError(f"images of at least {SIDE_AT_LEAST} × {SIDE_AT_LEAST} pixels expected")
