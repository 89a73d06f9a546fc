"""What a file is, judged by its content: names and extensions are never looked at."""

import zlib
from pathlib import Path
from typing import Literal

from pydicom.dataset import Dataset
from pydicom.uid import UID

from app.errors import InvalidError

_RASTER_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_BARE_DICOM = (
    b"\x02\0",
    b"\x08\0",
    b"\0\x08",
)  # files of old begin with group 0002 or 0008, without preamble
_GZIP = b"\x1f\x8b"
_NIFTI1, _NIFTI2 = (b"n+1\0", b"ni1\0"), (b"n+2\0", b"ni2\0")
_NO_IMAGE = "This is neither DICOM nor NIfTI, nor a PNG, JPEG or TIFF image."
_NOT_IMAGES = {
    "1.2.840.10008.1.3.10": "the table of contents of a disc (DICOMDIR)",
    "1.2.840.10008.5.1.4.1.1.88": "a structured report",
    "1.2.840.10008.5.1.4.1.1.9": "a waveform, such as an ECG",
    "1.2.840.10008.5.1.4.1.1.11": "a presentation state, which says how another file is shown",
    "1.2.840.10008.5.1.4.1.1.66.4": "a segmentation of another image",
    "1.2.840.10008.5.1.4.1.1.66": "raw data, a registration or measurements, not pixels to look at",
    "1.2.840.10008.5.1.4.1.1.104": "a document or model inside DICOM",
    "1.2.840.10008.5.1.4.1.1.481.2": "a radiotherapy dose",
    "1.2.840.10008.5.1.4.1.1.481.3": "radiotherapy contours (a structure set)",
    "1.2.840.10008.5.1.4.1.1.481": "radiotherapy planning data",
    "1.2.840.10008.5.1.4.1.1.4.2": "spectroscopy data",
    "1.2.840.10008.5.1.4.1.1.67": "a mapping of real-world values",
    "1.2.840.10008.5.1.4.34": "radiotherapy planning data",
    "1.2.840.10008.5.1.4.38": "a hanging protocol",
    "1.2.840.10008.5.1.4.39": "a colour palette",
}
_RT_IMAGES = tuple(f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in (1, 23, 24))


def kind(path: Path) -> Literal["dicom", "nifti", "raster"]:
    """Which reader takes this file; raises InvalidError. A DICOM preamble that also is a TIFF header is DICOM."""
    head = _head(path)
    if not head:
        raise InvalidError("This file is empty.")
    if has_preamble(path):
        return "dicom"
    if head.startswith(_RASTER_MAGIC):
        return "raster"
    if head.startswith(_BARE_DICOM):
        return "dicom"
    if head.startswith(_GZIP):
        if _is_nifti(_unpacked(head)):
            return "nifti"
        raise InvalidError("This is a compressed file, but no NIfTI volume; unpack it first.")
    if _is_nifti(head):
        return "nifti"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise InvalidError("A zip inside a zip is not unpacked; unpack it first.")
    raise InvalidError("This is text, not an image." if _is_text(head) else _NO_IMAGE)


def has_preamble(path: Path) -> bool:
    """Whether a file says that it is DICOM; files of old do not."""
    return _head(path)[128:132] == b"DICM"


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed as a whole."""
    return _head(path).startswith(_GZIP)


def is_nifti2(head: bytes) -> bool:
    """Whether a NIfTI file, by its beginning, is of the second version."""
    return head[4:8] in _NIFTI2


def _is_nifti(head: bytes) -> bool:
    return is_nifti2(head) or head[344:348] in _NIFTI1


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 1024)
    except zlib.error:
        return b""


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # else a letter was cut in two by our own reading
            return False
        text = head[: error.start].decode()
    return all(letter.isprintable() or letter.isspace() for letter in text)


def refuse_non_images(dataset: Dataset) -> None:
    """Raise InvalidError for DICOM that is no image to look at: reports, plans, directories."""
    said = dataset.file_meta.get("MediaStorageSOPClassUID") or dataset.get("SOPClassUID")
    known = not_an_image(UID(str(said or "")))
    if known:
        raise InvalidError(f"This is not an image: {known}.")
    if not len(dataset):
        raise InvalidError("This file is damaged: it ends before its image does.")
    if not any(keyword in dataset for keyword in ("Rows", "Columns")):
        raise InvalidError("This is not an image: it is DICOM without any pixels.")


def not_an_image(sop_class: UID) -> str | None:
    """What objects of this class are, where they are no images; the longest known beginning of the UID decides."""
    if sop_class in _RT_IMAGES:
        return None
    parts = sop_class.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((_NOT_IMAGES[beginning] for beginning in beginnings if beginning in _NOT_IMAGES), None)
