"""How well readers tell real from synthetic: ROC curves, and d′ against the criterion."""

from collections.abc import Sequence

import numpy as np

from app.report import printing
from app.report.build import ModelResult
from app.report.figures.canvas import BOTH, INK, Drawn, counted, drawing, legend, short
from app.stats.estimates import NotEstimable, estimable
from app.stats.roc import Curve, Floats

MOST_NAMES = 14


def roc(model: ModelResult) -> Drawn | None:
    """Each reader's curve, and the mean of the curves at each false positive rate, whose area is the mean AUC."""
    curves = [reader.roc for reader in model.readers if reader.roc]
    if not curves:
        return None
    with drawing(4.6) as (axes, out):
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
        for number, curve in enumerate(curves):
            axes.plot(
                *zip(*curve, strict=True),
                color=INK,
                alpha=0.45 if len(curves) <= MOST_NAMES else 0.15,
                linewidth=1,
                label="each reader" if number == 0 else None,
            )
        if len(curves) > 1:
            axes.plot(*_mean(curves), color=BOTH, linewidth=2.5, label="mean of readers")
        axes.set_aspect("equal")
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        axes.set_xlabel("synthetic images rated as high or higher")
        axes.set_ylabel("real images rated as high or higher")
        legend(axes)
    mean = " The mean is of the readers' curves at each share of synthetic images." if len(curves) > 1 else ""
    found = model.discrimination.likert_auc.estimate
    area = (
        "" if isinstance(found, NotEstimable) else f"; AUC over readers and images {printing.fixed(found, 3)}"
    )
    bounds = model.discrimination.likert_auc_logit
    if area and not isinstance(bounds, NotEstimable):
        area += f" (95 % CI {printing.bounds(bounds, 3)}, one-shot MRMC)"
    return (
        (
            "Can readers tell? ROC curves of the Likert ratings: the nearer to the dotted diagonal, the more a reader guesses. "
            f"{counted(len(curves), 'reader')}{area}.{mean}"
        ),
        out.getvalue(),
    )


def _mean(curves: Sequence[Curve]) -> tuple[Floats, Floats]:
    """The vertical average of the curves (Fawcett 2006, Pattern Recognition Letters 27:861), at all of their corners.

    Where a curve goes straight up it has two heights at one place; the average is taken just before and just after it.
    """
    corners = np.unique(np.concatenate([np.array(curve)[:, 0] for curve in curves]))
    return np.repeat(corners, 2), np.mean(
        [_heights(np.array(curve).T, corners) for curve in curves], axis=0
    ).ravel()


def _heights(curve: Floats, at: Floats) -> Floats:
    """A curve's heights (n, 2) at places: at the lower and at the upper end of a rise, alike where there is none."""
    x, y = curve
    first, last = np.searchsorted(x, at, "left"), np.searchsorted(x, at, "right") - 1
    there = x[np.minimum(first, len(x) - 1)] == at
    between = np.interp(at, x, y)
    return np.stack(
        [np.where(there, y[np.minimum(first, last)], between), np.where(there, y[last], between)], 1
    )


def criterion(model: ModelResult) -> Drawn | None:
    """Is the reader sceptical or blind? d′ against c, a point for each reader."""
    there = [
        (reader.reader, placed.criterion, placed.d_prime)
        for reader in model.readers
        if estimable((placed := reader.sensitivity).criterion) and estimable(placed.d_prime)
    ]
    if not there:
        return None
    c, d = np.array([point[1:] for point in there], np.float64).T
    across, low, high = max(1.0, np.abs(c).max() + 0.3), min(-0.6, d.min() - 0.2), max(1.8, d.max() + 0.5)
    with drawing(4.0) as (axes, out):
        axes.axhline(0, color=INK, linewidth=0.8, linestyle=":")
        axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
        axes.plot(c, d, "o", color=BOTH, markersize=6, alpha=0.85, markeredgewidth=0)
        if len(there) <= MOST_NAMES:
            together: dict[tuple[float, float], list[str]] = {}
            for name, x, y in there:
                together.setdefault((x, y), []).append(name)
            for (x, y), names in together.items():
                axes.annotate(
                    short(", ".join(names)), (x, y), xytext=(6, 3), textcoords="offset points", fontsize=8.5
                )
        axes.set_xlim(-across, across)
        axes.set_ylim(low, high)
        for x, side in ((0.01, "left"), (0.99, "right")):
            word = "trusting: leans to “real”" if side == "left" else "sceptical: leans to “synthetic”"
            axes.text(x, 0.985, word, transform=axes.transAxes, ha=side, va="top", style="italic")
        free = 1 if c.mean() < 0 else -1  # the side with fewer points
        axes.text(
            free * across,
            0.02,
            " blind: cannot tell ",
            ha="right" if free > 0 else "left",
            va="bottom",
            style="italic",
        )
        axes.set_xlabel("criterion c")
        axes.set_ylabel("d′")
    return (
        (
            "Is a reader sceptical or blind? Up: tells real from synthetic better (d′; 0: not at all). Right: answers "
            f"“synthetic” more readily (criterion c). Log-linear correction; {counted(len(there), 'reader')}, "
            f"{model.fnr.images} real and {model.fpr.images} synthetic images."
        ),
        out.getvalue(),
    )
