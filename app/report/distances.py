"""Distances of models by extractor (FID or any Fréchet distance) against the rate at which readers were fooled."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf, isfinite, log10
from pathlib import Path

import numpy as np

from app.errors import InvalidError
from app.report import spreadsheet
from app.report.cells import plain
from app.report.columns import Columns, of_model
from app.report.measured import Distances, Extractor, Measured
from app.stats import correlation
from app.stats.correlation import Correlation
from app.stats.estimates import Interval, MeanSd, NotEstimable, Number

COLUMNS = ("model", "extractor", "distance")
_MOST_PLACES = 6
NOT_MEASURED = NotEstimable("no distance was measured")


@dataclass(frozen=True, slots=True)
class Point:
    """A model's distance and its mean FPR over readers."""

    model: str
    distance: float
    fpr: float


@dataclass(frozen=True, slots=True)
class Line:
    """A model in Table 2: its experiment (empty: unknown), its distance and of how many images, FPR and FNR as mean ± SD over readers."""

    model: str
    experiment: str
    distance: Number
    n_real: int | None
    n_synthetic: int | None
    fpr: MeanSd
    fnr: MeanSd


@dataclass(frozen=True, slots=True)
class Correlated:
    """One extractor: Table 2, its points, Pearson with Fisher's interval, Spearman, r's range over readers; models not read.

    `extractor` says what the distance is called, `network` what it is of. `alike`: all distances are of the same numbers of images.
    """

    extractor: str
    network: Extractor
    table: tuple[Line, ...]
    alike: bool
    points: tuple[Point, ...]
    pearson: Correlation
    spearman: Correlation
    over_readers: Interval | NotEstimable
    not_read: tuple[str, ...]

    @property
    def places(self) -> int:
        """How many decimals a column of its distances takes: two, more where the smallest would have fewer than three digits."""
        there = [line.distance for line in self.table if not isinstance(line.distance, NotEstimable)]
        smallest = min((distance for distance in there if distance > 0), default=1.0)
        return min(max(2, 2 - floor(log10(smallest))), _MOST_PLACES)

    @property
    def has_counts(self) -> bool:
        return any(line.n_real is not None for line in self.table)

    @property
    def has_experiments(self) -> bool:
        return any(line.experiment for line in self.table)

    def cautions(self) -> list[str]:
        """What a reader of its numbers has to mind."""
        said = []
        if self.pearson.caution:
            said.append("Caution: with fewer than six models a correlation shows next to nothing.")
        if not self.alike:
            said.append(
                "Caution: these distances are of different numbers of images, and those of fewer images are larger."
            )
        missing = [line.model or "all" for line in self.table if isinstance(line.distance, NotEstimable)]
        if missing:
            said.append(f"Not measured by this network, and not in its correlation: {', '.join(missing)}.")
        if self.not_read:
            said.append(f"Without ratings here, and left out: {', '.join(self.not_read)}.")
        return said


def read(path: Path) -> dict[Extractor, dict[str, Measured]]:
    """Distances by extractor and model from a CSV file; raises InvalidError naming the row, the header being row 1."""
    text = spreadsheet.read_text(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=spreadsheet.separator(text))
    header = spreadsheet.header(next(lines, []), COLUMNS)
    found: dict[Extractor, dict[str, Measured]] = {}
    for row, cells in enumerate(lines, start=2):
        given = dict(zip(header, (" ".join(plain(cell).split()) for cell in cells), strict=False))
        if any(given.values()):
            _add(found, row, [given.get(name, "") for name in COLUMNS])
    if not found:
        raise InvalidError("There is no distance in this file.")
    return found


def _add(found: dict[Extractor, dict[str, Measured]], row: int, cells: Sequence[str]) -> None:
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
    of_extractor = found.setdefault(Extractor(extractor), {})
    if model in of_extractor:
        raise InvalidError(f"Row {row}: the model “{model}” has a distance by {extractor} already.")
    of_extractor[model] = Measured(distance)


def correlate(
    columns: Columns,
    averages: Mapping[str, Mapping[str, MeanSd]],
    experiments: Mapping[str, str],
    distances: Distances,
    seed: int,
) -> tuple[Correlated, ...]:
    """Each extractor apart: distances by different extractors are never compared. `averages` are each model's rates over readers."""
    by_model = {name: _fpr_by_reader(columns, name) for name in averages}
    read_ones = {name for name, rates in by_model.items() if np.isfinite(rates).any()}
    titles = [network.title or network.name for network in distances]
    found = []
    for network, of_network in sorted(distances.items()):
        models = sorted(read_ones & of_network.keys())
        x = np.array([of_network[model].distance for model in models])
        by_reader = (
            np.array([by_model[model] for model in models]).reshape(len(models), len(columns.readers)).T
        )
        y = np.array([np.nanmean(column) for column in by_reader.T])
        some = by_reader[np.isfinite(by_reader).any(axis=1)]
        table = _table(averages, experiments, of_network)
        found.append(
            Correlated(
                _called(network, titles),
                network,
                table,
                len({(line.n_real, line.n_synthetic) for line in table if line.model in of_network}) < 2,
                tuple(Point(m, float(a), float(b)) for m, a, b in zip(models, x, y, strict=True)),
                correlation.pearson(x, y),
                correlation.spearman(x, y),
                correlation.range_over_readers(x, some, np.random.default_rng(seed)),
                tuple(sorted(of_network.keys() - read_ones)),
            )
        )
    return tuple(found)


def _called(network: Extractor, titles: Sequence[str]) -> str:
    """What its distance is called; where two are called alike, with the weights."""
    title = network.title or network.name
    return title if titles.count(title) == 1 else f"{title} (weights {network.weights_sha256[:12]})"


def _table(
    averages: Mapping[str, Mapping[str, MeanSd]],
    experiments: Mapping[str, str],
    measured: Mapping[str, Measured],
) -> tuple[Line, ...]:
    """The models with ratings, the nearest to real images first; those that were not measured at the end."""
    lines = []
    for model, rates in averages.items():
        one = measured.get(model)
        lines.append(
            Line(
                model,
                experiments.get(model, ""),
                one.distance if one else NOT_MEASURED,
                one.n_real if one else None,
                one.n_synthetic if one else None,
                rates["fpr"],
                rates["fnr"],
            )
        )
    return tuple(
        sorted(lines, key=lambda line: measured[line.model].distance if line.model in measured else inf)
    )


def _fpr_by_reader(columns: Columns, name: str) -> correlation.Floats:
    """Each reader's FPR of a model's images (R,), NaN for readers who answered none."""
    mine = of_model(columns, name)
    mine = mine.only(~mine.real)
    number = len(columns.readers)
    answered = np.bincount(mine.reader, minlength=number)
    fooled = np.bincount(mine.reader, weights=mine.said_real, minlength=number)
    return np.where(answered > 0, fooled / np.maximum(answered, 1), np.nan)
