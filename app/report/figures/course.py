"""What changes along the readers' way, and how long they look at images of either truth."""

from typing import Any

import numpy as np

from app.report.build import Report
from app.report.figures.canvas import (
    BOTH,
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
from app.report.timing import Fifth
from app.stats.estimates import Interval, NotEstimable, estimable
from app.stats.spread import Quartiles


def fifths(report: Report) -> Drawn | None:
    """FPR and FNR, and where there are times the seconds, by fifths of each reader's order."""
    found = report.timing.fifths
    if not found:
        return None
    timed = [each for each in found if each.seconds.n]
    with drawing(3.0, 1 + bool(timed)) as (panels, out):
        axes = np.atleast_1d(panels)
        _rates(axes[0], found)
        if timed:
            _seconds(axes[1], timed)
        for each in axes:
            each.set_xticks([fifth.number for fifth in found])
            each.set_xlim(0.6, len(found) + 0.4)
            each.set_xlabel("fifth of each reader's order")
    seconds = "; right: seconds per image, median and quartiles over all answers" if timed else ""
    return (
        (
            "Do readers learn, or tire? FPR and FNR over readers and images with two-way 95 % intervals, in fifths of each "
            f"reader's own order{seconds}. {counted(report.n_readers, 'reader')}, {counted(report.n_ratings, 'answer')}."
        ),
        out.getvalue(),
    )


def _rates(axes: Any, found: tuple[Fifth, ...]) -> None:
    axes.axhline(50, color=INK, linewidth=0.8, linestyle=":")
    for metric, offset, colour, marker in (("fpr", -0.07, SYNTHETIC, "o"), ("fnr", 0.07, REAL, "s")):
        there = [
            (each.number + offset, 100 * rate.estimate, rate.interval)
            for each in found
            if estimable((rate := getattr(each, metric)).estimate)
        ]
        axes.plot(
            [x for x, _, _ in there],
            [y for _, y, _ in there],
            color=colour,
            marker=marker,
            label=metric.upper(),
        )
        for each in found:
            if isinstance(getattr(each, metric).estimate, NotEstimable):
                absent(axes, each.number + 3 * offset, 4, colour)
        for x, _, interval in there:
            if isinstance(interval, Interval):
                axes.plot([x, x], [100 * interval.low, 100 * interval.high], color=colour, linewidth=1)
    axes.set_ylim(-3, 103)
    axes.set_ylabel("per cent")
    legend(axes)


def _seconds(axes: Any, found: list[Fifth]) -> None:
    median, q1, q3 = np.array([_numbers(each.seconds) for each in found]).T
    places = [each.number for each in found]
    axes.vlines(places, q1, q3, color=BOTH)
    axes.plot(places, median, "o-", color=BOTH)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("seconds")


def _numbers(found: Quartiles) -> tuple[float, float, float]:
    """Median and quartiles of what has some."""
    median, q1, q3 = (float(v) for v in (found.median, found.q1, found.q3) if estimable(v))
    return median, q1, q3


def time(report: Report) -> Drawn | None:
    """Seconds per image by truth, a row for each model."""
    found = report.timing.by_truth
    if not found:
        return None
    with drawing(1.1 + 0.34 * len(found)) as (axes, out):
        for row, each in enumerate(found):
            colour = REAL if each.truth == "real" else SYNTHETIC
            median, q1, q3 = _numbers(each.over_answers)
            whiskers(axes, [(median, q1, q3, row)], colour, "o", size=7, width=2.5)
        labels = [f"{each.truth}{f': {short(each.model)}' if each.model else ''}" for each in found]
        axes.set_yticks(range(len(found)), labels)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_xlabel("seconds per image")
    counts = ", ".join(
        f"{each.over_answers.n} {each.truth}{f' ({each.model})' if each.model else ''}" for each in found
    )
    return (
        (
            f"Do readers look longer at one kind? Seconds per image, median and quartiles over all answers: {counts}; "
            f"{counted(report.n_readers, 'reader')}."
        ),
        out.getvalue(),
    )
