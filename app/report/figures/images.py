"""Image by image: the share of readers that each one fooled."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.report.build import ModelResult, Report
from app.report.figures.canvas import INK, REAL, SYNTHETIC, Drawn, counted, drawing
from app.report.images import ImageResult

MOST_WHISKERS = 120


def fooling(report: Report, model: ModelResult) -> Drawn | None:
    """Fooling rates of a model's synthetic images, sorted, beside those of the real images read with them."""
    of_truth = {
        truth: [
            each
            for each in report.images
            if each.truth == truth and (each.model == model.model or (truth == "real" and not each.model))
        ]
        for truth in ("synthetic", "real")
    }
    of_truth = {
        truth: sorted(found, key=lambda each: each.wrong.value) for truth, found in of_truth.items() if found
    }
    if not of_truth:
        return None
    with drawing(3.0, len(of_truth)) as (panels, out):
        for axes, (truth, found) in zip(np.atleast_1d(panels), of_truth.items(), strict=True):
            _sorted(axes, found, SYNTHETIC if truth == "synthetic" else REAL)
            axes.set_title(
                f"{truth} images called {'real' if truth == 'synthetic' else 'synthetic'}", fontsize=10
            )
            axes.set_xlabel("images, sorted")
        np.atleast_1d(panels)[0].set_ylabel("per cent of readers")
    counts = " and ".join(f"{len(found)} {truth}" for truth, found in of_truth.items())
    readers = [each.wrong.n for found in of_truth.values() for each in found]
    few, most = min(readers), max(readers)
    each_by = counted(most, "reader") if few == most else f"{few} to {most} readers"
    return (
        (
            "Which images fool readers? The share of readers who took each image for what it is not, with Wilson's 95 % "
            f"intervals; {counts} images, each answered by {each_by}. Dotted: 50 %, as by guessing."
        ),
        out.getvalue(),
    )


def _sorted(axes: Any, found: Sequence[ImageResult], colour: str) -> None:
    place = np.arange(1, len(found) + 1)
    value, low, high = (
        100
        * np.array(
            [(each.wrong.value, each.wrong.interval.low, each.wrong.interval.high) for each in found]
        ).T
    )
    axes.axhline(50, color=INK, linewidth=0.8, linestyle=":")
    if len(found) <= MOST_WHISKERS:
        axes.vlines(place, low, high, color=colour, linewidth=0.8)
        axes.plot(place, value, "o", color=colour, markersize=3.5)
    else:
        axes.fill_between(place, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(place, value, color=colour, linewidth=1.5)
    axes.set_ylim(-3, 103)
    axes.set_xlim(0, len(found) + 1)
    axes.xaxis.get_major_locator().set_params(integer=True)
