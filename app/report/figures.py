"""The report's figures as SVG: the same report gives the same bytes."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.report.build import ModelResult, Report, rate
from app.stats.crossed import CrossedMean
from app.stats.estimates import Interval, NotEstimable, Proportion

# Okabe and Ito's blue and vermilion: told apart with any colour vision, on white and on black. Whatever is about real
# images is blue in every figure, whatever is about synthetic ones vermilion.
REAL, SYNTHETIC = "#0072b2", "#d55e00"
INK = "#2b3640"
_LONGEST_LABEL = 24
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "blindread",
    "svg.fonttype": "none",
    "text.parse_math": False,
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


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure without a ground: `name` is its file's, `caption` says what is shown, of how many, and by what method."""

    name: str
    caption: str
    svg: str

    @property
    def file(self) -> str:
        """The SVG as a file: on white, so that it can be read wherever it is put."""
        return re.sub(
            r"(<svg[^>]*>)", r'\1<rect width="100%" height="100%" fill="#ffffff"/>', self.svg, count=1
        )

    @property
    def inline(self) -> str:
        """The SVG as part of a page, in the page's ink."""
        return self.svg[self.svg.index("<svg") :].replace(INK, "currentColor")


def draw(report: Report) -> tuple[Figure, ...]:
    """For each model the rates of its readers, and the Likert ratings by truth where there are any."""
    figures = []
    for suffix, model in zip(_suffixes(report), report.models, strict=True):
        of = f" Model: {model.model}." if model.model else ""
        if model.readers:
            figures.append(Figure(f"rates{suffix}.svg", _rates_caption(model) + of, rates(model)))
        if any(sum(likert.distribution.values()) for likert in model.likert):
            figures.append(Figure(f"likert{suffix}.svg", _likert_caption(model) + of, likert_by_truth(model)))
    return tuple(figures)


def _rates_caption(model: ModelResult) -> str:
    return (
        "Share of synthetic images called real (FPR) and of real images called synthetic (FNR) by each reader, "
        "with Wilson's 95 % intervals"
        + (
            "; diamonds: means over readers and images with two-way intervals"
            if len(model.readers) > 1
            else ""
        )
        + f". {len(model.readers)} {'reader' if len(model.readers) == 1 else 'readers'}, "
        f"{model.fpr.images} synthetic and {model.fnr.images} real images. Dotted: 50 %, as by guessing."
    )


def _likert_caption(model: ModelResult) -> str:
    counts = ", ".join(
        f"{sum(likert.distribution.values())} ratings of {likert.truth} images" for likert in model.likert
    )
    return f"Ratings of realness by truth, from 1 (certainly synthetic) up (certainly real): {counts}, all readers."


def rates(model: ModelResult) -> str:
    """FPR and FNR of each reader with Wilson's 95 % intervals, and with several readers the means below."""
    several = len(model.readers) > 1
    labels = [_short(reader.reader) for reader in model.readers] + ["all readers"] * several
    with drawing(1.3 + 0.42 * max(len(labels), 2)) as (axes, out):
        for offset, metric, marker, colour, label, mean in (
            (-0.14, "fpr", "o", SYNTHETIC, "FPR: synthetic called real", model.fpr),
            (0.14, "fnr", "s", REAL, "FNR: real called synthetic", model.fnr),
        ):
            _points(axes, model, metric, offset, fmt=marker, color=colour, label=label)
            if several:
                _mean(axes, mean, len(model.readers) + offset, colour)
        axes.axvline(50, color=INK, linewidth=0.8, linestyle=":")
        if several:
            axes.axhline(len(model.readers) - 0.5, color=INK, linewidth=0.5)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.set_xlim(-2, 102)
        axes.set_xlabel("per cent, with 95 % intervals")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return out.getvalue()


def _points(axes: Any, model: ModelResult, metric: str, offset: float, **look: str) -> None:
    there = [
        (place + offset, found)
        for place, reader in enumerate(model.readers)
        if isinstance(found := rate(reader, metric), Proportion)
    ]
    axes.errorbar(
        [100 * found.value for _, found in there],
        [place for place, _ in there],
        xerr=[
            [100 * (found.value - found.interval.low) for _, found in there],
            [100 * (found.interval.high - found.value) for _, found in there],
        ],
        capsize=3,
        markersize=5,
        **look,
    )


def _mean(axes: Any, found: CrossedMean, place: float, colour: str) -> None:
    if isinstance(found.estimate, NotEstimable):
        return
    if isinstance(found.interval, Interval):
        bounds = [100 * found.interval.low, 100 * found.interval.high]
        axes.plot(bounds, [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
    axes.plot([100 * found.estimate], [place], marker="D", markersize=7, color=colour)


def likert_by_truth(model: ModelResult) -> str:
    """The share of ratings at each point of the scale, real beside synthetic."""
    with drawing(3.0) as (axes, out):
        for offset, likert, colour in zip((-0.2, 0.2), model.likert, (REAL, SYNTHETIC), strict=True):
            total = sum(likert.distribution.values())
            shares = [100 * k / total if total else 0 for k in likert.distribution.values()]
            places = [point + offset for point in likert.distribution]
            axes.bar(places, shares, width=0.38, color=colour, label=f"{likert.truth} images")
        axes.set_xticks(list(model.likert[0].distribution))
        axes.set_xlabel("rating of realness")
        axes.set_ylabel("per cent of ratings")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return out.getvalue()


@contextmanager
def drawing(height: float, columns: int = 1) -> Iterator[tuple[Any, io.StringIO]]:
    """Axes to draw on (an array of them where there are several columns), `height` inches high; the SVG is in the buffer after the block."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    out, svg = io.StringIO(), io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Text stays text: the viewer's font has the letters that ours lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        canvas = Canvas(figsize=(7.0, height), layout="constrained")
        yield canvas.subplots(1, columns), out
        canvas.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    out.write(re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg.getvalue()))


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def _suffixes(report: Report) -> list[str]:
    """What tells the models' files apart: nothing for one model, else a plain name, numbered where two would be alike."""
    if len(report.models) == 1:
        return [""]
    plain = [re.sub(r"[^a-z0-9]+", "-", model.model.lower()).strip("-") or "model" for model in report.models]
    return [
        f"_{name}" if plain.count(name) == 1 else f"_{name}_{number}" for number, name in enumerate(plain, 1)
    ]
