"""Cues at the edges of an image: corners, frame, padding, writing."""

import numpy as np

from app.blinding.features import Cue, Feature, Floats, View


def corner(seen: View) -> tuple[float, ...]:
    """The four corner pixels, and mean and spread of the four corner patches (a 32nd of the side)."""
    plane, side = seen.plane, max(4, min(seen.plane.shape) // 32)
    patches = (plane[:side, :side], plane[:side, -side:], plane[-side:, :side], plane[-side:, -side:])
    pixels = (plane[0, 0], plane[0, -1], plane[-1, 0], plane[-1, -1])
    spread = float(np.mean([patch.std() for patch in patches]))
    return (*(float(pixel) for pixel in pixels), float(np.mean(patches)), spread)


CORNER = Cue(
    "corner",
    "Corners",
    (
        Feature("top left", "value of the top left pixel"),
        Feature("top right", "value of the top right pixel"),
        Feature("bottom left", "value of the bottom left pixel"),
        Feature("bottom right", "value of the bottom right pixel"),
        Feature("mean", "mean value in the corners"),
        Feature("spread", "spread of values in the corners (standard deviation)"),
    ),
    picture="corner",
    mend="border mask",
)


def _frame(seen: View, inwards: int) -> Floats:
    """The pixels (2H + 2W,) of the frame that many pixels inside the outermost one."""
    plane = seen.plane[inwards : seen.plane.shape[0] - inwards, inwards : seen.plane.shape[1] - inwards]
    return np.concatenate((plane[0], plane[-1], plane[:, 0], plane[:, -1])).astype(np.float64)


def border(seen: View) -> tuple[float, ...]:
    """The outermost frame beside the frame two pixels inside."""
    outer, inner = _frame(seen, 0), _frame(seen, 2)
    return float(outer.std()), float(outer.std() - inner.std()), float(outer.mean() - inner.mean())


BORDER = Cue(
    "border",
    "Outermost pixels",
    (
        Feature("spread", "spread of values along the outermost frame (standard deviation)"),
        Feature("spread step", "spread along the outermost frame, less that two pixels inside"),
        Feature("step", "mean of the outermost frame, less that two pixels inside"),
    ),
    picture="corner",
    mend="border mask",
)


def _constant_lines(lines: Floats) -> int:
    """How many of (H, W) from the first row on hold one value each, the same one."""
    same = (lines == lines[0, 0]).all(axis=1)
    return len(same) if same.all() else int(np.argmin(same))


def padded(plane: Floats) -> tuple[int, int, int, int]:
    """Rows and columns of one value at the top, bottom, left and right of (H, W)."""
    top, bottom, left, right = (
        _constant_lines(lines) for lines in (plane, plane[::-1], plane.T, plane.T[::-1])
    )
    return top, bottom, left, right


def padding(seen: View) -> tuple[float, ...]:
    """Constant rows and columns beyond the outermost frame, which is the border's affair."""
    top, bottom, left, right = (float(max(0, lines - 1)) for lines in padded(seen.plane.astype(np.float64)))
    return top + bottom, left + right


PADDING = Cue(
    "padding",
    "Padding",
    (
        Feature("rows", "rows of one value at top and bottom"),
        Feature("columns", "columns of one value at left and right"),
    ),
    picture="corner",
    mend="border mask",
)


def writing(seen: View) -> tuple[float, ...]:
    """Sharp steps in the outer eighth, as strokes of letters make: of half and of a quarter of the image's own range."""
    plane = seen.plane
    rows, columns = (side // 8 for side in plane.shape)
    margin = np.ones(plane.shape, np.bool_)
    margin[rows:-rows, columns:-columns] = False
    reach = max(float(plane.max() - plane.min()), 1.0)
    steps = np.abs(np.diff(plane, axis=1)) * (margin[:, 1:] & margin[:, :-1])
    return float(np.mean(steps > reach / 2)), float(np.mean(steps > reach / 4))


WRITING = Cue(
    "burnt-in text",
    "Writing in the margins",
    (
        Feature(
            "strokes",
            "steps of more than half the range between neighbouring pixels of the margin",
            share=True,
        ),
        Feature("faint strokes", "steps of more than a quarter of the range between them", share=True),
    ),
    picture="corner",
    mend="border mask",
)
