"""Which readers and users were erased, as a file beside the database: a backup that is older than an erasure knows nothing of it.

Each line holds random ids, the kind and the moment, and no person's data, sealed with the installation's key. The file is replaced whole.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from app.errors import InvalidError

NAME = "erasures.jsonl"
DAMAGED = "erasures.damaged.jsonl"


@dataclass(frozen=True, slots=True)
class Line:
    """An erasure: when, what of (the action of the audit trail), and whose reading of which session; a user's has no session, and the user's id."""

    at: str
    kind: str
    session: str
    reading: str

    @property
    def what(self) -> tuple[str, str, str]:
        """What was erased, whenever that was."""
        return self.kind, self.session, self.reading


def read(file: Path, key: bytes) -> list[Line]:
    """The lines of a ledger, none where there is no file; raises InvalidError where a seal does not fit."""
    try:
        texts = file.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InvalidError(f"The list of erasures {file} cannot be read: {error.strerror}.") from error
    return [_line(file, key, text) for text in texts]


def _line(file: Path, key: bytes, text: bytes) -> Line:
    try:
        kept = json.loads(text)
        line = Line(*(str(kept[name]) for name in Line.__slots__))
        sealed = str(kept["seal"])
    except (ValueError, KeyError, TypeError, RecursionError):
        line, sealed = None, ""
    if line is None or not hmac.compare_digest(sealed.encode(), _seal(key, line).encode()):
        raise InvalidError(f"The list of erasures {file} was changed, or belongs to another installation.")
    return line


def add(folder: Path, key: bytes, lines: Iterable[Line]) -> None:
    """Have these in the folder's ledger, on disk when this returns; each stands there once. Raises OSError.

    A ledger that was changed is put aside, not mended unseen.
    """
    with _locked(folder):
        file = folder / NAME
        try:
            known = read(file, key)
        except InvalidError:
            known = []
            file.replace(folder / DAMAGED)
        merged = {line.what: line for line in known}
        for line in lines:
            merged.setdefault(line.what, line)
        if len(merged) > len(known):
            _write(file, key, merged.values())


def _write(file: Path, key: bytes, lines: Iterable[Line]) -> None:
    partial = file.with_name(f"{file.name}.part")
    with partial.open("w") as out:
        partial.chmod(0o600)
        out.writelines(json.dumps({**asdict(line), "seal": _seal(key, line)}) + "\n" for line in lines)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _seal(key: bytes, line: Line) -> str:
    text = "\0".join(("erasure", line.at, line.kind, line.session, line.reading))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / f"{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
