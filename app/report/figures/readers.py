"""Each reader's FPR and FNR, and how the readers' ratings of real and synthetic images lie."""

from typing import Any

import numpy as np

from app.report.build import ModelResult, ReaderResult, rate
from app.report.figures.canvas import (
    INK,
    REAL,
    SYNTHETIC,
    Drawn,
    absent,
    counted,
    drawing,
    legend,
    short,
    whiskers,
)
from app.stats.crossed import CrossedMean
from app.stats.estimates import Interval, NotEstimable, Proportion

MOST_NAMES = 40


def rates(model: ModelResult) -> Drawn | None:
    """FPR and FNR of each reader with Wilson's 95 % intervals, and with several readers the means below."""
    if not model.readers:
        return None
    many = len(model.readers) > MOST_NAMES
    readers = sorted(model.readers, key=_fpr) if many else list(model.readers)
    several = len(readers) > 1
    # The means stand below a gap that grows with the rows, so that they are seen among two hundred, too.
    last = len(readers) + len(readers) // 40
    height = 2.0 + 0.035 * len(readers) if many else 1.3 + 0.42 * max(len(readers) + several, 2)
    with drawing(height) as (axes, out):
        for offset, metric, marker, colour, label, mean in (
            (-0.14, "fpr", "o", SYNTHETIC, "FPR: synthetic called real", model.fpr),
            (0.14, "fnr", "s", REAL, "FNR: real called synthetic", model.fnr),
        ):
            there = [
                (100 * found.value, 100 * found.interval.low, 100 * found.interval.high, place + offset)
                for place, reader in enumerate(readers)
                if isinstance(found := rate(reader, metric), Proportion)
            ]
            size, width = (2.0, 0.4) if many else (5.0, 1.5)
            whiskers(axes, there, colour, marker, label, size=size, width=width)
            for place, reader in enumerate(readers):
                if not many and isinstance(rate(reader, metric), NotEstimable):
                    absent(axes, 0, place + 1.6 * offset, colour)
            if several:
                _mean(axes, mean, last + (last / len(readers)) * offset * (1 + 6 * many), colour)
        axes.axvline(50, color=INK, linewidth=0.8, linestyle=":")
        ticks = [] if many else [(place, short(reader.reader)) for place, reader in enumerate(readers)]
        if several:
            axes.axhline(len(readers) - 0.5, color=INK, linewidth=0.5)
            ticks.append((last, "all readers"))
        axes.set_yticks([place for place, _ in ticks], [name for _, name in ticks])
        axes.set_ylim(last + (0.5 + last / 60 if several else -0.5), -0.5)
        axes.set_xlim(-2, 102)
        axes.set_xlabel("per cent, with 95 % intervals")
        legend(axes)
    means = "; diamonds: means over readers and images with two-way intervals" if several else ""
    caption = (
        "How often is each reader fooled? The share of synthetic images called real (FPR) and of real images called "
        f"synthetic (FNR), with Wilson's 95 % intervals{means}. {'Readers are sorted by FPR. ' if many else ''}"
        f"{counted(len(readers), 'reader')}, {model.fpr.images} synthetic and {model.fnr.images} real images. "
        "Dotted: 50 %, as by guessing."
    )
    return caption, out.getvalue()


def _fpr(reader: ReaderResult) -> float:
    found = rate(reader, "fpr")
    return found.value if isinstance(found, Proportion) else 2.0


def _mean(axes: Any, found: CrossedMean, place: float, colour: str) -> None:
    if isinstance(found.estimate, NotEstimable):
        return
    if isinstance(found.interval, Interval):
        bounds = [100 * found.interval.low, 100 * found.interval.high]
        axes.plot(bounds, [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
    axes.plot([100 * found.estimate], [place], marker="D", markersize=7, color=colour)


def likert_by_truth(model: ModelResult) -> Drawn | None:
    """The share of ratings at each point of the scale, real beside synthetic."""
    totals = [sum(likert.distribution.values()) for likert in model.likert]
    if not any(totals):
        return None
    with drawing(3.0) as (axes, out):
        for offset, likert, total, colour in zip(
            (-0.2, 0.2), model.likert, totals, (REAL, SYNTHETIC), strict=True
        ):
            shares = 100 * np.array([*likert.distribution.values()]) / max(total, 1)
            places = [point + offset for point in likert.distribution]
            axes.bar(places, shares, width=0.38, color=colour, label=f"{likert.truth} images")
        axes.set_xticks(list(model.likert[0].distribution))
        axes.set_xlabel("rating of realness")
        axes.set_ylabel("per cent of ratings")
        legend(axes)
    counts = ", ".join(
        f"{total} ratings of {likert.truth} images"
        for total, likert in zip(totals, model.likert, strict=True)
    )
    caption = (
        f"Do real images look more real? Ratings of realness by truth, from 1 (certainly synthetic) to {len(model.likert[0].distribution)} "
        f"(certainly real), as shares of each truth's ratings: {counts}; {counted(len(model.readers), 'reader')}."
    )
    return caption, out.getvalue()
