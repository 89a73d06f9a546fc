"""Opening a table that somebody made with a spreadsheet, and its first row."""

from collections.abc import Sequence
from pathlib import Path

from app.errors import InvalidError

MOST_BYTES = 512 * 2**20


def read_text(path: Path) -> str:
    """The file's text (UTF-8, with or without a mark); raises InvalidError with the reason where it has none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidError(f"{path.name} is larger than {MOST_BYTES // 2**20} MB.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidError(
            f"{path.name} is not a text file in UTF-8; save the spreadsheet as CSV UTF-8."
        ) from None
    except OSError as error:
        raise InvalidError(f"{path} cannot be read: {error.strerror}.") from None


def separator(text: str) -> str:
    """Comma, semicolon or tab, whichever the first row has most of."""
    return max(",;\t", key=text.partition("\n")[0].count)


def header(cells: Sequence[str], required: Sequence[str], optional: Sequence[str] = ()) -> list[str]:
    """The first row's names in small letters; raises InvalidError where a needed one is missing or one stands twice."""
    names = [name.strip().lower() for name in cells]
    if not any(names):
        raise InvalidError("This file is empty; the first row must name the columns.")
    missing = [name for name in required if name not in names]
    if missing:
        raise InvalidError(f"Row 1: the column “{missing[0]}” is missing; needed are {', '.join(required)}.")
    doubled = next((name for name in (*required, *optional) if names.count(name) > 1), None)
    if doubled:
        raise InvalidError(f"Row 1: the column “{doubled}” stands twice.")
    return names


def number(text: str) -> float:
    """A number with a point or a comma; raises ValueError where it is none."""
    return float(text.replace(",", "."))
