"""Ratings as a spreadsheet gives them, and what is wrong with it, by row."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import InvalidError
from app.report import spreadsheet

REQUIRED = ("reader", "image", "truth", "answer")
OPTIONAL = ("model", "likert", "seconds", "kind", "repeat", "position", "other")
WORDS = ("real", "synthetic")
KINDS = ("main", "practice", "catch", "repeat", "anchor")
POINTS = 5


@dataclass(frozen=True, slots=True)
class Rating:
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
    row: int | None = field(default=None, compare=False)


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
        ratings = list(_ratings(lines, header, points))
    except csv.Error as error:
        raise InvalidError(f"This is no CSV file: {error}.") from None
    if not ratings:
        raise InvalidError("There is no rating in this file.")
    return ratings


class _Column(dict[str, Any]):
    """What each text of a column says; a text that stands in many rows is read once."""

    def __init__(self, name: str, meaning: Callable[[str, str], Any]) -> None:
        super().__init__()
        self._name, self._meaning = name, meaning

    def __missing__(self, text: str) -> Any:
        found = self[text] = self._meaning(self._name, " ".join(text.split()))
        return found


def _ratings(lines: Iterator[list[str]], header: Sequence[str], points: int) -> Iterator[Rating]:
    meanings: dict[str, Callable[[str, str], Any]] = {
        "reader": _text,
        "model": lambda _name, text: text,
        "image": _text,
        "truth": _word(WORDS),
        "answer": _word(WORDS),
        "likert": _whole(1, points),
        "seconds": _seconds,
        "kind": lambda name, text: _word(KINDS)(name, text) if text else "main",
        "position": _whole(0, 10**9),
        "repeat": lambda name, text: _whole(0, 10**6)(name, text) or 0,
        "other": lambda _name, text: text,
    }
    width = len(header)
    # A column that the file lacks is read from the empty cell that is put behind each row.
    columns = [
        (name, header.index(name) if name in header else width, _Column(name, meaning))
        for name, meaning in meanings.items()
    ]
    for row, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise InvalidError(f"Row {row}: more cells than the first row has columns.")
        cells.extend([""] * (width + 1 - len(cells)))
        try:
            read = {name: column[cells[at]] for name, at, column in columns}
            yield Rating(**read, row=row)
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


def _whole(low: int, high: int) -> Callable[[str, str], int | None]:
    def read(name: str, text: str) -> int | None:
        if not text:
            return None
        number = _number(text)
        if number is None or number != int(number) or not low <= number <= high:
            raise InvalidError(
                f"“{text}” in the column “{name}” must be a whole number from {low} to {high}."
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
