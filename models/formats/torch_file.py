"""Whole files made by torch.save, a zip (since torch 1.6) or pickles and numbers in a row (before), read as data."""

import mmap
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models.errors import CheckpointRefused
from models.formats import legacy_blob
from models.formats.makers import NUMBERS, TENSORS
from models.formats.restricted import read
from models.formats.stack import CUT_OFF, DAMAGED, Name, Names, Shell
from models.formats.tensors import MOST_NUMBERS, Storage

MOST_PARTS = 20_000
_LIES = "This file has numbers that do not fit their description."
_PLACE = re.compile(r"(cpu|cuda|mps)(:\d{1,3})?")  # where they lay when they were saved
_TYPES: Mapping[str, str] = {
    **legacy_blob.TYPES,
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "<u1",
}


class Settings(Shell):
    """What training was started with: machines' paths among it, so it is let fall."""

    __slots__ = ()

    def fill(self, state: object) -> None:
        if type(state) is not dict:
            raise CheckpointRefused(DAMAGED)


NAMES: Names = {
    **TENSORS,
    **NUMBERS,
    **{("torch", name): legacy_blob.unreachable for name in _TYPES},
    ("argparse", "Namespace"): Settings,
}


def read_zip(path: Path) -> object:
    """Give what a zip of torch.save holds; raises CheckpointRefused."""
    with path.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    parts = _parts(path)
    roots = [name.removesuffix("/data.pkl") for name in parts if re.fullmatch(r"[^/]+/data\.pkl", name)]
    if not roots:
        raise CheckpointRefused("This is a zip archive, no checkpoint; unpack it and give the file inside.")
    root = roots[0]
    if len(roots) > 1 or f"{root}/constants.pkl" in parts:
        raise CheckpointRefused("This is a TorchScript program, no checkpoint; nothing of it was run.")
    order = parts.get(f"{root}/byteorder")
    if order and bytes(_content(data, order)) != b"little":
        raise CheckpointRefused("This file was written on a big-endian machine, which is not read.")
    stored: dict[tuple[str, str], Storage] = {}

    def numbers(told: object) -> Storage:
        code, key, numel = _described(told, 5)
        if (key, code) not in stored:
            part = parts.get(f"{root}/data/{key}")
            if part is None:
                raise CheckpointRefused("This file lacks numbers that it speaks of.")
            stored[key, code] = _storage(_content(data, part), code, numel)
        return stored[key, code]

    return read(_content(data, parts[f"{root}/data.pkl"]), NAMES, persistent=numbers)[0]


def read_legacy(data: memoryview) -> object:
    """Give what a file of old torch.save holds. Its numbers stand at its end, so the description is read twice."""
    start = legacy_blob.read_head(data)
    described: dict[str, tuple[str, int]] = {}

    def note(told: object) -> Storage:
        code, key, numel = _described(told, 6)
        described[key] = code, numel
        return Storage(np.broadcast_to(np.zeros((), code), numel))

    _, place = read(data, NAMES, start=start, persistent=note, alone=False)
    keys, place = read(data, {}, start=place, alone=False)
    if type(keys) is not list or not all(type(key) is str for key in keys) or set(keys) != set(described):
        raise CheckpointRefused(_LIES)
    stored: dict[str, Storage] = {}
    for key in keys:
        code, numel = described[key]
        end = place + 8 + numel * np.dtype(code).itemsize
        if end > len(data):
            raise CheckpointRefused(CUT_OFF)
        if struct.unpack("<q", data[place : place + 8])[0] != numel:
            raise CheckpointRefused(_LIES)
        stored[key], place = _storage(data[place + 8 : end], code, numel), end
    if place != len(data):
        raise CheckpointRefused("This file holds more after the checkpoint's end; it was refused unread.")
    return read(data, NAMES, start=start, persistent=lambda t: stored[_described(t, 6)[1]], alone=False)[0]


def _described(told: object, length: int) -> tuple[str, str, int]:
    """The code, key and count of stored numbers, as a pickle speaks of them."""
    if type(told) is not tuple or len(told) != length:
        raise CheckpointRefused(_LIES)
    word, kind, key, place, numel = told[:5]
    code = _TYPES.get(kind.name) if type(kind) is Name else None
    texts = word == "storage" and type(key) is str and type(place) is str
    if code is None or not texts or not _PLACE.fullmatch(place) or told[5:] not in ((), (None,)):
        raise CheckpointRefused(_LIES)
    if type(numel) is not int or not 0 < numel <= MOST_NUMBERS:
        raise CheckpointRefused(_LIES)
    return code, key, numel


def _storage(data: memoryview, code: str, numel: int) -> Storage:
    if len(data) != numel * np.dtype(code).itemsize:
        raise CheckpointRefused(_LIES)
    return Storage(np.frombuffer(data, code))


def _parts(path: Path) -> dict[str, zipfile.ZipInfo]:
    """The archive's parts by their names."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error, ValueError) as error:
        raise CheckpointRefused(CUT_OFF) from error
    parts = {each.orig_filename: each for each in found}
    if len(parts) != len(found) or len(parts) > MOST_PARTS:
        raise CheckpointRefused("This file's archive holds a part twice, or far too many.")
    return parts


def _content(data: memoryview, part: zipfile.ZipInfo) -> memoryview:
    """The bytes of a part, as they lie in the file: torch does not compress, so nothing here can grow."""
    head = data[part.header_offset : part.header_offset + 30]
    if len(head) != 30 or bytes(head[:4]) != b"PK\x03\x04":
        raise CheckpointRefused(DAMAGED)
    if part.compress_type != zipfile.ZIP_STORED or part.flag_bits & 1:
        raise CheckpointRefused("This file's archive is compressed or locked, as torch.save never writes it.")
    name, extra = struct.unpack("<HH", head[26:30])
    start = part.header_offset + 30 + name
    content = data[start + extra : start + extra + part.file_size]
    same_name = bytes(data[start - name : start]) == part.orig_filename.encode()
    if not same_name or len(content) != part.file_size or zlib.crc32(content) != part.CRC:
        raise CheckpointRefused(DAMAGED)
    return content
