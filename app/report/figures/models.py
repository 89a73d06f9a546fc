"""Models against each other, and against their distances."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.report import printing
from app.report.build import ModelResult, Report, rate
from app.report.distances import Correlated
from app.report.figures.canvas import (
    BOTH,
    INK,
    SYNTHETIC,
    Drawn,
    absent,
    counted,
    drawing,
    legend,
    short,
    whiskers,
)
from app.stats.estimates import Interval, NotEstimable, Number, Proportion


def arms(report: Report) -> Drawn | None:
    """Each model's FPR and balanced accuracy over readers and images, by FPR; none of one model alone."""
    if len(report.models) < 2:
        return None
    ordered = sorted(report.models, key=_fpr)
    with drawing(1.3 + 0.42 * len(ordered)) as (axes, out):
        axes.axvline(50, color=INK, linewidth=0.8, linestyle=":")
        for place, model in enumerate(ordered):
            each = [100 * f.value for r in model.readers if isinstance(f := rate(r, "fpr"), Proportion)]
            axes.plot(each, [place - 0.14] * len(each), "o", color=SYNTHETIC, alpha=0.3, markersize=3.5)
        for offset, colour, marker, label in (
            (-0.14, SYNTHETIC, "o", "FPR"),
            (0.14, BOTH, "s", "balanced accuracy"),
        ):
            there = [
                point
                for place, model in enumerate(ordered)
                if (point := _point(_measure(model, label), place + offset))
            ]
            whiskers(axes, there, colour, marker, label)
            for place, model in enumerate(ordered):
                if isinstance(_measure(model, label)[0], NotEstimable):
                    absent(axes, 0, place + 1.6 * offset, colour)
        _rows(axes, ordered)
        axes.set_xlabel("per cent, with 95 % intervals; pale: each reader's FPR")
        legend(axes)
    return (
        (
            "Which model fools readers most? Mean FPR with two-way intervals and balanced accuracy with intervals by the one-shot "
            f"analysis, both over readers and images. {counted(len(ordered), 'model')}, {counted(report.n_readers, 'reader')}; "
            "overlapping intervals do not show that two are alike: the table of pairs tests that. Dotted: 50 %, as by guessing."
        ),
        out.getvalue(),
    )


def images(report: Report) -> Drawn | None:
    """The fooling rates of each model's synthetic images, a row for each model, by FPR."""
    ordered = sorted(report.models, key=_fpr)
    row = {model.model: place for place, model in enumerate(ordered)}
    alike = Counter((row[e.model], e.wrong.value) for e in report.images if e.truth == "synthetic")
    if not alike:
        return None
    with drawing(1.2 + 0.32 * len(ordered)) as (axes, out):
        axes.axvline(50, color=INK, linewidth=0.8, linestyle=":")
        places, values = zip(*alike, strict=True)
        sizes = [6.0 * number for number in alike.values()]
        axes.scatter(
            [100 * value for value in values], places, s=sizes, color=SYNTHETIC, alpha=0.6, linewidth=0
        )
        _rows(axes, ordered)
        axes.set_xlabel("per cent of readers who called a synthetic image real")
    return (
        (
            "Does a model fool with all of its images, or with some? Each synthetic image by the share of readers who called it "
            f"real; larger dots are several images alike. {alike.total()} images of {counted(len(ordered), 'model')}, "
            f"{counted(report.n_readers, 'reader')}; images.csv has each with its interval. Dotted: 50 %, as by guessing."
        ),
        out.getvalue(),
    )


def _rows(axes: Any, ordered: Sequence[ModelResult]) -> None:
    axes.set_yticks(range(len(ordered)), [short(model.model) for model in ordered])
    axes.set_ylim(len(ordered) - 0.5, -0.5)
    axes.set_xlim(-2, 102)


def _fpr(model: ModelResult) -> float:
    return 2.0 if isinstance(model.fpr.estimate, NotEstimable) else model.fpr.estimate


def _measure(model: ModelResult, label: str) -> tuple[Number, Interval | NotEstimable]:
    found: Any = model.fpr if label == "FPR" else model.discrimination.balanced_accuracy
    return found.estimate, found.interval


def _point(
    found: tuple[Number, Interval | NotEstimable], place: float
) -> tuple[float, float, float, float] | None:
    value, interval = found
    if isinstance(value, NotEstimable):
        return None
    low, high = (interval.low, interval.high) if isinstance(interval, Interval) else (value, value)
    return 100 * value, 100 * low, 100 * high, place


def distances(report: Report, found: Correlated) -> Drawn | None:
    """Mean FPR against a distance, a point for each model."""
    if not found.points:
        return None
    intervals = {model.model: model.fpr.interval for model in report.models}
    with drawing(3.6) as (axes, out):
        axes.axhline(50, color=INK, linewidth=0.8, linestyle=":")
        for point in found.points:
            interval = intervals[point.model]
            if isinstance(interval, Interval):
                axes.plot(
                    [point.distance] * 2,
                    [100 * interval.low, 100 * interval.high],
                    color=SYNTHETIC,
                    linewidth=1,
                )
            axes.plot([point.distance], [100 * point.fpr], "o", color=SYNTHETIC, markersize=6)
            axes.annotate(
                short(point.model),
                (point.distance, 100 * point.fpr),
                xytext=(6, 4),
                textcoords="offset points",
                fontsize=8.5,
            )
        axes.margins(x=0.12)
        axes.set_ylim(-3, 103)
        named = found.network.title or f"distance by {short(found.network.name)}"
        axes.set_xlabel(f"{named} (lower: nearer to real images)")
        axes.set_ylabel("mean FPR, per cent")
    r = (
        f"Pearson's r {printing.fixed(found.pearson.r, 3)}, p {printing.p_value(found.pearson.p)}"
        if not isinstance(found.pearson.r, NotEstimable)
        else f"r: n/a ({found.pearson.r.reason})"
    )
    if isinstance(found.over_readers, Interval):
        r += f", 95 % of r over readers drawn with replacement {printing.bounds(found.over_readers, 3)}"
    caution = " Fewer than six models: caution." if found.pearson.caution else ""
    return (
        (
            f"Does the distance foretell how readers are fooled? Mean FPR over readers against {found.extractor}, lines: two-way "
            f"95 % intervals. {counted(len(found.points), 'model')}; {r}.{caution} Dotted: 50 %, as by guessing."
        ),
        out.getvalue(),
    )
