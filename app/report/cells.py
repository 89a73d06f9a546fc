"""CSV text that a spreadsheet reads as it is meant: numbers stay numbers, text never starts a formula.

A spreadsheet that takes the semicolon or the tab for the separator (as in German) splits a text there and at its ends of lines, quoted
or not: each of these pieces is a cell then, so each is looked at, and the quotation marks that it may begin with are passed over.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from app.stats.estimates import NotEstimable, Proportion

_AT_ONCE = 1000
_NUMBER = re.compile(r"[+-]\d+([.,]\d+)?([eE][+-]?\d+)?", re.ASCII)
_SIGN = re.compile("[=+\\-@\t\r\n\0＝＋－＠]")  # a text without any, as most are, is not looked at further
_SIGNED = r"(?=(['\"\ufeff]|[^\S\t\r\n])*[=+\-@\0＝＋－＠])"
_BEGINS = rf"\A(?='*[\t\r\n])|(\A|(?<=[;\t\r\n])){_SIGNED}"
_BEGINS_PLAIN = rf"\A'(?='*[\t\r\n])|(\A|(?<=[;\t\r\n]))'{_SIGNED}"
_FORMULA = re.compile(_BEGINS)
_MADE_PLAIN = re.compile(_BEGINS_PLAIN)


def cell(value: object) -> object:
    """A cell as it is written: numbers as numbers, no value as nothing, text that a spreadsheet would run made plain."""
    if value is None or isinstance(value, NotEstimable):
        return ""
    if isinstance(value, Proportion):
        return repr(value.value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, str) and _SIGN.search(value) and not _NUMBER.fullmatch(value):
        return _FORMULA.sub("'", value)
    return value


def plain(text: str) -> str:
    """What a text cell said before `cell` made it plain, so that our own exports are read back under the same names."""
    return _MADE_PLAIN.sub("", text) if "'" in text else text


def table(header: Sequence[str], lines: Iterable[Iterable[object]]) -> str:
    """A CSV text with CRLF line ends (RFC 4180)."""
    return "".join(pieces(header, lines))


def pieces(header: Sequence[str], lines: Iterable[Iterable[object]]) -> Iterator[str]:
    """The same text, some lines at a time, for tables that no memory should hold."""
    yield _written([header])
    rest = iter(lines)
    while some := [[cell(value) for value in line] for line in islice(rest, _AT_ONCE)]:
        yield _written(some)


def _written(lines: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()
