"""Cues in the values that pixels take: levels, combs, clipping, range, brightness, colour."""

import numpy as np

from app.blinding.features import Cue, Feature, Floats, View


def _used(seen: View) -> Floats:
    """Counts (n,) from the lowest to the highest value that occurs."""
    there = np.flatnonzero(seen.counts)
    return seen.counts[there[0] : there[-1] + 1].astype(np.float64)


def levels(seen: View) -> tuple[float, ...]:
    """Bits that the distinct values need: 8 for more than 128 of them. A few missing levels are the comb's affair."""
    return (float(np.ceil(np.log2(np.count_nonzero(seen.counts)))),)


LEVELS = Cue(
    "grey levels",
    "Number of grey levels",
    (Feature("bits", "bits that the grey levels in use need (8 for more than 128 levels)"),),
    picture="histogram",
    mend="noise floor",
)


def _quantile(seen: View, share: float) -> float:
    """The value that this share of pixels does not exceed."""
    return float(np.searchsorted(np.cumsum(seen.counts), share * seen.counts.sum()))


def comb(seen: View) -> tuple[float, ...]:
    """Teeth and gaps of a rescaled histogram: each count beside the mean of its two neighbours, and the unused levels.

    The first without the extremes, where backgrounds and clipped values pile up; the second from the 0.5th to the 99.5th percentile.
    """
    between = seen.counts[int(_quantile(seen, 0.005)) : int(_quantile(seen, 0.995)) + 1]
    used = _used(seen)[1:-1]
    if len(used) < 3:
        return 0.0, float(np.mean(between == 0))
    away = np.abs(used[1:-1] - (used[:-2] + used[2:]) / 2)
    return float(away.sum() / max(used.sum(), 1.0)), float(np.mean(between == 0))


COMB = Cue(
    "histogram comb",
    "Comb in the histogram",
    (
        Feature("roughness", "jumps between neighbouring bars of the histogram", share=True),
        Feature("gaps", "share of unused levels between the used ones", share=True),
    ),
    picture="histogram",
    mend="noise floor",
)


def clipping(seen: View) -> tuple[float, ...]:
    """Shares of pixels at the image's own darkest and brightest value, and where bright pixels are cut off.

    They are where the brightest value is commoner than each of the five below it; 255 counts as not cut.
    """
    used = _used(seen)
    cut = len(used) > 1 and used[-1] > used[-6:-1].max()
    highest = float(np.flatnonzero(seen.counts)[-1])
    return float(used[0] / used.sum()), float(used[-1] / used.sum()), highest if cut else 255.0


CLIPPING = Cue(
    "clipping",
    "Clipping",
    (
        Feature("dark", "share of pixels at the darkest value", share=True),
        Feature("bright", "share of pixels at the brightest value", share=True),
        Feature("cut", "value at which bright pixels are cut off (255 where they are not)"),
    ),
    picture="histogram",
    mend="clip",
)


def value_range(seen: View) -> tuple[float, ...]:
    """Lowest and highest value, and the distance of the 0.5th and 99.5th percentile."""
    there = np.flatnonzero(seen.counts)
    return float(there[0]), float(there[-1]), _quantile(seen, 0.995) - _quantile(seen, 0.005)


RANGE = Cue(
    "dynamic range",
    "Dynamic range",
    (
        Feature("lowest", "darkest value"),
        Feature("highest", "brightest value"),
        Feature("range", "range of values (0.5th to 99.5th percentile)"),
    ),
    picture="histogram",
)


def brightness(seen: View) -> tuple[float, ...]:
    """Mean and standard deviation of all values: case mix shows here as well as processing."""
    return float(seen.plane.mean()), float(seen.plane.std())


BRIGHTNESS = Cue(
    "brightness",
    "Brightness and contrast",
    (
        Feature("mean", "mean value of the image"),
        Feature("contrast", "standard deviation of the image's values"),
    ),
    picture="histogram",
)


def colour(seen: View) -> tuple[float, ...]:
    """How far apart the channels are: networks for colour paint grey almost, not quite. 0 for grey images."""
    if seen.pixels.ndim == 2:
        return 0.0, 0.0
    apart = np.ptp(seen.pixels, axis=2)
    return float(apart.mean()), float(np.mean(apart > 0))


COLOUR = Cue(
    "colour",
    "Trace of colour",
    (
        Feature("distance", "mean distance of red, green and blue"),
        Feature("share", "share of pixels that are not exactly grey", share=True),
    ),
)
