"""The files of an upload in a fixed order, each known by its place alone; zips are unpacked under numbers."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_FILES = 50_000
MOST_DIRECTORY_BYTES = 16 * 2**20
_LONGEST_TAIL = 22 + 20 + 2**16  # the end record, zip64's pointer, a comment
MOST_FILE_BYTES = 2 * 2**30
MOST_TOTAL_BYTES = 16 * 2**30
_CHUNK = 1 << 20
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    ValueError,
    EOFError,
    RuntimeError,
    KeyError,
    IndexError,
    OverflowError,
)
"""What zipfile raises for damaged archives. OSError is not among them: a full disk is no fault of the archive."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to decode, or, where `refusal` stands, why there is none at this place (from 1)."""

    place: int
    path: Path | None
    refusal: str | None = None

    @property
    def why_absent(self) -> str:
        """The refusal as a sentence in any case."""
        return self.refusal or "There is no file here."


@dataclass
class _Room:
    """How much more may be unpacked, over all zips of an upload."""

    left: int


def collect(paths: Iterable[Path], unpacked: Path) -> list[Source]:
    """Files, folders and zips as a list of sources; zip members are written to `unpacked` under numbers.

    Folders are walked in the order of their names, zips in their own order. A member's own name is never used as a path.
    Links inside folders are not followed, hidden files left out. A zip that cannot be unpacked becomes one refusal.
    Raises OSError where `unpacked` cannot be written to.
    """
    found: list[Source] = []
    room = _Room(MOST_TOTAL_BYTES)
    for path in paths:
        for file in _files(path, unpacked):
            for source in _sources(file, unpacked, len(found), room):
                if len(found) == MOST_FILES:
                    refusal = (
                        f"Only the first {MOST_FILES} files of an upload are taken; the rest was left out."
                    )
                    return [*found, Source(MOST_FILES + 1, None, refusal)]
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


def _sources(file: Path, unpacked: Path, already: int, room: _Room) -> Iterator[Source]:
    try:
        is_zip = starts_as_zip(file)
    except OSError:
        yield Source(already + 1, None, "This file cannot be read.")
        return
    if not is_zip:
        yield Source(already + 1, file)
        return
    unpacked.mkdir(parents=True, exist_ok=True)
    try:
        if directory_bytes(file) > MOST_DIRECTORY_BYTES:
            yield Source(already + 1, None, f"This zip file lists far more than {MOST_FILES} files.")
            return
        archive = zipfile.ZipFile(file)
    except (*UNREADABLE, OSError):
        yield Source(already + 1, None, "This zip file is damaged or incomplete.")
        return
    with archive:
        members = [m for m in archive.infolist() if not (m.is_dir() or any(w in m.filename for w in CLUTTER))]
        if not members:
            yield Source(already + 1, None, "This zip file is empty.")
        for place, member in enumerate(members, start=already + 1):
            target = unpacked / f"{place:06d}"
            refusal = _refusal(member) or _unpack(archive, member, target, room)
            yield Source(place, None if refusal else target, refusal)


def starts_as_zip(file: Path) -> bool:
    """Whether a file says that it is a zip."""
    with file.open("rb") as handle:
        return handle.read(4) in _ZIP_MAGIC


def directory_bytes(file: Path) -> int:
    """How long a zip says that its list of files is, the larger where it says so twice; 0 where it says nothing.

    Read before the list is, since each entry takes ten times as much memory as its bytes.
    """
    with file.open("rb") as handle:
        size = handle.seek(0, 2)
        handle.seek(max(0, size - _LONGEST_TAIL))
        tail = handle.read()
        end = tail.rfind(b"PK\5\6")
        if end < 0 or end + 22 > len(tail):
            return 0
        said = int(struct.unpack_from("<I", tail, end + 12)[0])
        if end < 20 or tail[end - 20 : end - 16] != b"PK\6\7":
            return said
        handle.seek(struct.unpack_from("<Q", tail, end - 12)[0] if size else 0)
        record = handle.read(56)
    longer = int(struct.unpack_from("<Q", record, 40)[0]) if len(record) == 56 else 0
    return max(longer, 0 if said == 0xFFFFFFFF else said)


def _refusal(member: zipfile.ZipInfo) -> str | None:
    """Why a member is not unpacked, by what the archive says of it."""
    if stat.S_ISLNK(member.external_attr >> 16):
        return "This entry of the zip is a link, not a file."
    if member.flag_bits & 1:
        return "This file of the zip is encrypted."
    if member.file_size > MOST_FILE_BYTES:
        return "This file of the zip is too large."
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "This file of the zip is compressed in an unusual way; make the zip anew, with the usual settings."
    return None


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: _Room) -> str | None:
    """Write a member, counting what really comes out; where it is damaged or does not fit, leave nothing and say why."""
    refusal, written = None, 0
    with target.open("wb") as out:
        for chunk in _chunks(archive, member):
            if chunk is None:
                refusal = "This file of the zip is damaged."
                break
            written += len(chunk)
            if written > min(member.file_size, room.left):
                larger = written > member.file_size
                refusal = (
                    "This file of the zip is larger than the zip says."
                    if larger
                    else "There is no room left for this file: the upload unpacks to more than is allowed."
                )
                break
            out.write(chunk)
    if refusal is None and starts_as_zip(target):
        refusal = "A zip inside a zip is not unpacked; unpack it first."
    if refusal is not None:
        target.unlink()
        return refusal
    room.left -= written
    return None


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes | None]:
    """What comes out of a member, bit by bit; None where it breaks off."""
    try:
        with archive.open(member) as packed:
            while chunk := packed.read(_CHUNK):
                yield chunk
    except (*UNREADABLE, OSError):
        yield None
