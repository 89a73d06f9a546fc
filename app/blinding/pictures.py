"""The numbers behind a finding's figure; who draws it, and how, is not this package's affair."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.blinding.cues import Measured
from app.blinding.features import Floats


@dataclass(frozen=True, slots=True)
class Picture:
    """Data of a figure, by kind:

    - "histogram": `axis` grey levels 0 … 255, `real` and `synthetic` mean shares of pixels;
    - "spectrum": `axis` cycles a pixel 0 … 0.5, `real` and `synthetic` mean log power;
    - "values": `real` and `synthetic` the measure of each image, `axis` empty;
    - "corner": the mean top left corner, rows one after another, `axis` 0 … S − 1 so that S is its length.

    `label` is what the values are.
    """

    kind: str
    label: str
    axis: tuple[float, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]


def draw(measured: Measured, synthetic: NDArray[np.bool_], place: int) -> Picture:
    """The figure of the measure in that column."""
    column = measured.columns[place]
    kind, label = column.cue.picture, column.feature.words
    if kind == "values":
        values = measured.values[:, place]
        return Picture(kind, label, (), _plain(values[~synthetic]), _plain(values[synthetic]))
    curves, axis, label = {
        "histogram": (measured.histograms, np.arange(256.0), "share of pixels by grey level"),
        "spectrum": (
            measured.spectra,
            (np.arange(measured.spectra.shape[1]) + 0.5) / (2 * measured.spectra.shape[1]),
            "log power by spatial frequency",
        ),
        "corner": (measured.corners, np.arange(float(measured.corners.shape[1])), "mean top left corner"),
    }[kind]
    real, made = (_plain(curves[kinds].mean(axis=0)) for kinds in (~synthetic, synthetic))
    return Picture(kind, label, _plain(axis), real, made)


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values.ravel())
