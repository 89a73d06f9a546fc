"""Cues in the frequencies: regular patterns of upsampling, and how much fine detail there is."""

import numpy as np
from scipy import ndimage

from app.blinding.features import BANDS, Cue, Feature, View, bands

HALVES = ((0.5, 0.5), (0.0, 0.5), (0.5, 0.0))
QUARTERS = ((0.0, 0.25), (0.25, 0.0), (0.25, 0.25), (0.25, 0.5), (0.5, 0.25))


def _above_surroundings(seen: View, at: tuple[float, float]) -> float:
    """Logarithm of the power at a frequency (down, across, in cycles a pixel) less the median of that around it."""
    (height, width), reach = seen.plane.shape, 7
    row, column = round(at[0] * height), round(at[1] * width)
    rows = np.arange(row - reach, row + reach + 1) % height
    columns = np.arange(max(column - reach, 0), min(column + reach, width // 2) + 1)
    around = np.log(seen.power[np.ix_(rows, columns)] + 1)
    near = np.zeros(around.shape, np.bool_)
    near[reach - 1 : reach + 2, np.abs(columns - column) <= 1] = True
    return float(around[near].max() - np.median(around[~near]))


def spectrum(seen: View) -> tuple[float, ...]:
    """Peaks at periods of two and of four pixels and anywhere, and the slope from middle to fine detail."""
    logs = seen.radial
    halves, quarters = (max(_above_surroundings(seen, at) for at in points) for points in (HALVES, QUARTERS))
    smooth = ndimage.uniform_filter(seen.power, 9, mode="wrap") + 1
    detail = bands(*seen.plane.shape) >= BANDS // 4
    anywhere = float(np.log((seen.power / smooth)[detail].max() + 1e-6))
    fine = float(logs[3 * BANDS // 4 :].mean() - logs[BANDS // 4 : BANDS // 2].mean())
    finest = float(logs[-2:].mean() - logs[BANDS // 2 : 3 * BANDS // 4].mean())
    return halves, quarters, anywhere, fine, finest


SPECTRUM = Cue(
    "spectrum",
    "Regular patterns and fine detail",
    (
        Feature(
            "period 2",
            "strength of a pattern that repeats every two pixels (log power above its surroundings)",
        ),
        Feature(
            "period 4",
            "strength of a pattern that repeats every four pixels (log power above its surroundings)",
        ),
        Feature("peak", "strongest regular pattern (log power above its surroundings)"),
        Feature("fine", "fine detail beside middle detail (log power)"),
        Feature("finest", "finest detail beside fine detail (log power)"),
    ),
    picture="spectrum",
    mend="noise floor",
)
