"""A few files of an upload, spread over all of it, for a look before the import; called in the decoding child.

Places are counted as `sources.collect` counts them, but of a zip only the few members that are looked at are unpacked.
"""

import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from app.imaging.selection import evenly
from app.imaging.sources import CLUTTER, UNREADABLE, starts_as_zip

MOST_MEMBER_BYTES = 200 * 2**20
_CHUNK = 2**20
Entry = tuple[Path, zipfile.ZipInfo | None]


def pick(files: Sequence[Path], count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """{"place", "path"} of `count` files; members of zips are written to `folder`. What cannot be had has "refused"."""
    entries = [entry for file in files for entry in _entries(file)]
    for index in evenly(len(entries), count):
        file, member = entries[index]
        place, target = index + 1, folder / f"picked-{index + 1:06d}"
        if member is None:
            yield {"place": place, "path": str(file)}
            continue
        refused = _unpack(file, member, target)
        yield {"place": place, "refused": refused} if refused else {"place": place, "path": str(target)}


def _entries(file: Path) -> Iterator[Entry]:
    if not starts_as_zip(file):
        yield file, None
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (*UNREADABLE, OSError):
        members = []
    taken = [m for m in members if not (m.is_dir() or any(word in m.filename for word in CLUTTER))]
    yield from ((file, member) for member in taken)
    if not taken:
        yield file, None  # the decoder says that it is a zip


def _unpack(file: Path, member: zipfile.ZipInfo, target: Path) -> str | None:
    if member.flag_bits & 1 or stat.S_ISLNK(member.external_attr >> 16):
        return "This file of the zip cannot be unpacked."
    if member.file_size > MOST_MEMBER_BYTES:
        return "This file of the zip is too large for a preview; the import reads it all the same."
    written = 0
    try:
        with zipfile.ZipFile(file) as archive, archive.open(member) as packed, target.open("wb") as out:
            while (chunk := packed.read(_CHUNK)) and written <= member.file_size:
                out.write(chunk)
                written += len(chunk)
    except UNREADABLE:
        return "This file of the zip is damaged."
    return None
