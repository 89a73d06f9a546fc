"""Writing that is part of an image's pixels: where it seems to be, so that a person can look at it.

Letters are strokes: thinner than what anatomy has to show, brighter (or darker) than their surround, of one grey value, side by
side on a line of their own. Nothing is read. Horizontal writing of about 8 to 28 pixels is looked for, of at least four letters
or so; what it finds and misses is measured in tests/imaging/test_burned_text.py and stands in docs/deidentification.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Box = tuple[int, int, int, int]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

_LARGEST_SIDE = 2048
_WIDEST_STROKE = 6
_REACH = 15  # pixels around a stroke within which weaker ones are blur or noise beside it
_LEAST_CONTRAST = 26
_FARTHEST = 60.0  # pixels between the middles of neighbouring letters
_MOST_LETTERS = 4000  # of more, the strongest
_MOST_INK = 1 / 3  # more than a page of bold type has: noise
_TALLEST = 40
MOST_BOXES = 64
_FRAME = (255, 170, 0)
_FIELDS = ("top", "bottom", "left", "right", "peak")


@dataclass(frozen=True, slots=True)
class _Letters:
    """Connected strokes that could be letters, one an entry (N,): their boxes, and the most that they stand out, in grey levels."""

    top: Numbers
    bottom: Numbers
    left: Numbers
    right: Numbers
    peak: Numbers

    def __getitem__(self, which: NDArray[np.generic]) -> "_Letters":
        return _Letters(*(getattr(self, name)[which] for name in _FIELDS))

    @property
    def height(self) -> Numbers:
        return self.bottom - self.top

    @property
    def box(self) -> Box:
        """(left, top, width, height) of all together."""
        left, top = int(self.left.min()), int(self.top.min())
        return left, top, int(self.right.max()) - left, int(self.bottom.max()) - top


TAG, MODALITY, SEEN = "tag", "modality", "seen"
_WRITTEN_ON = frozenset(
    ["BMD", "ECG", "ES", "IVOCT", "IVUS", "OP", "OPT", "OT", "RF", "SC", "US", "XA", "XC"]
)
"""Modalities whose machines are known to write into the pixels."""


def reasons(facts: Mapping[str, object], found: Sequence[Box]) -> list[str]:
    """Why an image may have writing in it: its file's own tag, how such images are made, or that some is seen."""
    made = facts.get("modality") in _WRITTEN_ON or facts.get("secondary_capture") is True
    told = {TAG: facts.get("burned_in") is True, MODALITY: made, SEEN: bool(found)}
    return [reason for reason, holds in told.items() if holds]


def boxes(pixels: Bytes) -> list[Box]:
    """(left, top, width, height) of each line of writing in (H, W) grey or (H, W, 3) colour pixels; empty where none is seen.

    Images with a side above 2048 pixels are looked at in a whole fraction of their size.
    """
    factor = min(-(-max(pixels.shape[:2]) // _LARGEST_SIDE), *pixels.shape[:2])
    grey = _reduced(pixels.max(axis=2) if pixels.ndim == 3 else pixels, factor)
    found = _bright_lines(grey) + _bright_lines(255 - grey)
    return [(x * factor, y * factor, w * factor, h * factor) for x, y, w, h in found[:MOST_BOXES]]


def framed(pixels: Bytes, found: Sequence[Box]) -> Bytes:
    """(H, W, 3) pixels with a frame around each box, two pixels away from it, for people to look at."""
    image = Image.fromarray(pixels).convert("RGB")
    draw = ImageDraw.Draw(image)
    for x, y, w, h in found:
        draw.rectangle((x - 3, y - 3, x + w + 2, y + h + 2), outline=_FRAME)
    return np.asarray(image)


def _reduced(grey: Bytes, factor: int) -> Bytes:
    """Every block of factor × factor pixels as its mean; a rest at the right and lower edges is left out."""
    if factor == 1:
        return grey
    height, width = (side // factor for side in grey.shape)
    blocks = grey[: height * factor, : width * factor].reshape(height, factor, width, factor)
    means: Bytes = blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8)
    return means


def _bright_lines(grey: Bytes) -> list[Box]:
    side = _WIDEST_STROKE + 1
    strokes = grey - ndimage.grey_opening(grey, (side, side))
    ink = (strokes >= _LEAST_CONTRAST) & (strokes > ndimage.maximum_filter(strokes, _REACH) // 2)
    if not 0 < ink.sum() <= _MOST_INK * ink.size:
        return []
    letters = _letters(ink, strokes)
    lines = (letters[members] for members in _side_by_side(letters))
    return [line.box for line in lines if _likeness(line, ink, grey) > 0]


def _letters(ink: Mask, strokes: Bytes) -> _Letters:
    labels, count = ndimage.label(ink)
    rows, columns = np.nonzero(ink)
    order = np.argsort(labels[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    sizes = np.bincount(labels[rows, columns], minlength=count + 1)[1:]
    starts = np.cumsum(sizes) - sizes
    found = _Letters(
        top=np.minimum.reduceat(rows, starts).astype(float),
        bottom=np.maximum.reduceat(rows, starts) + 1.0,
        left=np.minimum.reduceat(columns, starts).astype(float),
        right=np.maximum.reduceat(columns, starts) + 1.0,
        peak=np.maximum.reduceat(strokes[rows, columns], starts).astype(float),
    )
    tall, wide = found.height, found.right - found.left
    fit = np.flatnonzero((tall >= 4) & (tall <= _TALLEST) & (wide <= 4 * tall))
    return found[fit[np.argsort(-found.peak[fit], kind="stable")[:_MOST_LETTERS]]]


def _side_by_side(letters: _Letters) -> list[NDArray[np.intp]]:
    """Groups of three or more letters of like size and strength, each next to another on a line; as indices."""
    count = len(letters.top)
    if count < 3:
        return []
    middle = (letters.left + letters.right) / 2
    # distances down a page count twice, so that the search reaches along lines
    places = np.column_stack([middle, letters.top + letters.bottom])
    first, second = cKDTree(places).query_pairs(_FARTHEST, output_type="ndarray").reshape(-1, 2).T
    turned = middle[first] > middle[second]
    first, second = np.where(turned, second, first), np.where(turned, first, second)
    fit = _neighbours(letters[first], letters[second])
    links = coo_matrix((np.ones(fit.sum()), (first[fit], second[fit])), shape=(count, count))
    groups, member_of = connected_components(links, directed=False)
    sizes = np.bincount(member_of, minlength=groups)
    members = np.split(np.argsort(member_of, kind="stable"), np.cumsum(sizes)[:-1])
    return [group for group in members if len(group) >= 3]


def _neighbours(left: _Letters, right: _Letters) -> Mask:
    """Whether each pair could be two letters that follow each other."""
    taller, lower = np.maximum(left.height, right.height), np.minimum(left.height, right.height)
    gap = right.left - left.right
    shared = np.minimum(left.bottom, right.bottom) - np.maximum(left.top, right.top)
    fit: Mask = (
        (gap <= taller)
        & (gap >= -0.3 * lower)
        & (taller <= 2.2 * lower)
        & (shared >= 0.6 * lower)
        & (np.abs(left.bottom - right.bottom) <= 0.35 * taller)
        & (np.maximum(left.peak, right.peak) <= 1.6 * np.minimum(left.peak, right.peak))
    )
    return fit


def _likeness(line: _Letters, ink: Mask, grey: Bytes) -> float:
    """How much a row of strokes looks like writing; above 0 it is taken for it.

    The weights are those of a logistic regression on writing rendered on, and strokes found in, clean slices; rounded.
    """
    x, y, width, height = line.box
    inside, values = ink[y : y + height, x : x + width], grey[y : y + height, x : x + width]
    margins = np.concatenate([ink[max(0, y - 2) : y, x : x + width], ink[y + height :][:2, x : x + width]])
    upper, top = np.percentile(values[inside], (75, 95))
    ground = np.median(values[~inside]) if not inside.all() else top
    return float(
        4.1 * np.log(len(line.top))  # letters
        - 15.5 * line.peak.std() / line.peak.mean()  # of unequal strength
        - 12.2 * (top - upper) / max(1.0, np.median(line.peak))  # of uneven grey
        - 9.4 * (margins.mean() if margins.size else 0)  # ink above and below the line
        - 2.9 * np.log(max(height / np.median(line.height), 0.5))  # letters of unequal height, or out of line
        + 6.9 * inside.mean()
        + 1.35 * np.log(top - ground + 5)
        - 10.6
    )
