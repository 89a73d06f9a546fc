"""Every file of pydicom and of pydicom-data decodes or is refused with a sentence, and what must decode does."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from app.imaging import sources
from app.imaging.importer import Decoded, ImportSettings, decode_all

data_store = pytest.importorskip("data_store", reason="pydicom-data is not installed")
FOLDERS = [Path(package.__file__).parent / "data" for package in (pydicom, data_store)]
TWINS = [
    ("MR_small.dcm", "MR_small_RLE.dcm"),
    ("MR_small.dcm", "MR_small_bigendian.dcm"),
    ("MR_small.dcm", "MR_small_expb.dcm"),
    ("MR_small.dcm", "MR_small_implicit.dcm"),
    ("MR_small.dcm", "MR_small_jp2klossless.dcm"),
    ("MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm"),
    ("MR_small.dcm", "MR_small_padded.dcm"),
    ("emri_small.dcm", "emri_small_RLE.dcm"),
    ("emri_small.dcm", "emri_small_big_endian.dcm"),
    ("emri_small.dcm", "emri_small_jpeg_2k_lossless.dcm"),
    ("emri_small.dcm", "emri_small_jpeg_ls_lossless.dcm"),
    ("SC_rgb.dcm", "SC_rgb_expb.dcm"),
    ("SC_rgb.dcm", "SC_rgb_16bit.dcm"),
    ("SC_rgb.dcm", "SC_rgb_rle.dcm"),
    ("SC_rgb.dcm", "SC_rgb_gdcm2k_uncompressed.dcm"),
    ("693_UNCR.dcm", "693_J2KR.dcm"),
    ("MR2_UNCR.dcm", "MR2_J2KR.dcm"),
    ("RG1_UNCR.dcm", "RG1_J2KR.dcm"),
    ("RG3_UNCR.dcm", "RG3_J2KR.dcm"),
    ("US1_UNCR.dcm", "US1_J2KR.dcm"),
    ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm"),
    ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"),
]
REFUSED = {
    "JPGExtended.dcm": "needs a decoder that is not installed",
    "MR_truncated.dcm": "fewer pixels than its header declares",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "ends before its image does",
    "JPEG2000-embedded-sequence-delimiter.dcm": "damaged or incomplete",
    "rtdose.dcm": "radiotherapy dose",
    "rtplan.dcm": "radiotherapy planning data",
    "rtstruct.dcm": "radiotherapy contours",
    "test-SR.dcm": "structured report",
    "waveform_ecg.dcm": "waveform",
    "liver_1frame.dcm": "segmentation",
    "hotiron.dcm": "colour palette",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """File name → what became of it; a file name that occurs twice has the first one's."""
    work = tmp_path_factory.mktemp("public")
    found = [
        s for s in sources.collect(FOLDERS, work / "unpacked") if s.path and "__pycache__" not in s.path.parts
    ]
    by_place = {}
    for outcome in decode_all(found, ImportSettings(), work / "staging"):
        by_place.setdefault(outcome.place, []).append(outcome)
    assert set(by_place) == {source.place for source in found}
    named = {}
    for source in found:
        named.setdefault(source.path.name, by_place[source.place])
    return named


def test_all_are_decoded_or_refused_with_a_sentence(outcomes):
    decoded = [o for found in outcomes.values() for o in found if isinstance(o, Decoded)]
    refused = [o for found in outcomes.values() for o in found if not isinstance(o, Decoded)]
    assert len(decoded) >= 300
    assert len([name for name, found in outcomes.items() if isinstance(found[0], Decoded)]) >= 150
    for outcome in decoded:
        assert outcome.pixels.dtype == np.uint8
        assert outcome.pixels.ndim == 2 or outcome.pixels.shape[2] == 3
    for outcome in refused:
        assert outcome.reason.endswith(".")
        assert outcome.reason[0].isupper()
        assert not {"broke", "too long"} & {*outcome.reason.split()}


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_the_same_image_in_two_syntaxes(outcomes, one, other):
    assert len(outcomes[one]) == len(outcomes[other])
    for left, right in zip(outcomes[one], outcomes[other], strict=True):
        np.testing.assert_array_equal(left.pixels, right.pixels)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why(outcomes, name):
    assert REFUSED[name] in outcomes[name][0].reason


def test_frames_of_a_multi_frame_file(outcomes):
    assert [o.frame for o in outcomes["emri_small.dcm"]] == list(range(1, 11))
