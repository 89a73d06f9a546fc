"""Ratings as a spreadsheet gives them, and what is wrong with it, by row."""

import csv
import gc
import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from app.errors import InvalidError
from app.report import spreadsheet
from app.report.cells import plain

REQUIRED = ("reader", "image", "truth", "answer")
OPTIONAL = ("model", "likert", "seconds", "kind", "repeat", "position", "other")
WORDS = ("real", "synthetic")
KINDS = ("main", "practice", "catch", "repeat", "anchor")
POINTS = 5
AT_ONCE = 4096  # rows in hand


class Rating(NamedTuple):
    """One answer beside the truth. `model` is empty where a real image is shared by all models.

    `repeat` numbers the presentations of an image to a reader; `other` is the image at the right in a two-alternative trial, of which
    `image`, `truth` and `answer` tell the left one; `row` is the place in a spreadsheet, for refusals.
    """

    reader: str
    model: str
    image: str
    truth: str
    answer: str
    likert: int | None = None
    seconds: float | None = None
    kind: str = "main"
    position: int | None = None
    repeat: int = 0
    other: str = ""
    row: int | None = None


def read(path: Path, points: int = POINTS) -> list[Rating]:
    """The ratings of a CSV file (comma, semicolon or tab; UTF-8), Likert from 1 to `points`.

    Raises InvalidError naming the row; the header is row 1.
    """
    return parse(spreadsheet.read_text(path), points)


def parse(text: str, points: int = POINTS) -> list[Rating]:
    """The ratings of a CSV text; raises InvalidError naming the row."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=spreadsheet.separator(text))
    try:
        header = spreadsheet.header(next(lines, []), REQUIRED, OPTIONAL)
        with _uncollected():
            ratings = list(_ratings(lines, header, points))
    except csv.Error as error:
        raise InvalidError(f"This is no CSV file: {error}.") from None
    if not ratings:
        raise InvalidError("There is no rating in this file.")
    return ratings


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would go through all rows again and again and find none: half of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class _Column(dict[str, Any]):
    """What each text of a column says; a text that stands in many rows is read once."""

    def __init__(self, name: str, meaning: Callable[[str, str], Any]) -> None:
        super().__init__()
        self._name, self._meaning = name, meaning

    def __missing__(self, text: str) -> Any:
        found = self[text] = self._meaning(self._name, " ".join(plain(text).split()))
        return found


def _ratings(lines: Iterator[list[str]], header: Sequence[str], points: int) -> Iterator[Rating]:
    meanings: dict[str, Callable[[str, str], Any]] = {
        "reader": _text,
        "model": lambda _name, text: text,
        "image": _text,
        "truth": _word(WORDS),
        "answer": _word(WORDS),
        "likert": _whole(1, points, " (a scale of more points: --points)"),
        "seconds": _seconds,
        "kind": lambda name, text: _word(KINDS)(name, text) if text else "main",
        "position": _whole(0, 10**9),
        "repeat": lambda name, text: _whole(0, 10**6)(name, text) or 0,
        "other": lambda _name, text: text,
    }
    width = len(header)
    # A column that the file lacks is read from the empty cell that is put behind each row.
    columns = [
        (header.index(name) if name in header else width, _Column(name, meanings[name]))
        for name in Rating._fields[:-1]
    ]
    row = 2
    while some := list(islice(lines, AT_ONCE)):
        yield from _block(some, row, columns, width)
        row += len(some)


def _block(
    some: list[list[str]], row: int, columns: Sequence[tuple[int, _Column]], width: int
) -> Iterator[Rating]:
    """Rows by columns, three times as fast as each by itself; where one is blank or wrong, each by itself, so that it is named."""
    if set(map(len, some)) == {width}:
        with suppress(InvalidError):
            cells = (*zip(*some, strict=True), ("",) * len(some))
            read = [list(map(column.__getitem__, cells[at])) for at, column in columns]
            return map(Rating._make, zip(*read, range(row, row + len(some)), strict=True))
    return _each(some, row, columns, width)


def _each(
    some: list[list[str]], first: int, columns: Sequence[tuple[int, _Column]], width: int
) -> Iterator[Rating]:
    for row, cells in enumerate(some, start=first):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise InvalidError(f"Row {row}: more cells than the first row has columns.")
        cells.extend([""] * (width + 1 - len(cells)))
        try:
            yield Rating._make((*(column[cells[at]] for at, column in columns), row))
        except InvalidError as error:
            raise InvalidError(f"Row {row}: {error.sentence}") from None


def _text(name: str, text: str) -> str:
    if not text:
        raise InvalidError(f"the column “{name}” is empty.")
    return text


def _word(words: Sequence[str]) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        word = _text(name, text).lower()
        if word not in words:
            raise InvalidError(f"“{text}” in the column “{name}” must be {' or '.join(words)}.")
        return word

    return read


def _whole(low: int, high: int, hint: str = "") -> Callable[[str, str], int | None]:
    def read(name: str, text: str) -> int | None:
        if not text:
            return None
        number = _number(text)
        if number is None or number != int(number) or not low <= number <= high:
            raise InvalidError(
                f"“{text}” in the column “{name}” must be a whole number from {low} to {high}{hint}."
            )
        return int(number)

    return read


def _seconds(name: str, text: str) -> float | None:
    if not text:
        return None
    number = _number(text)
    if number is None or number < 0:
        raise InvalidError(f"“{text}” in the column “{name}” must be a number, not below 0.")
    return number


def _number(text: str) -> float | None:
    try:
        number = spreadsheet.number(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
