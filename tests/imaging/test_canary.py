"""A marker in every attribute that can hold one, and in the file's name: none of it survives the import."""

import json
import sys
import warnings
import zipfile

import numpy as np
import pytest
from pydicom import config, dcmread
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from app import sandbox
from app.imaging import sources, stimulus, thumbnail
from app.imaging.importer import LIMITS, Decoded, ImportSettings, Refused, decode_all
from tests.factories_dicom import write_slice

MARKER = "CANARY7F3A"
PIXELS = np.arange(4096, dtype=np.uint16).reshape(64, 64)
TEXT = {
    "AE",
    "AS",
    "CS",
    "DA",
    "DT",
    "LO",
    "LT",
    "PN",
    "SH",
    "ST",
    "TM",
    "UC",
    "UI",
    "UR",
    "UT",
    "OB",
    "OW",
    "UN",
}
NEEDED = {"PhotometricInterpretation", "SOPClassUID", "PixelData", "VOILUTFunction", "SpecificCharacterSet"}


def mark(dataset, depth=0):
    """Put the marker into every attribute of a public group above 0002 whose kind of value can hold text."""
    for tag, (vr, *_) in DicomDictionary.items():
        keyword = keyword_for_tag(tag)
        if (
            tag < 0x00080000
            or keyword in NEEDED
            or not keyword
            or "LookupTable" in keyword
            or "LUT" in keyword
        ):
            continue
        if vr in TEXT and tag >> 16 not in (0x7FE0, 0xFFFE, 0xFFFA, 0xFFFC):
            dataset.add_new(tag, vr, MARKER.encode() if vr in {"OB", "OW", "UN"} else MARKER)
        elif vr == "SQ" and depth == 0 and "FunctionalGroups" not in keyword:
            item = Dataset()
            item.PatientName = item.TextValue = item.StudyInstanceUID = MARKER
            dataset.add_new(tag, vr, [item])
    block = dataset.private_block(0x0099, MARKER, create=True)
    block.add_new(1, "LO", MARKER)
    block.add_new(2, "UN", MARKER.encode())


def marked(path, *, refused=False, nameless=False, syntax=ExplicitVRLittleEndian):
    write_slice(path, PIXELS, transfer_syntax=syntax)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the marker is no date, no age and no UID
        dataset = dcmread(path)
        mark(dataset)
        dataset.preamble = (MARKER * 13)[:128].encode()
        dataset.file_meta.ImplementationVersionName = dataset.file_meta.SourceApplicationEntityTitle = MARKER
        dataset.file_meta.MediaStorageSOPInstanceUID = MARKER
        if refused:
            dataset.PhotometricInterpretation = MARKER
        if nameless:
            dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = MARKER
            del dataset.PixelData
        dataset.save_as(path, enforce_file_format=True)
    assert path.read_bytes().count(MARKER.encode()) > 1000
    return path


@pytest.fixture(autouse=True)
def lenient():
    before = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.IGNORE
    yield
    config.settings.writing_validation_mode = before


def found_in(folder):
    """Files below a folder that hold the marker, in their content or their name."""
    return [
        str(path)
        for path in folder.rglob("*")
        if MARKER in path.name or (path.is_file() and MARKER.encode() in path.read_bytes())
    ]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLSLossless])
def test_nothing_of_a_file_survives_but_pixels_and_listed_facts(tmp_path, capfd, caplog, syntax):
    given, work = tmp_path / "given", tmp_path / "work"
    given.mkdir()
    work.mkdir()
    files = [
        marked(given / f"{MARKER}.dcm", syntax=syntax),
        marked(given / f"{MARKER}_refused.dcm", refused=True, syntax=syntax),
        marked(given / f"{MARKER}_without_pixels.dcm", nameless=True),
    ]
    with zipfile.ZipFile(given / f"{MARKER}.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, f"{MARKER}/{file.name}")
    found = sources.collect([*files, given / f"{MARKER}.zip"], work / "unpacked")
    assert not [path for path in (work / "unpacked").rglob("*") if MARKER in path.name]

    caplog.clear()  # until here it was this test that wrote
    capfd.readouterr()
    told, written = [], b""
    for outcome in decode_all(found, ImportSettings(), work / "staging"):
        assert found_in(work / "staging") == []
        told.append(repr(outcome))
        if isinstance(outcome, Decoded):
            written += (
                outcome.pixels.tobytes() + stimulus.encode(outcome.pixels) + thumbnail.encode(outcome.pixels)
            )
            kept = outcome
        else:
            assert isinstance(outcome, Refused)
    assert [text.split("(")[0] for text in told] == ["Decoded", "Refused", "Refused"] * 2
    assert MARKER not in "".join(told)
    assert MARKER.encode() not in written
    output = capfd.readouterr()
    assert MARKER not in output.out + output.err + caplog.text
    assert not (work / "staging").exists()

    assert set(kept.facts) == {
        "modality",
        "body_part",
        "manufacturer",
        "pixel_spacing",
        "slice_thickness",
        "burned_in",
        "secondary_capture",
    }
    assert isinstance(kept.patient_group, int)


def test_not_even_the_child_says_who_the_patient_is(tmp_path):
    path, staging = marked(tmp_path / "a"), tmp_path / "staging"
    staging.mkdir()
    question = {"path": str(path), "window": None, "size": None, "staging": str(staging)}
    with sandbox.spawn([sys.executable, "-m", "app.imaging.child"], LIMITS, writable=staging) as child:
        ((one,), (again,), (other,)) = (child.ask({**question, "salt": salt}) for salt in ("s", "s", "t"))
    assert MARKER not in json.dumps(one)
    assert one["patient"] == again["patient"] != other["patient"]
