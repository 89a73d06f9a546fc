"""A mark on disk that something deleted still has to be cleared: made before the deletion is kept, taken away once nothing was added meanwhile.

Several processes add to it and take it away, so each line is new, and both is done under the file's lock.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def add(mark: Path, names: Iterable[str] = ()) -> None:
    """Have these names owed, or nothing but a scrub."""
    line = " ".join([secrets.token_hex(8), *names]) + "\n"
    while True:
        with mark.open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(line)
            file.flush()
            if mark.exists() and os.fstat(file.fileno()).st_ino == mark.stat().st_ino:
                return  # else it was taken away since it was opened


def read(mark: Path) -> str:
    """What is owed; empty for nothing."""
    try:
        return mark.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def names(owed: str) -> list[str]:
    """The names in what `read` gave."""
    return sorted({name for line in owed.splitlines() for name in line.split()[1:]})


def settle(mark: Path, cleared: str) -> None:
    """Take the mark away if it is still what was read before the clearing; what was added since stays owed."""
    try:
        with mark.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.read() == cleared:
                mark.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
