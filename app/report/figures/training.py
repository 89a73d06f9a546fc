"""The course of training experiments: do the losses drift apart, does the measure still fall, how much is augmented?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.report.figures.canvas import INK, Drawn, counted, drawing, short
from app.runs.divergence import RULE, WINDOW, Course
from app.runs.metrics import FID, Score
from app.runs.ticks import Tick

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito's
_LINES = ("-", "--", ":", "-.")
_NAMES = {FID: "FID"}


def losses(courses: Sequence[tuple[int, str, Course]]) -> Drawn | None:
    """The moving average of |G loss − D loss| of each run, and where it diverges; none where no run is long enough."""
    there = [one for one in courses if len(one[2].kimg)]
    if not there:
        return None
    with drawing(_height(there)) as (axes, out):
        for number, name, course in there:
            axes.plot(course.kimg, course.average, label=short(name), **_style(number))
            if course.diverges_at is not None:
                at = int(np.searchsorted(course.kimg, course.diverges_at))
                axes.plot(course.kimg[at], course.average[at], "X", color=_colour(number), markersize=8)
        axes.set_xlabel("images shown, in thousands (kimg)")
        axes.set_ylabel("|G loss − D loss|")
        _legend(axes)
    diverged = sum(course.diverges_at is not None for *_, course in there)
    return (
        (
            f"Do the losses drift apart? Simple moving average over {WINDOW} ticks of |G loss − D loss|, {counted(len(there), 'run')}; "
            f"{diverged or 'none'} diverged (×). {RULE}"
        ),
        out.getvalue(),
    )


def scores(kind: str, runs: Sequence[tuple[int, str, Sequence[Score], Score | None]]) -> Drawn:
    """A measure of each run's snapshots over kimg, the chosen ones filled; of one kind only, for others cannot be compared."""
    from matplotlib.ticker import LogLocator, NullFormatter

    name = _NAMES.get(kind, kind)
    with drawing(_height(runs)) as (axes, out):
        for number, run, measured, best in runs:
            x, y = [one.kimg for one in measured], [one.value for one in measured]
            axes.plot(x, y, marker="o", markersize=3, fillstyle="none", label=short(run), **_style(number))
            if best:
                axes.plot(best.kimg, best.value, "o", color=_colour(number), markersize=7)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("images shown, in thousands (kimg)")
        axes.set_ylabel(f"{name} (logarithmic; lower is better)")
        _legend(axes)
    return (
        f"How does the {name} fall with training? Each measured snapshot of {counted(len(runs), 'run')}; filled: the one reported.",
        out.getvalue(),
    )


def augmentation(runs: Sequence[tuple[int, str, Sequence[Tick]]]) -> Drawn | None:
    """The probability of augmentation over kimg; none where no run ever augmented."""
    there = [
        (number, name, [tick for tick in ticks if np.isfinite(tick.augment_p)])
        for number, name, ticks in runs
        if any(tick.augment_p > 0 for tick in ticks)
    ]
    if not there:
        return None
    with drawing(_height(there)) as (axes, out):
        for number, name, ticks in there:
            x, y = [tick.kimg for tick in ticks], [tick.augment_p for tick in ticks]
            axes.plot(x, y, label=short(name), **_style(number))
        axes.set_ylim(0, 1)
        axes.set_xlabel("images shown, in thousands (kimg)")
        axes.set_ylabel("probability of augmentation")
        _legend(axes)
    return (
        (
            f"How much did adaptive augmentation augment? The probability at each tick, {counted(len(there), 'run')}: one that rises on "
            "says that the discriminator knows the training images ever better."
        ),
        out.getvalue(),
    )


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _style(number: int) -> dict[str, Any]:
    """The colour and kind of line of run `number` in all figures, so that runs are told apart without colours, too."""
    kind = _LINES[(number // len(_COLOURS) + number) % len(_LINES)]
    return {"color": _colour(number), "linestyle": kind, "linewidth": 1.3}


def _height(runs: Sequence[object]) -> float:
    return 3.2 + 0.2 * ((len(runs) + 2) // 3)


def _legend(axes: Any) -> None:
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, labelcolor=INK, fontsize=8.5
    )
