"""Ratings as a spreadsheet gives them, and what is wrong with it, by row."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import InvalidError
from app.report import spreadsheet

REQUIRED = ("reader", "image", "truth", "answer")
OPTIONAL = ("model", "likert", "seconds", "kind", "repeat", "position")
WORDS = ("real", "synthetic")
KINDS = ("main", "practice", "catch", "repeat")
POINTS = 5


@dataclass(frozen=True, slots=True)
class Rating:
    """One answer beside the truth. `model` is empty where a real image is shared by all models.

    `repeat` numbers the presentations of an image to a reader; `row` is the place in a spreadsheet, for refusals.
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
        ratings = [_rating(row, header, cells, points) for row, cells in _filled(lines)]
    except csv.Error as error:
        raise InvalidError(f"This is no CSV file: {error}.") from None
    if not ratings:
        raise InvalidError("There is no rating in this file.")
    return ratings


def _filled(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for row, cells in enumerate(lines, start=2):
        if any(cell.strip() for cell in cells):
            yield row, cells


def _rating(row: int, header: Sequence[str], cells: Sequence[str], points: int) -> Rating:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        raise InvalidError(f"Row {row}: more cells than the first row has columns.")
    given = {name: " ".join(cell.split()) for name, cell in zip(header, cells, strict=False)}
    return Rating(
        reader=_text(row, given, "reader"),
        model=given.get("model", ""),
        image=_text(row, given, "image"),
        truth=_word(row, given, "truth", WORDS),
        answer=_word(row, given, "answer", WORDS),
        likert=_whole(row, given, "likert", 1, points),
        seconds=_seconds(row, given),
        kind=_word(row, given, "kind", KINDS) if given.get("kind") else "main",
        position=_whole(row, given, "position", 0, 10**9),
        repeat=_whole(row, given, "repeat", 0, 10**6) or 0,
        row=row,
    )


def _text(row: int, given: Mapping[str, str], name: str) -> str:
    if not given.get(name):
        raise InvalidError(f"Row {row}: the column “{name}” is empty.")
    return given[name]


def _word(row: int, given: Mapping[str, str], name: str, words: Sequence[str]) -> str:
    word = _text(row, given, name).lower()
    if word not in words:
        raise InvalidError(f"Row {row}: “{given[name]}” in the column “{name}” must be {' or '.join(words)}.")
    return word


def _whole(row: int, given: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = given.get(name, "")
    if not text:
        return None
    number = _number(text)
    if number is None or number != int(number) or not low <= number <= high:
        raise InvalidError(
            f"Row {row}: “{text}” in the column “{name}” must be a whole number from {low} to {high}."
        )
    return int(number)


def _seconds(row: int, given: Mapping[str, str]) -> float | None:
    text = given.get("seconds", "")
    if not text:
        return None
    number = _number(text)
    if number is None or number < 0:
        raise InvalidError(f"Row {row}: “{text}” in the column “seconds” must be a number, not below 0.")
    return number


def _number(text: str) -> float | None:
    try:
        number = spreadsheet.number(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
