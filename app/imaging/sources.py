"""The files of an upload in a fixed order, each known by its place alone; zips are unpacked under numbers."""

import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_FILES = 50_000
MOST_FILE_BYTES = 2 * 2**30
MOST_TOTAL_BYTES = 16 * 2**30
_CHUNK = 1 << 20
_ZIP_MAGIC = b"PK\x03\x04"
_CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to decode, or, where `refusal` stands, why there is none at this place (from 1)."""

    place: int
    path: Path | None
    refusal: str | None = None


def collect(paths: Iterable[Path], unpacked: Path) -> list[Source]:
    """Files, folders and zips as a list of sources; zip members are written to `unpacked` under numbers.

    A member's own name is never used as a path. Links are not followed. A zip that cannot be unpacked becomes one refusal.
    """
    found: list[Source] = []
    for path in paths:
        for file in _files(path, unpacked):
            for source in _sources(file, unpacked, len(found)):
                if len(found) >= MOST_FILES:
                    return [
                        *found[:-1],
                        Source(len(found), None, f"Only {MOST_FILES} files are taken at once."),
                    ]
                found.append(source)
    return found


def _files(path: Path, unpacked: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for file in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.is_file() and not file.is_symlink() and not hidden and unpacked not in file.parents:
                yield file


def _sources(file: Path, unpacked: Path, already: int) -> Iterator[Source]:
    with file.open("rb") as handle:
        is_zip = handle.read(4) == _ZIP_MAGIC
    if not is_zip:
        yield Source(already + 1, file)
        return
    unpacked.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(file) as archive:
            yield from _members(archive, unpacked, already)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError):
        yield Source(already + 1, None, "This zip file is damaged or incomplete.")


def _members(archive: zipfile.ZipFile, unpacked: Path, already: int) -> Iterator[Source]:
    place, total = already, 0
    for member in archive.infolist():
        if member.is_dir() or any(word in member.filename for word in _CLUTTER):
            continue
        place += 1
        target = unpacked / f"{place:06d}"
        refusal = _refusal(member)
        if refusal is None:
            written = _unpack(archive, member, target, MOST_TOTAL_BYTES - total)
            total += written or 0
            refusal = (
                None if written is not None else "This file of the zip is damaged or far larger than it says."
            )
        yield Source(place, None if refusal else target, refusal)


def _refusal(member: zipfile.ZipInfo) -> str | None:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "This entry of the zip is a link, not a file."
    if member.flag_bits & 1:
        return "This file of the zip is encrypted."
    if member.file_size > MOST_FILE_BYTES:
        return "This file of the zip is too large."
    if member.filename.lower().endswith(".zip"):
        return "A zip inside a zip is not unpacked; unpack it first."
    return None


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: int) -> int | None:
    """Write a member, counting what really comes out; None where it is damaged or does not fit."""
    written = 0
    try:
        with archive.open(member) as packed, target.open("wb") as out:
            while chunk := packed.read(_CHUNK):
                written += len(chunk)
                if written > min(member.file_size, room):
                    break
                out.write(chunk)
            else:
                return written
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, RuntimeError):
        pass
    target.unlink(missing_ok=True)
    return None
