"""Image by image: how many of its readers were wrong about each, and whether that is less or more than by guessing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from app.report.columns import Columns
from app.stats.estimates import Proportion
from app.stats.intervals import half_p, wilson
from app.stats.multiple import benjamini_hochberg

LEVEL = 0.05
TEST = "exact binomial test against 1/2, p by Benjamini–Hochberg over the group's images, flagged at 5 %"
SHOWN = 8
Flag = Literal["", "below guessing", "above guessing"]


@dataclass(frozen=True, slots=True)
class ImageResult:
    """One image; `wrong`: readers who called it real though it is synthetic, or the reverse, of those who answered it."""

    model: str
    image: str
    truth: str
    wrong: Proportion
    p: float
    p_adjusted: float
    flag: Flag


@dataclass(frozen=True, slots=True)
class Group:
    """The images of one model and truth, in short: how many deceived nobody and everybody, and the two ends of the list."""

    model: str
    truth: str
    images: int
    deceived_nobody: int
    deceived_all: int
    below: int
    above: int
    fewest: tuple[ImageResult, ...]
    most: tuple[ImageResult, ...]


def images(columns: Columns) -> tuple[ImageResult, ...]:
    """Each image, sorted by model, truth and the share of readers that were wrong, synthetic images first."""
    number = len(columns.images)
    wrong = np.where(columns.real, 1 - columns.said_real, columns.said_real)
    n = np.bincount(columns.image, minlength=number)
    k = np.bincount(columns.image, weights=wrong, minlength=number).astype(np.int64)
    rate = k / np.maximum(n, 1)
    groups: dict[tuple[str, bool], list[int]] = {}
    for place, ((model, _), real) in enumerate(zip(columns.images, columns.image_is_real, strict=True)):
        groups.setdefault((model, bool(real)), []).append(place)
    found = []
    for _, places in sorted(groups.items()):
        places.sort(key=rate.__getitem__)  # stable: equal rates stay in the order of their names
        ps = [half_p(int(k[at]), int(n[at])) for at in places]
        for at, p, adjusted in zip(places, ps, benjamini_hochberg(ps), strict=True):
            found.append(_result(columns, at, (int(k[at]), int(n[at])), p, adjusted))
    return tuple(found)


def _result(columns: Columns, at: int, counted: tuple[int, int], p: float, adjusted: float) -> ImageResult:
    k, n = counted
    model, image = columns.images[at]
    flag: Flag = "" if adjusted >= LEVEL else "below guessing" if 2 * k < n else "above guessing"
    truth = "real" if columns.image_is_real[at] else "synthetic"
    return ImageResult(model, image, truth, Proportion(k, n, k / n, wilson(k, n)), p, adjusted, flag)


def groups(found: Sequence[ImageResult]) -> list[Group]:
    """The images in short, a group for each model and truth, in the order of the list."""
    return [
        _group(model, truth, list(group))
        for (model, truth), group in groupby(found, key=lambda each: (each.model, each.truth))
    ]


def _group(model: str, truth: str, group: Sequence[ImageResult]) -> Group:
    return Group(
        model,
        truth,
        len(group),
        sum(each.wrong.k == 0 for each in group),
        sum(each.wrong.k == each.wrong.n for each in group),
        sum(each.flag == "below guessing" for each in group),
        sum(each.flag == "above guessing" for each in group),
        fewest=tuple([each for each in group if each.wrong.value < 0.5][:SHOWN]),
        most=tuple([each for each in reversed(group) if each.wrong.value > 0.5][:SHOWN]),
    )


def shown(found: Sequence[ImageResult]) -> Iterable[tuple[str, str]]:
    """The images, as (model, image), of which a page shows a picture where it has one."""
    for group in groups(found):
        for each in (*group.fewest, *group.most):
            yield each.model, each.image
