"""The analysis of readers' scores as JSON data and as lines of text."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from app.report import printing
from app.report.scores import Scores
from app.stats import obuchowski_rockette, roc
from app.stats.estimates import Interval, NotEstimable, Number
from app.stats.moments import has_gaps
from app.stats.mrmc import V_STATISTICS, Mrmc, OneShot
from app.stats.obuchowski_rockette import ObuchowskiRockette


def data(scores: Scores, found: Mrmc) -> dict[str, list[dict[str, Any]]]:
    """`{"modalities": […], "pairs": […]}`; what does not exist is None."""
    names = scores.modalities
    return {
        "modalities": [
            {"modality": name, "auc": _value(one.estimate), **_uncertainty(one)}
            for name, one in zip(names, found.modalities, strict=True)
        ],
        "pairs": [
            {"a": names[v], "b": names[w], "difference": _value(one.estimate), **_uncertainty(one)}
            for (v, w), one in found.pairs.items()
        ],
    }


def _uncertainty(one: OneShot) -> dict[str, float | None]:
    low, high = (one.interval.low, one.interval.high) if isinstance(one.interval, Interval) else (None, None)
    return {
        "var": _value(one.variance),
        "df": _value(one.df),
        "p": _value(one.p),
        "ci_low": low,
        "ci_high": high,
    }


def _value(number: Number) -> float | None:
    return None if isinstance(number, NotEstimable) else number


def lines(scores: Scores, found: Mrmc, *, centred: bool) -> Iterator[str]:
    """A table of AUCs, one of differences, what is missing and why, and Obuchowski and Rockette's test where it applies."""
    names = scores.modalities
    scored = int(np.isfinite(scores.synthetic).sum() + np.isfinite(scores.real).sum())
    possible = scores.synthetic.size + scores.real.size
    yield (
        f"Readers: {len(scores.readers)}. Cases: {scores.real.shape[2]} real, {scores.synthetic.shape[2]} synthetic. "
        f"Scores: {scored} of {possible}."
    )
    if not centred and has_gaps(scores.synthetic, scores.real):
        yield (
            "Scores are missing: as published, the intervals are then too short, most with few readers. "
            "With --centred the moments are taken about the readers’ mean AUC, as in reports, which mends it."
        )
    yield from _table("AUC", list(zip(names, found.modalities, strict=True)), "p against 1/2")
    if found.pairs:
        pairs = [(f"{names[v]} − {names[w]}", one) for (v, w), one in found.pairs.items()]
        yield from _table("Difference", pairs, "p against 0")
        yield from _fully_crossed(obuchowski_rockette.compare(scores.synthetic, scores.real))
    if len(scores.readers) == 1:
        yield from _one_reader(scores)


def _table(what: str, named: list[tuple[str, OneShot]], p: str) -> Iterator[str]:
    width = max(len(name) for name, _ in named)
    yield f"\n{'':{width}}  {what:>10}  {'95 % CI':>15}  {'SE':>7}  {'df':>6}  {p}"
    for name, one in named:
        se: Number = one.variance if isinstance(one.variance, NotEstimable) else one.variance**0.5
        yield (
            f"{name:{width}}  {printing.fixed(one.estimate, 3):>10}  {printing.bounds(one.interval, 3):>15}  {printing.fixed(se, 4):>7}"
            f"  {printing.fixed(one.df, 1):>6}  {printing.p_value(one.p)}"
        )
    for name, one in named:
        if isinstance(one.interval, NotEstimable):
            yield f"{name}: no interval, {one.interval.reason}."
        elif one.method.startswith(V_STATISTICS):
            yield f"{name}: V-statistics, as the unbiased variance is not positive."


def _fully_crossed(found: ObuchowskiRockette | NotEstimable) -> Iterator[str]:
    if isinstance(found, ObuchowskiRockette):
        yield (
            f"\n{found.method}: F = {printing.fixed(found.f, 3)}, df {found.df1} and {printing.fixed(found.df2, 1)}, "
            f"p {printing.p_value(found.p)}."
        )


def _one_reader(scores: Scores) -> Iterator[str]:
    """DeLong's interval, which tells nothing of other readers."""
    for name, x, y in zip(scores.modalities, scores.synthetic[:, 0], scores.real[:, 0], strict=True):
        found = roc.delong(x[np.isfinite(x)], y[np.isfinite(y)])
        if isinstance(found.interval, Interval):
            yield f"{name}: {printing.bounds(found.interval, 3)} ({found.interval.method})."
