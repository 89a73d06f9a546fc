"""Files with a marker wherever an identity may stand, and a search for the marker wherever it may have got to."""

import base64
import io
import re
import sqlite3
import struct
import warnings
import zipfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import config, dcmread
from pydicom.datadict import DicomDictionary, dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from tests.factories_dicom import write_slice

MARKER = "CANARY7F3A"
SYNTAXES = (ExplicitVRLittleEndian, JPEGLSLossless)
BINARY = {"OB", "OW", "OB or OW", "UN"}
TEXT = {"AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
# without these a file is no image, and those that give pixels their grey values hold numbers only
NEEDED = {"PhotometricInterpretation", "SOPClassUID", "PixelData", "VOILUTFunction", "SpecificCharacterSet"}
_COMMANDS, _META = 0x0000, 0x0002


@cache
def table():
    """The tags of PS3.15 Table E.1-1; of repeating groups the first and the last."""
    tags = []
    for line in (Path(__file__).parent / "table_e1_1.txt").read_text().splitlines()[1:]:
        if "xx" not in line:
            tags.append(int(line, 16))
            continue
        for group in ("00", "1E"):
            tag = line[:2] + group + line[4:]
            elements = ("0005", "0030", "3000") if "xxxx" in tag else (tag[4:],)
            tags += [int(tag[:4] + element, 16) for element in elements]
    return tuple(tags)


def mark(dataset):
    """The marker in each attribute of the table, in all others that hold text, two sequences deep, and in private blocks."""
    for tag in [*table(), *DicomDictionary]:
        if tag >> 16 in {_COMMANDS, _META} or keyword_for_tag(tag) in NEEDED or _of_pixels(tag):
            continue
        if dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ":
            if tag not in dataset and "FunctionalGroups" not in keyword_for_tag(tag):
                dataset.add_new(tag, "SQ", [_item(2)])
        else:
            _set(dataset, tag)
    _private(dataset)


def _of_pixels(tag):
    keyword = keyword_for_tag(tag)
    listed = tag in table()
    return not listed and (
        tag >> 16 in {0x7FE0, 0xFFFE}
        or "LUT" in keyword
        or "LookupTable" in keyword
        or dictionary_VR(tag) not in {*TEXT, *BINARY, "SQ"}
    )


def _set(dataset, tag):
    """Text where the attribute holds text, else the marker's bytes, as unknown where numbers are due."""
    vr = dictionary_VR(tag) if dictionary_has_tag(tag) else "LO"
    if vr in TEXT:
        dataset.add_new(tag, vr, MARKER)
    else:
        dataset.add_new(tag, {"OB or OW": "OW"}.get(vr, vr if vr in BINARY else "UN"), MARKER.encode())


def _item(depth):
    item = Dataset()
    item.PatientName = item.TextValue = item.StudyInstanceUID = item.AcquisitionDate = MARKER
    if depth:
        item.ReferencedImageSequence = [_item(depth - 1)]
    _private(item)
    return item


def _private(dataset):
    block = dataset.private_block(0x0099, MARKER, create=True)
    block.add_new(1, "LO", MARKER)
    block.add_new(2, "UN", MARKER.encode())


def marked(path, *, refused=False, nameless=False, syntax=ExplicitVRLittleEndian, shape=(64, 64)):
    """Such a file; `refused`: of an unknown colour model; `nameless`: without a known class and without pixels."""
    pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    write_slice(path, pixels, transfer_syntax=syntax)
    settings, known = config.settings, config.replace_un_with_known_vr
    before = settings.writing_validation_mode, settings.reading_validation_mode
    settings.writing_validation_mode = settings.reading_validation_mode = config.IGNORE
    config.replace_un_with_known_vr = False  # a number that holds the marker is written as unknown
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _spoil(path, refused, nameless)
    finally:
        settings.writing_validation_mode, settings.reading_validation_mode = before
        config.replace_un_with_known_vr = known
    return path


def _spoil(path, refused, nameless):
    dataset = dcmread(path)
    mark(dataset)
    dataset.preamble = (MARKER * 13)[:128].encode()
    meta = dataset.file_meta
    meta.ImplementationVersionName = meta.SourceApplicationEntityTitle = MARKER
    meta.MediaStorageSOPInstanceUID = MARKER
    if refused:
        dataset.PhotometricInterpretation = MARKER
    if nameless:
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID = MARKER
        del dataset.PixelData
    dataset.save_as(path, enforce_file_format=True)
    if not nameless:
        _add_commands(path)


def _add_commands(path):
    """The table's attributes of group 0000, which pydicom does not write, in front of the data set."""
    data = path.read_bytes()
    start = 144 + struct.unpack("<I", data[140:144])[0]
    value = MARKER.encode()
    elements = [
        struct.pack("<HH2sH", 0, tag & 0xFFFF, b"UI", len(value)) + value
        for tag in table()
        if tag >> 16 == _COMMANDS
    ]
    path.write_bytes(data[:start] + b"".join(elements) + data[start:])


def forms(marker=MARKER):
    """The marker as a regular expression of bytes: as text of several encodings, in hexadecimal, in base64, words swapped."""
    raw = marker.encode()
    swapped = bytes(np.frombuffer(raw, ">u2").astype("<u2").tobytes())
    encoded = [
        base64.b64encode(bytes(shift) + raw)[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        for shift in range(3)
    ]
    wanted = [raw, swapped, marker.encode("utf-16-le"), marker.encode("utf-16-be"), raw.hex().encode()]
    return re.compile(b"|".join(re.escape(form) for form in [*wanted, *encoded]), re.IGNORECASE)


_FORMS = forms()


def holds_marker(data):
    """Whether bytes hold the marker in any form, also inside zips, deflated streams and PNG pixels."""
    if _FORMS.search(data):
        return True
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return any(
                _FORMS.search(name.encode()) or holds_marker(packed.read(name)) for name in packed.namelist()
            )
    if data.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return bool(_FORMS.search(image.tobytes()) or _FORMS.search(repr(image.info).encode()))
    return any(_FORMS.search(_inflated(data[place:])) for place in _streams(data))


def _streams(data):
    return [found.start() for found in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data)][:200]


def _inflated(data):
    try:
        return zlib.decompressobj(wbits=47).decompress(data, 1 << 22)
    except zlib.error:
        return b""


def found_below(folder, *, but=()):
    """Files below a folder that hold the marker, in their name, their content or a row of their tables."""
    return [
        str(path)
        for path in folder.rglob("*")
        if not any(path.is_relative_to(left_out) for left_out in but)
        and (_FORMS.search(path.name.encode()) or (path.is_file() and holds_marker(path.read_bytes())))
    ] + [str(path) for path in folder.glob("*.db") if _in_rows(path)]


def _in_rows(path):
    """SQLite may split a long text over pages, so rows are read too."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return any(_FORMS.search(line.encode()) for line in database.iterdump())
