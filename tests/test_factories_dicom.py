"""What the factory writes is what pydicom reads back: other tests lean on it."""

from itertools import product

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.factories_dicom import write_slice

SYNTAXES = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGLSLossless,
    JPEG2000Lossless,
)


@pytest.mark.parametrize(("syntax", "dtype"), list(product(SYNTAXES, (np.uint8, np.uint16, np.int16))))
def test_pixels_come_back_from_every_syntax(tmp_path, syntax, dtype):
    limits = np.iinfo(dtype)
    pixels = np.random.default_rng(1).integers(limits.min, limits.max, (40, 33), dtype, endpoint=True)
    read = pydicom.dcmread(write_slice(tmp_path / "a" / "slice.dcm", pixels, transfer_syntax=syntax))
    assert read.file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(read.pixel_array, pixels)


def test_what_is_asked_for_is_written_and_nothing_else(tmp_path):
    pixels = np.zeros((8, 8), np.uint16)
    plain = pydicom.dcmread(write_slice(tmp_path / "plain.dcm", pixels))
    assert (plain.PatientID, plain.Modality, plain.PhotometricInterpretation) == (
        "patient-1",
        "MR",
        "MONOCHROME2",
    )
    assert "WindowCenter" not in plain
    assert "RescaleSlope" not in plain
    path = write_slice(
        tmp_path / "ct.dcm",
        pixels,
        patient="p9",
        modality="CT",
        window=(40, 400),
        rescale=(1, -1024),
        photometric="MONOCHROME1",
        instance=7,
    )
    read = pydicom.dcmread(path)
    assert (read.PatientID, read.Modality, read.PhotometricInterpretation) == ("p9", "CT", "MONOCHROME1")
    assert (read.WindowCenter, read.WindowWidth) == (40, 400)
    assert (read.RescaleSlope, read.RescaleIntercept, read.InstanceNumber) == (1, -1024, 7)


def test_what_it_cannot_write_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a slice is"):
        write_slice(tmp_path / "a.dcm", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="big-endian"):
        write_slice(tmp_path / "a.dcm", np.zeros((8, 8), np.uint8), transfer_syntax=ExplicitVRBigEndian)
