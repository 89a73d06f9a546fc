"""Files of one JSON object a line, as training runs append them: a run that was killed leaves half a line, and a loss may be a bare NaN."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import InvalidError

LARGEST = 256 * 2**20  # bytes: 25,000 kimg in ticks of 4 are 6,250 lines of some kB
LONGEST = 2**20


def read(path: Path) -> str:
    """A file's text; raises InvalidError for one that is larger than any run writes."""
    if path.stat().st_size > LARGEST:
        raise InvalidError(f"{path.name} is larger than any run writes ({LARGEST // 2**20} MB).")
    return path.read_bytes().decode("utf-8", "replace")


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The objects of a text, in their order; what is none (half a line, an empty one) is left out.

    NaN, Infinity and -Infinity may stand bare, as Python writes them.
    """
    for line in text.splitlines():
        if len(line) > LONGEST:
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def number(value: object) -> float | None:
    """A number, or the mean of {"num", "mean", "std"}; None for anything else, NaN where it says so."""
    if isinstance(value, dict):
        value = value.get("mean")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
