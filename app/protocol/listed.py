"""Several words in one field of a form: separated by commas; a word with a comma of its own stands in quotation marks, as in a CSV row."""

import csv
from collections.abc import Iterable

from app.errors import InvalidError


def written(words: Iterable[str]) -> str:
    """The field that `read` gives these words back from; words are printable, without blanks around them."""
    return ", ".join(_quoted(word) if "," in word or word.startswith('"') else word for word in words)


def read(text: str) -> tuple[str, ...]:
    """The words of a field, without blanks around them and without empty ones; raises InvalidError for quotation marks that do not close."""
    line = " ".join(text.splitlines())
    try:
        cells = next(csv.reader([line], skipinitialspace=True, strict=True))
    except csv.Error:
        raise InvalidError(
            f"What begins with a quotation mark ends with one, before the next comma: “{line[:80]}”."
        ) from None
    return tuple(word for cell in cells if (word := cell.strip()))


def _quoted(word: str) -> str:
    doubled = word.replace('"', '""')
    return f'"{doubled}"'
