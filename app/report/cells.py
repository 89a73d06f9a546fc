"""CSV text that a spreadsheet reads as it is meant: numbers stay numbers, text never starts a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from app.stats.estimates import NotEstimable, Proportion

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """A cell as it is written: numbers as numbers, no value as nothing, text that a spreadsheet would run made plain."""
    if value is None or isinstance(value, NotEstimable):
        return ""
    if isinstance(value, Proportion):
        return repr(value.value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def table(header: Sequence[str], lines: Iterable[Iterable[object]]) -> str:
    """A CSV text with CRLF line ends (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[cell(value) for value in line] for line in lines])
    return out.getvalue()
