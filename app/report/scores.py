"""Scores of readers in several modalities as a spreadsheet gives them, and what is wrong with them, by row."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidError
from app.report import spreadsheet
from app.report.cells import plain

COLUMNS = ("reader", "case", "modality", "truth", "score")
TRUTHS = {"synthetic": 0, "real": 1}
MOST_CELLS = 30_000_000  # readers × cases × modalities, scored or not: memory

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores (V, R, N) of synthetic and (V, R, M) of real images, NaN where there is none; a higher one is more real."""

    modalities: tuple[str, ...]
    readers: tuple[str, ...]
    synthetic: Floats
    real: Floats


class _Codes(dict[str, int]):
    """A number for each name, as it comes; spaces around and within do not count."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, int] = {}

    def __missing__(self, text: str) -> int:
        name = " ".join(plain(text).split())
        if not name:
            raise ValueError
        self[text] = self.names.setdefault(name, len(self.names))
        return self[text]


def read(path: Path) -> Scores:
    """The scores of a CSV file (comma, semicolon or tab; UTF-8); raises InvalidError naming the row, the header is row 1."""
    return parse(spreadsheet.read_text(path))


def parse(text: str) -> Scores:
    """The scores of a CSV text; raises InvalidError naming the row."""
    codes = (_Codes(), _Codes(), _Codes())
    rows, cells, scores = [], [], []
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=spreadsheet.separator(text))
    try:
        header = spreadsheet.header(next(lines, []), COLUMNS)
        for row, coded, score in _filled(lines, header, codes):
            rows.append(row)
            cells.append(coded)
            scores.append(score)
    except csv.Error as error:
        raise InvalidError(f"This is no CSV file: {error}.") from None
    if not rows:
        raise InvalidError("There is no score in this file.")
    return _table(np.array(rows), np.array(cells, dtype=np.int64).T, np.array(scores), codes)


def _filled(
    lines: Iterator[list[str]], header: Sequence[str], codes: tuple[_Codes, _Codes, _Codes]
) -> Iterator[tuple[int, tuple[int, int, int, int], float]]:
    """Row, (reader, case, modality, truth) and score of each line; the common case without a detour."""
    readers, cases, modalities = codes
    reader, case, modality, truth, score = (header.index(name) for name in COLUMNS)
    width = len(header)
    for row, cells in enumerate(lines, start=2):
        try:
            coded = (
                readers[cells[reader]],
                cases[cells[case]],
                modalities[cells[modality]],
                TRUTHS[cells[truth]],
            )
            number = float(cells[score])
        except (IndexError, KeyError, ValueError):
            if not any(cell.strip() for cell in cells):
                continue
            given = dict(zip(header, cells, strict=False))
            number, word = _number(row, given), _truth(row, given)
            coded = (
                readers[_text(row, given, "reader")],
                cases[_text(row, given, "case")],
                modalities[_text(row, given, "modality")],
                TRUTHS[word],
            )
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise InvalidError(f"Row {row}: more cells than the first row has columns.")
        yield row, coded, number


def _text(row: int, given: dict[str, str], name: str) -> str:
    if not given.get(name, "").strip():
        raise InvalidError(f"Row {row}: the column “{name}” is empty.")
    return given[name]


def _truth(row: int, given: dict[str, str]) -> str:
    word = _text(row, given, "truth").strip().lower()
    if word not in TRUTHS:
        raise InvalidError(f"Row {row}: “{given['truth']}” in the column “truth” must be real or synthetic.")
    return word


def _number(row: int, given: dict[str, str]) -> float:
    try:
        return spreadsheet.number(_text(row, given, "score"))
    except ValueError:
        raise InvalidError(f"Row {row}: “{given['score']}” in the column “score” must be a number.") from None


def _table(rows: Ints, cells: Ints, scores: Floats, codes: tuple[_Codes, _Codes, _Codes]) -> Scores:
    readers, cases, modalities = (list(each.names) for each in codes)
    reader, case, modality, truth = cells
    if (wrong := np.flatnonzero(~np.isfinite(scores))).size:
        raise InvalidError(f"Row {rows[wrong[0]]}: the score must be a finite number.")
    _, first, of_case = np.unique(case, return_index=True, return_inverse=True)
    if (wrong := np.flatnonzero(truth != truth[first][of_case])).size:
        raise InvalidError(
            f"Row {rows[wrong[0]]}: the case “{cases[case[wrong[0]]]}” has another truth in an earlier row."
        )
    if truth.min() == truth.max():
        raise InvalidError(f"All cases are {'real' if truth[0] else 'synthetic'}; it takes both kinds.")
    shape = (len(modalities), len(readers), len(cases))
    if np.prod(shape) > MOST_CELLS:
        raise InvalidError(
            f"{shape[0]} modalities × {shape[1]} readers × {shape[2]} cases are more than {MOST_CELLS // 10**6} million cells."
        )
    place = np.ravel_multi_index((modality, reader, case), shape)
    _, kept = np.unique(place, return_index=True)
    if len(kept) < len(place):
        twice = int(np.setdiff1d(np.arange(len(place)), kept)[0])
        raise InvalidError(
            f"Row {rows[twice]}: reader “{readers[reader[twice]]}” has a score for the case “{cases[case[twice]]}” "
            f"in modality “{modalities[modality[twice]]}” in an earlier row."
        )
    return _sorted(place, scores, truth[first], (modalities, readers))


def _sorted(place: Ints, scores: Floats, truth: Ints, names: tuple[list[str], list[str]]) -> Scores:
    """By the modalities' and readers' names, so that the order of rows does not matter."""
    modalities, readers = names
    table = np.full((len(modalities), len(readers), len(truth)), np.nan)
    table.flat[place] = scores
    by_name = [sorted(range(len(each)), key=each.__getitem__) for each in names]
    table = table[np.ix_(*by_name)]
    return Scores(
        tuple(sorted(modalities)), tuple(sorted(readers)), table[..., truth == 0], table[..., truth == 1]
    )
