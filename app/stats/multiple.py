"""p values of several tests at once, adjusted so that each is compared with the level itself."""

from collections.abc import Sequence

import numpy as np


def holm(ps: Sequence[float]) -> list[float]:
    """Step-down adjustment that bounds the chance of any false finding (Holm 1979, Scand. J. Statistics 6:65)."""
    order = np.argsort(ps, kind="stable")
    steps = np.array(ps, np.float64)[order] * np.arange(len(ps), 0, -1)
    adjusted = np.empty(len(ps))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(p) for p in adjusted]


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Step-up adjustment that bounds the share of false findings (Benjamini & Hochberg 1995, JRSS B 57:289)."""
    order = np.argsort(ps, kind="stable")
    steps = np.array(ps, np.float64)[order] * len(ps) / np.arange(1, len(ps) + 1)
    adjusted = np.empty(len(ps))
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return [float(p) for p in adjusted]
