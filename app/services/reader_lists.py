"""Lists of readers as they come from spreadsheets: rows of code, e-mail, name and language."""

import csv
import io
from dataclasses import dataclass

from app.errors import AppError, InvalidError
from app.services import persons
from app.words.languages import LANGUAGES

MOST_ROWS = 200
LONGEST_NAME = 120
_COLUMNS = ("code", "email", "name", "language")
_ALSO = {"e-mail": "email", "mail": "email"}
_TAGS = {tag.lower(): tag for tag in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Row:
    """A reader to invite: `place` is the row in the spreadsheet, from 1; an empty code means the next free one."""

    place: int
    code: str
    email: str = ""
    name: str = ""
    language: str = ""


def read(listed: str) -> list[Row]:
    """The rows of a list: a code a line, or a CSV text (comma, semicolon or tab) with or without its header.

    Columns of other names are passed over. Raises InvalidError for a list without rows, or too long a one.
    """
    lines = [
        (place, [cell.strip() for cell in cells])
        for place, cells in enumerate(
            csv.reader(io.StringIO(listed.lstrip("\ufeff")), delimiter=_comma(listed)), 1
        )
    ]
    lines = [(place, cells) for place, cells in lines if any(cells)]
    columns: tuple[str, ...] = _COLUMNS
    first = tuple(_ALSO.get(cell.lower(), cell.lower()) for cell in (lines[0][1] if lines else []))
    if "code" in first or "email" in first:
        columns, lines = first, lines[1:]
    if not 1 <= len(lines) <= MOST_ROWS:
        raise InvalidError(f"List 1 to {MOST_ROWS} codes, one a line.")
    return [_row(place, dict(zip(columns, cells, strict=False))) for place, cells in lines]


def problem(row: Row) -> str:
    """What is wrong with a row by itself, without its code; empty where it can be used."""
    try:
        if row.email:
            persons.address(row.email)
    except AppError as error:
        return error.sentence
    if len(row.name) > LONGEST_NAME or not row.name.isprintable():
        return f"A name has at most {LONGEST_NAME} characters, all of them printable."
    if row.language and row.language not in LANGUAGES:
        return f"The language is one of {', '.join(LANGUAGES)}, or empty."
    if (row.name or row.language) and not row.email:
        return "A name or a language needs an e-mail address beside it."
    return ""


def _row(place: int, cells: dict[str, str]) -> Row:
    language = cells.get("language", "")
    known = {name: cells.get(name, "") for name in ("code", "email", "name")}
    return Row(place, **known, language=_TAGS.get(language.lower(), language))


def _comma(listed: str) -> str:
    """What separates columns: the most frequent in the first line that has any."""
    line = next((line for line in listed.splitlines() if any(mark in line for mark in ",;\t")), "")
    return max(",;\t", key=line.count)
