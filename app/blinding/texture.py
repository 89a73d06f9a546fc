"""Cues in the texture: grain, and blocks of a JPEG past."""

import numpy as np

from app.blinding.features import Cue, Feature, Floats, Plane, View


def noise(seen: View) -> tuple[float, ...]:
    """Grain of the whole image, of its darkest and of its smoothest bright parts.

    The whole: Immerkær 1996, Computer Vision and Image Understanding 64(2), equation 5, without the factor. The parts are 8 × 8 tiles: a tenth of them each.
    """
    plane = seen.plane
    mixed = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    grain = np.abs(mixed[:, :-2] - 2 * mixed[:, 1:-1] + mixed[:, 2:])
    rows, columns = (side // 8 * 8 for side in grain.shape)
    tiled = grain[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8).mean(axis=(1, 3)).ravel()
    below = plane[1 : rows + 1, 1 : columns + 1]
    means = below.reshape(rows // 8, 8, columns // 8, 8).mean(axis=(1, 3)).ravel()
    dark = tiled[means <= np.quantile(means, 0.1)].mean()
    bright = np.quantile(tiled[means >= np.median(means)], 0.1)
    return float(grain.mean() / 6), float(dark / 6), float(bright / 6)


NOISE = Cue(
    "noise floor",
    "Noise floor",
    (
        Feature("whole", "grain of the whole image (grey levels)"),
        Feature("dark", "grain of its darkest parts (grey levels)"),
        Feature("smooth", "grain of its smoothest bright parts (grey levels)"),
    ),
    mend="noise floor",
)


def _steps(plane: Plane) -> Floats:
    """For each place between columns (W − 3,): how much more the values step there than to both sides, on average.

    Steps above 16 grey levels are edges of what is shown and count as 16.
    """
    steps = np.minimum(np.abs(np.diff(plane, axis=1)), 16)
    return np.asarray((steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2).mean(axis=0, dtype=np.float64))


def _phases(plane: Plane) -> Floats:
    """Means (8,) of the steps by place modulo 8; the last is where JPEG's blocks meet."""
    steps = _steps(plane)
    return np.array([steps[(phase - 1) % 8 :: 8].mean() for phase in range(8)])


def blocks(seen: View) -> tuple[float, ...]:
    """Steps at the blocks' edges of an image that was never cut, and the greatest at any one place of eight."""
    phases = _phases(seen.plane) + _phases(seen.plane.T)
    return float(phases[7] - phases[:7].mean()), float(phases.max() - np.median(phases))


BLOCKS = Cue(
    "blockiness",
    "Blocks of 8 × 8 pixels (JPEG)",
    (
        Feature("blocks", "extra step at every eighth pixel (grey levels)"),
        Feature("shifted blocks", "extra step at one place of every eight (grey levels)"),
    ),
    mend="noise floor",
)
