"""The report's figures: each answers a question, and says of how many and by what method."""

import re
from collections.abc import Iterator, Sequence

from app.report import simulated
from app.report.build import ModelResult, Report
from app.report.figures import agreement, course, images, models, readers, telling, turnout
from app.report.figures.canvas import Drawn, Figure, stamped
from app.report.headline import many


def draw(report: Report) -> tuple[Figure, ...]:
    """Models against each other, each model's figures, then the course of the study.

    Of many models there are those figures alone that show all of them, so that the page can still be read.
    """
    stamp = simulated.label(report.n_simulated)
    return tuple(
        Figure(f"{name}.svg", drawn[0], stamped(drawn[1], stamp)) for name, drawn in _all(report) if drawn
    )


def _all(report: Report) -> Iterator[tuple[str, Drawn | None]]:
    yield "arms", models.arms(report)
    extractors = [each.network.name for each in report.correlations]
    for suffix, each in zip(_suffixes(extractors), report.correlations, strict=True):
        yield f"distances{suffix}", models.distances(report, each)
    if many(report):
        yield "fooling", models.images(report)
    each_model = () if many(report) else report.models
    for suffix, model in zip(_suffixes([m.model for m in each_model]), each_model, strict=True):
        of = f" Model: {model.model}." if model.model else ""
        for name, drawn in _of_model(report, model):
            yield f"{name}{suffix}", (drawn[0] + of, drawn[1]) if drawn else None
    yield "course", course.fifths(report)
    yield "time", course.time(report)
    yield "flow", turnout.readers(report)


def _of_model(report: Report, model: ModelResult) -> Iterator[tuple[str, Drawn | None]]:
    yield "rates", readers.rates(model)
    yield "likert", readers.likert_by_truth(model)
    yield "roc", telling.roc(model)
    yield "criterion", telling.criterion(model)
    yield "fooling", images.fooling(report, model)
    yield "agreement", agreement.agreement(model)


def _suffixes(names: Sequence[str]) -> list[str]:
    """What tells files apart: nothing for one, else a plain name, numbered where two would be alike."""
    if len(names) == 1:
        return [""]
    plain = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model" for name in names]
    return [
        f"_{name}" if plain.count(name) == 1 else f"_{name}_{number}" for number, name in enumerate(plain, 1)
    ]
