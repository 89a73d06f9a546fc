"""Deflated DICOM files (PS3.5 A.5): how much they unpack to, found out before anything keeps what comes out."""

import struct
import zlib
from pathlib import Path

from app.errors import InvalidError

MOST_BYTES = 256 * 2**20
_META = 128 + 4  # preamble and "DICM"
_GROUP_LENGTH = struct.pack("<HH2sH", 2, 0, b"UL", 4)
_STEP = 1 << 20


def judge(path: Path) -> None:
    """Raise InvalidError for a deflated file that unpacks to more than MOST_BYTES, or cannot be unpacked."""
    with path.open("rb") as file:
        head = file.read(_META + 12)
        if head[_META : _META + 8] != _GROUP_LENGTH:
            raise InvalidError("This compressed file is damaged: its header has no length.")
        file.seek(struct.unpack("<I", head[_META + 8 :])[0], 1)
        inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while not inflater.eof and (packed := inflater.unconsumed_tail or file.read(_STEP)):
            total += len(inflater.decompress(packed, _STEP))
            if total > MOST_BYTES:
                raise InvalidError("This compressed file unpacks to more than is allowed.")
