"""The numbers of one tensor as old torch.save wrote them: five pickles one after the other, then the raw bytes."""

import struct

import numpy as np

from models.errors import CheckpointRefused
from models.formats.restricted import read
from models.formats.stack import Name, Names
from models.formats.tensors import Storage

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
HEAD = b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little")  # how a whole file of this kind begins
TYPES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "DoubleStorage": "<f8"}
_LIES = "This file has a tensor whose description does not fit its numbers."


def unreachable(*_: object) -> object:
    """What a type of numbers makes: it is named, never called."""
    raise CheckpointRefused(_LIES)


def read_blob(data: object) -> Storage:
    """Give the numbers of a blob; raises CheckpointRefused where anything in it is not as torch writes it."""
    if type(data) is not memoryview:
        raise CheckpointRefused(_LIES)
    place = read_head(data)
    described, place = read(data, _NAMES, start=place, persistent=_describe, alone=False)
    keys, place = read(data, {}, start=place, alone=False)
    if type(described) is not _Described or keys != [described.key]:
        raise CheckpointRefused(_LIES)
    return _numbers(data[place:], described)


def read_head(data: memoryview) -> int:
    """Check the three pickles that everything of this kind begins with; gives the place after them."""
    magic, place = read(data, {}, alone=False)
    protocol, place = read(data, {}, start=place, alone=False)
    system, place = read(data, {}, start=place, alone=False)
    if (
        magic != MAGIC
        or protocol != PROTOCOL
        or type(system) is not dict
        or system.get("little_endian") is not True
    ):
        raise CheckpointRefused(_LIES)
    return place


class _Described:
    """What a blob says of its numbers."""

    __slots__ = ("code", "key", "numel")

    def __init__(self, code: str, key: str, numel: int) -> None:
        self.code, self.key, self.numel = code, key, numel


_NAMES: Names = {("torch", name): unreachable for name in TYPES}


def _describe(told: object) -> _Described:
    if type(told) is not tuple or len(told) != 6:
        raise CheckpointRefused(_LIES)
    word, kind, key, place, numel, view = told
    code = TYPES[kind.name] if type(kind) is Name else None
    plain = word == "storage" and type(key) is str and place == "cpu" and view is None
    if code is None or not plain or type(numel) is not int or numel < 1:
        raise CheckpointRefused(_LIES)
    return _Described(code, key, numel)


def _numbers(rest: memoryview, described: _Described) -> Storage:
    size = np.dtype(described.code).itemsize * described.numel
    if len(rest) != 8 + size or struct.unpack("<q", rest[:8])[0] != described.numel:
        raise CheckpointRefused(_LIES)
    return Storage(np.frombuffer(rest[8:], described.code))
