"""Files of one JSON object a line, as training runs append them: a run that was killed leaves half a line, and a loss may be a bare NaN."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from app.errors import InvalidError

LARGEST = 256 * 2**20  # bytes: 25,000 kimg in ticks of 4 are 6,250 lines of some kB
LONGEST = 2**20


def read(path: Path) -> str:
    """A file's text; raises InvalidError for one that is larger than any run writes."""
    _require_size(path, LONGEST)
    return path.read_bytes().decode("utf-8", "replace")


def each(path: Path) -> Iterator[str]:
    """A file's lines, one of them in memory at a time; of one that is longer than LONGEST nothing. Raises InvalidError like `read`."""
    _require_size(path, LARGEST)
    with path.open("rb") as file:
        while line := file.readline(LONGEST + 1):
            if len(line) <= LONGEST:
                yield line.decode("utf-8", "replace")
            while len(line) > LONGEST and not line.endswith(b"\n"):
                line = file.readline(LONGEST + 1)


def _require_size(path: Path, most: int) -> None:
    if path.stat().st_size > most:
        raise InvalidError(f"{path.name} is larger than any run writes ({most // 2**20} MB).")


def objects(text: str | Iterable[str]) -> Iterator[dict[str, Any]]:
    """The objects of a text or of its lines, in their order; what is none (half a line, an empty one) is left out.

    NaN, Infinity and -Infinity may stand bare, as Python writes them.
    """
    for line in text.splitlines() if isinstance(text, str) else text:
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
