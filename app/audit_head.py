"""The last entry of the audit trail as a file beside the database: a chain whose tail was cut is whole in itself, so its end is kept apart.

The file is sealed with the trail's key, replaced whole, and only ever moves on; it may lag behind what a crash cut off, and is never ahead.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.errors import InvalidError

NAME = "audit.head"
CHANGED = "The file audit.head was changed: its seal does not fit."


@dataclass(frozen=True, slots=True)
class Head:
    """An entry's number and MAC; number 0 stands for the empty trail."""

    number: int
    mac: str


def read(folder: Path, key: bytes) -> Head | None:
    """What is kept; None where nothing is. Raises InvalidError where the seal does not fit."""
    try:
        kept = json.loads((folder / NAME).read_bytes())
        head = Head(int(kept["number"]), str(kept["mac"]))
        sealed = str(kept["seal"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidError(CHANGED) from error
    if not hmac.compare_digest(sealed.encode(), _seal(key, head).encode()):
        raise InvalidError(CHANGED)
    return head


def advance(folder: Path, key: bytes, head: Head, *, first: bool) -> None:
    """Move on to `head`, unless another process is further already.

    Where the file is gone it is made for the `first` entries alone, and where its seal does not fit it stays: both are to be told by
    `blindread verify`, not mended unseen.
    """
    with _locked(folder):
        try:
            kept = read(folder, key)
        except InvalidError:
            return
        if (kept is None and first) or (kept is not None and kept.number < head.number):
            write(folder, key, head)


def write(folder: Path, key: bytes, head: Head) -> None:
    """Replace the file, whole or not at all."""
    text = json.dumps({"number": head.number, "mac": head.mac, "seal": _seal(key, head)})
    partial = folder / f"{NAME}.part"
    with partial.open("w") as file:
        partial.chmod(0o600)
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / NAME)


def _seal(key: bytes, head: Head) -> str:
    return hmac.new(key, f"audit head {head.number} {head.mac}".encode(), hashlib.sha256).hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / f"{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
