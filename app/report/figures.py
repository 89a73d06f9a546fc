"""The report's figures as SVG: the same report gives the same bytes."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.report.build import ModelResult, Report, rate
from app.stats.estimates import Proportion

# Okabe and Ito's colours, told apart with any colour vision.
FPR_COLOUR, FNR_COLOUR = "#0072b2", "#d55e00"
REAL_COLOUR, SYNTHETIC_COLOUR = "#009e73", "#cc79a7"
INK = "#2b3640"
_STYLE: Any = {
    "svg.hashsalt": "blindread",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def all_figures(report: Report) -> dict[str, str]:
    """File name → SVG: the rates of each reader and the Likert ratings by truth, for each model."""
    figures: dict[str, str] = {}
    for model in report.models:
        suffix = f"_{_plain(model.model)}" if len(report.models) > 1 else ""
        figures[f"rates{suffix}.svg"] = rates(model)
        if any(sum(likert.distribution.values()) for likert in model.likert):
            figures[f"likert{suffix}.svg"] = likert_by_truth(model)
    return figures


def rates(model: ModelResult) -> str:
    """FPR and FNR of each reader with Wilson's 95 % intervals; 50 % is chance."""
    with _drawing(1.3 + 0.42 * max(len(model.readers), 2)) as (axes, out):
        for offset, metric, colour, label in (
            (-0.14, "fpr", FPR_COLOUR, "FPR: synthetic called real"),
            (0.14, "fnr", FNR_COLOUR, "FNR: real called synthetic"),
        ):
            shown = [(i, rate(r, metric)) for i, r in enumerate(model.readers)]
            there = [(i, found) for i, found in shown if isinstance(found, Proportion)]
            axes.errorbar(
                [100 * found.value for _, found in there],
                [i + offset for i, _ in there],
                xerr=[
                    [100 * (found.value - found.interval.low) for _, found in there],
                    [100 * (found.interval.high - found.value) for _, found in there],
                ],
                fmt="o" if metric == "fpr" else "s",
                color=colour,
                label=label,
                capsize=3,
                markersize=5,
            )
        axes.axvline(50, color=INK, linewidth=0.8, linestyle=":")
        axes.set_yticks(range(len(model.readers)), [r.reader for r in model.readers])
        axes.invert_yaxis()
        axes.set_xlim(-2, 102)
        axes.set_xlabel("per cent, with 95 % intervals")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return _svg(out)


def likert_by_truth(model: ModelResult) -> str:
    """The share of ratings at each point of the scale, real beside synthetic."""
    with _drawing(3.0) as (axes, out):
        for offset, likert, colour in zip(
            (-0.2, 0.2), model.likert, (REAL_COLOUR, SYNTHETIC_COLOUR), strict=True
        ):
            total = sum(likert.distribution.values())
            shares = [100 * k / total if total else 0 for k in likert.distribution.values()]
            places = [point + offset for point in likert.distribution]
            axes.bar(
                places, shares, width=0.38, color=colour, label=f"{likert.truth} images ({total} ratings)"
            )
        axes.set_xticks(list(model.likert[0].distribution))
        axes.set_xlabel("rating of realness")
        axes.set_ylabel("per cent of ratings")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return _svg(out)


@contextmanager
def _drawing(height: float) -> Iterator[tuple[Any, io.StringIO]]:
    """Axes to draw on, `height` inches high; the SVG is in the buffer after the block."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    out = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.0, height), layout="constrained")
        yield figure.subplots(), out
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})


def _svg(out: io.StringIO) -> str:
    return re.sub(r"<!DOCTYPE[^>]*>\s*", "", out.getvalue())


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "model"
