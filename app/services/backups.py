"""The whole installation as one file, taken while readers rate, and put back into an empty data folder.

A backup holds the database as it was at one moment, all artifacts, the key and the audit trail's kept end: whoever has it has the study, so it is kept like
the server itself. Everything in it is checked by its SHA-256 before anything is put in place.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, cast

from sqlalchemy.engine import make_url

from app import audit_head, schema
from app.db import Database
from app.errors import ConflictError, InvalidError

DATABASE, KEY, CONTENTS = "blindread.db", "secret.key", "backup.json"
VERSION = 1
LARGEST_CONTENTS = 256 * 2**20
_NAME = re.compile(
    r"blindread\.db|secret\.key|audit\.head|artifacts(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,200}){1,8}"
)
_CHUNK = 2**20
_OF_A_DATABASE = ("", "-wal", "-shm", "-journal")  # SQLite would play an old log into the restored file
_LEFT_SECONDS = 86_400
_SCRATCH = ".blindread-backup-"  # a name that nobody else gives to a folder
_SQLITE_ONLY = "Backups are made of SQLite databases. For PostgreSQL use pg_dump, and copy the data folder."
_NOT_OURS = "This file is no backup of Blindread, or a damaged one; nothing was changed."


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself: when it was taken, of which schema, and each member's SHA-256."""

    made_at: str
    schema: str
    members: dict[str, str]


def write(database: Database, data_dir: Path, file: Path, now: datetime) -> Contents:
    """Make a backup; readers go on meanwhile. Raises ConflictError where the file is there already, InvalidError where it cannot be written.

    What was saved before this began is in it; whether later answers are is chance. Nothing is left behind where it fails.
    """
    if database.engine.dialect.name != "sqlite":
        raise InvalidError(_SQLITE_ONLY)
    if file.exists():
        raise ConflictError(f"{file} is there already; a backup overwrites nothing.")
    partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    try:
        with _scratch(data_dir) as scratch:
            contents = _write(database, data_dir, scratch, partial, now)
        partial.rename(file)
        _sync(file.parent)
    except (OSError, sqlite3.Error) as error:
        raise InvalidError(f"The backup cannot be written to {file}: {_why(error)}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return contents


def _why(error: OSError | sqlite3.Error) -> str:
    return getattr(error, "strerror", None) or str(error)


def _write(database: Database, data_dir: Path, scratch: Path, partial: Path, now: datetime) -> Contents:
    head = data_dir / audit_head.NAME
    kept = (
        head.read_bytes() if head.exists() else None
    )  # before the database, so that it is never ahead of it
    snapshot = scratch / DATABASE
    _snapshot(database, snapshot)
    members: dict[str, str] = {}
    with partial.open("xb") as raw:
        partial.chmod(0o600)
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
            members[DATABASE] = _add(tar, DATABASE, snapshot)
            if kept is not None:
                members[audit_head.NAME] = _add_bytes(tar, audit_head.NAME, kept)
            for name, path in _files(data_dir):
                members[name] = _add(tar, name, path)
            contents = Contents(now.isoformat(), _revision(snapshot), members)
            told = {
                "version": VERSION,
                "made_at": contents.made_at,
                "schema": contents.schema,
                "members": members,
            }
            _add_bytes(tar, CONTENTS, json.dumps(told, indent=1).encode())
        raw.flush()
        os.fsync(raw.fileno())
    return contents


def _snapshot(database: Database, target: Path) -> None:
    """The database as it is at one moment, by SQLite's own online backup: writers are not kept waiting."""
    source = database.engine.raw_connection()
    try:
        with closing(sqlite3.connect(target)) as copy:
            cast("sqlite3.Connection", source.driver_connection).backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    finally:
        source.close()


def _files(data_dir: Path) -> Iterator[tuple[str, Path]]:
    """The key, where it is kept in a file, and all artifacts that are whole."""
    if (data_dir / KEY).exists():
        yield KEY, data_dir / KEY
    for path in sorted((data_dir / "artifacts").rglob("*")):
        name = path.relative_to(data_dir).as_posix()
        if path.is_file() and not path.is_symlink() and _NAME.fullmatch(name) and path.suffix != ".part":
            yield name, path


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: BufferedReader | BytesIO) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    """Add a file; returns its SHA-256."""
    with path.open("rb") as file:
        return _add_open(tar, name, file, os.fstat(file.fileno()).st_size)


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> str:
    return _add_open(tar, name, BytesIO(data), len(data))


def _add_open(tar: tarfile.TarFile, name: str, file: BufferedReader | BytesIO, size: int) -> str:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    hashed = _Hashed(file)
    tar.addfile(entry, cast("Any", hashed))
    return hashed.digest.hexdigest()


def restore(
    data_dir: Path, database_url: str, file: Path, amend: Callable[[Path], None] = lambda _: None
) -> Contents:
    """Put a backup into a data folder without a database; returns what it was. Nothing is put in place before everything has been checked.

    `amend` gets the folder of what was unpacked, to change it before it is put in place; where it raises, nothing is.

    Raises ConflictError for a folder in use, InvalidError for a file that is no backup, is damaged, or of a newer program.
    """
    target = make_url(database_url)
    if target.get_backend_name() != "sqlite" or not target.database:
        raise InvalidError(_SQLITE_ONLY)
    place = Path(target.database)
    if any(place.with_name(place.name + end).exists() for end in _OF_A_DATABASE):
        raise ConflictError(
            f"There is a database {place} already, or its log; restore into an empty data folder."
        )
    if not file.is_file():
        raise InvalidError(f"There is no file {file}.")
    try:
        return _restored(data_dir, file, place, amend)
    except OSError as error:
        raise InvalidError(f"The backup cannot be restored into {data_dir}: {_why(error)}.") from error


_NO_BACKUP = (
    tarfile.TarError,
    sqlite3.Error,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    RecursionError,
)


def _restored(data_dir: Path, file: Path, place: Path, amend: Callable[[Path], None]) -> Contents:
    with _scratch(data_dir) as scratch:
        try:
            contents = _unpacked(file, scratch)
        except _NO_BACKUP as error:
            raise InvalidError(_NOT_OURS) from error
        if not schema.knows(contents.schema):
            raise InvalidError("This backup is of a newer version of Blindread; restore it with that one.")
        _require_no_other_key(scratch, data_dir)
        amend(scratch)
        _put_in_place(scratch, data_dir, place)
    return contents


def _require_no_other_key(scratch: Path, data_dir: Path) -> None:
    """Raise ConflictError where a key would be written over: what another installation sealed with it could never be checked again."""
    ours, theirs = data_dir / KEY, scratch / KEY
    if ours.exists() and theirs.exists() and ours.read_text().strip() != theirs.read_text().strip():
        raise ConflictError(
            f"{ours} is another key than the backup's; restore into an empty data folder, or move that file away first."
        )


def _unpacked(file: Path, scratch: Path) -> Contents:
    """Write the members below `scratch` and check each; only plain files under our own names are taken."""
    found: dict[str, str] = {}
    told: bytes | None = None
    with tarfile.open(file, "r:") as tar:
        for entry in tar:
            data = tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None
            if data is None or entry.name in found or told is not None:
                raise ValueError(entry.name)
            if entry.name == CONTENTS:
                told = data.read(LARGEST_CONTENTS)
                continue
            if not _NAME.fullmatch(entry.name):
                raise ValueError(entry.name)
            found[entry.name] = _kept(data, scratch / entry.name)
    whole = json.loads(told or b"")
    if whole["version"] != VERSION or whole["members"] != found or DATABASE not in found:
        raise ValueError(CONTENTS)
    with closing(sqlite3.connect(scratch / DATABASE)) as database:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise ValueError(DATABASE)
    return Contents(str(whole["made_at"]), str(whole["schema"]), found)


def _kept(data: Any, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("xb") as out:
        while chunk := data.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _put_in_place(scratch: Path, data_dir: Path, place: Path) -> None:
    """The database last: a folder without one is not in use, and can be restored into again."""
    with closing(sqlite3.connect(scratch / DATABASE)) as amended:
        amended.execute("PRAGMA journal_mode=DELETE")
    for path in sorted(scratch.rglob("*")):
        name = path.relative_to(scratch)
        if path.is_file() and name != Path(DATABASE):
            (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
            path.replace(data_dir / name)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(scratch / DATABASE, place)
    _sync(place.parent)


def _revision(snapshot: Path) -> str:
    """The schema of a database file."""
    with closing(sqlite3.connect(f"file:{snapshot}?mode=ro", uri=True)) as opened:
        ((found,),) = opened.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(found)


@contextmanager
def _scratch(data_dir: Path) -> Iterator[Path]:
    """A folder of our own on the same disk, gone afterwards; what a killed run left more than a day ago goes, too."""
    for left in data_dir.glob(f"{_SCRATCH}*"):
        if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    folder = data_dir / f"{_SCRATCH}{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Have a folder's names on disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
