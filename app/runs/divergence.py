"""Does a training fall apart? The distance between the two losses, averaged over ticks, and a rule that says when it diverges.

Woodland et al. 2022 show this average for their experiments (Figure 2) and read divergence off the curves. The rule here is ours, so that
it can be stated and repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.runs.ticks import Tick

Floats = NDArray[np.float64]
WINDOW = 25  # ticks: 100 kimg where a tick is 4
FACTOR = 2.0
LEAST_RISE = 0.25


@dataclass(frozen=True, slots=True)
class Course:
    """The average at each tick from the first whole window on: kimg (n,) and |G loss − D loss| (n,).

    `diverges_at` is the kimg from which on it has diverged, None where it has not; `left_out` counts ticks without finite losses.
    """

    kimg: Floats
    average: Floats
    diverges_at: float | None
    left_out: int


RULE = (
    f"A run has diverged from the first tick on at which the simple moving average over {WINDOW} ticks of |G loss − D loss| stays, to the end of the run, "
    f"above {FACTOR:g} times its lowest value until then and more than {LEAST_RISE:g} above it."
)


def course(ticks: Sequence[Tick], window: int = WINDOW) -> Course:
    """The moving average and where it diverges by RULE; empty where there are fewer ticks than a window."""
    kimg = np.array([tick.kimg for tick in ticks], dtype=np.float64)
    gap = np.abs(np.array([tick.g_loss - tick.d_loss for tick in ticks], dtype=np.float64))
    usable = np.isfinite(gap) & np.isfinite(kimg)
    kimg, gap = kimg[usable], gap[usable]
    left_out = int(len(usable) - usable.sum())
    if len(gap) < window:
        return Course(np.empty(0), np.empty(0), None, left_out)
    average = np.convolve(gap, np.full(window, 1 / window), mode="valid")
    kimg = kimg[window - 1 :]
    return Course(kimg, average, _diverges(kimg, average), left_out)


def _diverges(kimg: Floats, average: Floats) -> float | None:
    lowest = np.minimum.accumulate(average)
    apart = (average > FACTOR * lowest) & (average > lowest + LEAST_RISE)
    together = np.flatnonzero(~apart)  # never empty: the first is its own lowest
    first = int(together[-1]) + 1
    return float(kimg[first]) if first < len(kimg) else None
