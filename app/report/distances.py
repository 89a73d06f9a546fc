"""Distances of models by extractor (FID or any Fréchet distance) against the rate at which readers were fooled."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from app.errors import InvalidError
from app.report import spreadsheet
from app.report.cells import plain
from app.report.columns import Columns, of_model
from app.stats import correlation
from app.stats.correlation import Correlation
from app.stats.estimates import Interval, NotEstimable

COLUMNS = ("model", "extractor", "distance")
Distances = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Point:
    """A model's distance and its mean FPR over readers."""

    model: str
    distance: float
    fpr: float


@dataclass(frozen=True, slots=True)
class Correlated:
    """One extractor: its models, Pearson with Fisher's interval, Spearman, r's range over readers; models not read."""

    extractor: str
    points: tuple[Point, ...]
    pearson: Correlation
    spearman: Correlation
    over_readers: Interval | NotEstimable
    not_read: tuple[str, ...]


def read(path: Path) -> dict[str, dict[str, float]]:
    """Distances by extractor and model from a CSV file; raises InvalidError naming the row, the header being row 1."""
    text = spreadsheet.read_text(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=spreadsheet.separator(text))
    header = spreadsheet.header(next(lines, []), COLUMNS)
    found: dict[str, dict[str, float]] = {}
    for row, cells in enumerate(lines, start=2):
        given = dict(zip(header, (" ".join(plain(cell).split()) for cell in cells), strict=False))
        if any(given.values()):
            _add(found, row, [given.get(name, "") for name in COLUMNS])
    if not found:
        raise InvalidError("There is no distance in this file.")
    return found


def _add(found: dict[str, dict[str, float]], row: int, cells: Sequence[str]) -> None:
    model, extractor, text = cells
    if not extractor or not text:
        raise InvalidError(f"Row {row}: the extractor and the distance must be given.")
    try:
        distance = spreadsheet.number(text)
    except ValueError:
        distance = -1.0
    if not isfinite(distance) or distance < 0:
        raise InvalidError(
            f"Row {row}: “{text}” in the column “distance” must be a number, not below 0."
        ) from None
    of_extractor = found.setdefault(extractor, {})
    if model in of_extractor:
        raise InvalidError(f"Row {row}: the model “{model}” has a distance by {extractor} already.")
    of_extractor[model] = distance


def correlate(
    columns: Columns, names: Sequence[str], distances: Distances, seed: int
) -> tuple[Correlated, ...]:
    """Each extractor apart: distances by different extractors are never compared."""
    by_model = {name: _fpr_by_reader(columns, name) for name in names}
    read_ones = {name for name, rates in by_model.items() if np.isfinite(rates).any()}
    found = []
    for extractor, of_extractor in sorted(distances.items()):
        models = sorted(read_ones & of_extractor.keys())
        x = np.array([of_extractor[model] for model in models])
        by_reader = (
            np.array([by_model[model] for model in models]).reshape(len(models), len(columns.readers)).T
        )
        y = np.array([np.nanmean(column) for column in by_reader.T])
        some = by_reader[np.isfinite(by_reader).any(axis=1)]
        found.append(
            Correlated(
                extractor,
                tuple(Point(m, float(a), float(b)) for m, a, b in zip(models, x, y, strict=True)),
                correlation.pearson(x, y),
                correlation.spearman(x, y),
                correlation.range_over_readers(x, some, np.random.default_rng(seed)),
                tuple(sorted(of_extractor.keys() - read_ones)),
            )
        )
    return tuple(found)


def _fpr_by_reader(columns: Columns, name: str) -> correlation.Floats:
    """Each reader's FPR of a model's images (R,), NaN for readers who answered none."""
    mine = of_model(columns, name)
    mine = mine.only(~mine.real)
    number = len(columns.readers)
    answered = np.bincount(mine.reader, minlength=number)
    fooled = np.bincount(mine.reader, weights=mine.said_real, minlength=number)
    return np.where(answered > 0, fooled / np.maximum(answered, 1), np.nan)
