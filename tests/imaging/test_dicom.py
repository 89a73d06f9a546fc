"""From a DICOM file's stored values to display values, against values worked out by hand."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.utils import set_pixel_data
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from app.imaging.window import Window
from tests.factories_dicom import slice_dataset, write_slice

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


@pytest.fixture
def decode(decode_twice):
    return decode_twice


def save(dataset, path):
    dataset.save_as(path, enforce_file_format=True)
    return path


def only(outcomes):
    assert len(outcomes) == 1, outcomes
    return outcomes[0]


def linear(values, center, width):
    scaled = ((values.astype(np.float64) - (center - 0.5)) / (width - 1) + 0.5) * 255
    return np.floor(np.clip(scaled, 0, 255) + 0.5)


def test_it_works(decode, tmp_path):
    path = write_slice(tmp_path / "a.dcm", RAMP, window=(2048, 4096))
    decoded = only(decode(path))
    assert (decoded.place, decoded.frame, decoded.window_source) == (1, 1, "file")
    assert decoded.window_used == Window(2048, 4096)
    assert decoded.pixels.dtype == np.uint8
    np.testing.assert_allclose(decoded.pixels, linear(RAMP, 2048, 4096), atol=1)
    assert decoded.pixels[0, 0] == 0
    assert decoded.pixels[-1, -1] == 255


def test_a_given_window_wins_over_the_files(decode, tmp_path):
    path = write_slice(tmp_path / "a.dcm", RAMP, window=(2048, 4096))
    decoded = only(decode(path, window=Window(100, 51)))
    assert (decoded.window_used, decoded.window_source) == (Window(100, 51), "given")
    np.testing.assert_allclose(decoded.pixels, linear(RAMP, 100, 51), atol=1)


def test_without_any_window_percentiles_are_used_and_said(decode, tmp_path):
    decoded = only(decode(write_slice(tmp_path / "a.dcm", RAMP)))
    assert decoded.window_source == "percentiles"
    used = decoded.window_used
    assert used.center - 0.5 - (used.width - 1) / 2 == pytest.approx(np.percentile(RAMP, 0.5), abs=1e-3)
    assert used.center - 0.5 + (used.width - 1) / 2 == pytest.approx(np.percentile(RAMP, 99.5), abs=1e-3)


@pytest.mark.parametrize("bad", [(40, 0), (40, -5), (40, 0.5)])
def test_a_files_window_that_is_none_is_not_used(decode, tmp_path, bad):
    assert only(decode(write_slice(tmp_path / "a.dcm", RAMP, window=bad))).window_source == "percentiles"


def test_the_first_of_several_windows_is_used(decode, tmp_path):
    dataset = slice_dataset(RAMP)
    dataset.WindowCenter, dataset.WindowWidth = [1000, 40], [500, 400]
    assert only(decode(save(dataset, tmp_path / "a"))).window_used == Window(1000, 500)


def test_hounsfield_units_by_slope_and_intercept(decode, tmp_path):
    stored = np.array([[0, 864, 1024, 1064, 1263, 4000]], np.uint16)  # -1024, -160, 0, 40, 239, 2976 HU
    path = write_slice(tmp_path / "a.dcm", stored, modality="CT", rescale=(1, -1024))
    decoded = only(decode(path, window=Window(40, 400)))
    assert decoded.pixels.tolist() == [[0, 0, 102, 128, 255, 255]]
    path = write_slice(tmp_path / "b.dcm", stored, modality="CT", rescale=(0.5, 10))
    assert only(decode(path, window=Window(522.5, 1025))).pixels.tolist() == [[0, 108, 128, 132, 157, 255]]


def test_signed_values(decode, tmp_path):
    stored = np.array([[-32768, -160, 39, 40, 239, 32767]], np.int16)
    path = write_slice(tmp_path / "a.dcm", stored, modality="CT")
    assert only(decode(path, window=Window(40, 400))).pixels.tolist() == [[0, 0, 127, 128, 255, 255]]


def test_monochrome1_is_shown_inverted(decode, tmp_path):
    stored = np.array([[0, 85, 170, 255]], np.uint8)
    path = write_slice(tmp_path / "a.dcm", stored, photometric="MONOCHROME1")
    assert only(decode(path, window=Window(128, 256))).pixels.tolist() == [[255, 170, 85, 0]]


def test_padding_is_black_and_not_among_the_percentiles(decode, tmp_path):
    stored = RAMP.astype(np.int16)
    stored[:32] = -2000
    for photometric in ("MONOCHROME2", "MONOCHROME1"):
        dataset = slice_dataset(stored, modality="CT", rescale=(1, -1024), photometric=photometric)
        dataset.PixelPaddingValue = -2000
        decoded = only(decode(save(dataset, tmp_path / "a")))
        assert not decoded.pixels[:32].any()
        low = decoded.window_used.center - 0.5 - (decoded.window_used.width - 1) / 2
        assert low == pytest.approx(np.percentile(stored[32:] - 1024, 0.5), abs=1e-2)


def test_a_padding_range(decode, tmp_path):
    dataset = slice_dataset(np.array([[10, 60000, 60500, 61000, 20]], np.uint16), window=(15.5, 11))
    dataset.PixelPaddingValue, dataset.PixelPaddingRangeLimit = 61000, 60000
    assert only(decode(save(dataset, tmp_path / "a"))).pixels.tolist() == [[0, 0, 0, 0, 255]]


def test_linear_exact_and_sigmoid_windows(decode, tmp_path):
    stored = np.array([[0, 25, 50, 75, 100]], np.uint8)
    dataset = slice_dataset(stored, window=(50, 100))
    dataset.VOILUTFunction = "LINEAR_EXACT"
    decoded = only(decode(save(dataset, tmp_path / "exact")))
    assert decoded.pixels.tolist() == [[0, 64, 128, 191, 255]]  # ((x - 50) / 100 + 0.5) * 255
    assert decoded.window_used == Window(50.5, 101)
    dataset.VOILUTFunction = "SIGMOID"
    decoded = only(decode(save(dataset, tmp_path / "sigmoid")))
    assert decoded.pixels.tolist() == [[30, 69, 128, 186, 225]]  # 255 / (1 + exp(-4 (x - 50) / 100))


def table(first, bits, data):
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [len(data), first, bits], np.array(data, "<u2").tobytes()
    return item


def test_a_display_table_of_the_file(decode, tmp_path):
    dataset = slice_dataset(np.array([[0, 1, 2, 3, 9]], np.uint8))
    dataset.VOILUTSequence = [table(1, 16, [0, 65535, 32768])]
    decoded = only(decode(save(dataset, tmp_path / "a")))
    assert decoded.pixels.tolist() == [[0, 0, 255, 128, 128]]
    assert (decoded.window_used, decoded.window_source) == (None, "file's table")


def test_a_modality_table(decode, tmp_path):
    dataset = slice_dataset(np.array([[0, 1, 2, 3]], np.uint8))
    item = table(0, 16, [1000, 200, 10, 0])
    item.ModalityLUTType = "US"
    dataset.ModalityLUTSequence = [item]
    decoded = only(decode(save(dataset, tmp_path / "a"), window=Window(500.5, 1001)))
    assert decoded.pixels.tolist() == [[255, 51, 3, 0]]


SYNTAXES = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGLSLossless,
    JPEG2000Lossless,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_one_image_in_every_syntax_is_one_image(decode, tmp_path, dtype):
    pixels = np.random.default_rng(5).integers(0, 200, (40, 33)).astype(dtype)
    pixels[0, 0] = -100 if dtype == np.int16 else 0
    paths = [
        write_slice(tmp_path / f"{n}", pixels, transfer_syntax=syntax) for n, syntax in enumerate(SYNTAXES)
    ]
    first, *others = decode(*paths, window=Window(100, 201))
    np.testing.assert_allclose(first.pixels, linear(pixels, 100, 201), atol=1)
    assert len(others) == len(SYNTAXES) - 1
    for other in others:
        np.testing.assert_array_equal(other.pixels, first.pixels)


def test_big_endian(decode):
    little = pydicom.data.get_testdata_file("MR_small.dcm", download=False)
    big = pydicom.data.get_testdata_file("MR_small_bigendian.dcm", download=False)
    assert pydicom.dcmread(big).file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    one, other = decode(Path(little), Path(big))
    np.testing.assert_array_equal(one.pixels, other.pixels)


def coloured(pixels, photometric, bits=8):
    dataset = slice_dataset(np.zeros((4, 4), np.uint8))
    set_pixel_data(dataset, pixels, photometric, bits)
    return dataset


def test_colours_stay_and_grey_colours_become_grey(decode, tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (10, 12, 3), np.uint8)
    save(coloured(pixels, "RGB"), tmp_path / "a")
    grey = np.repeat(pixels[..., :1], 3, axis=-1)
    save(coloured(grey, "RGB"), tmp_path / "b")
    deep = pixels.astype(np.uint16) * 257
    save(coloured(deep, "RGB", 16), tmp_path / "c")
    one, other, sixteen = decode(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    np.testing.assert_array_equal(one.pixels, pixels)
    assert (one.window_used, one.window_source) == (None, "as stored")
    np.testing.assert_array_equal(other.pixels, grey[..., 0])
    np.testing.assert_array_equal(sixteen.pixels, pixels)


def test_ybr_becomes_rgb(decode, tmp_path):
    ybr = np.array([[[76, 85, 255], [150, 44, 21], [255, 128, 128]]], np.uint8)  # red, green, white
    decoded = only(decode(save(coloured(ybr, "YBR_FULL"), tmp_path / "a")))
    np.testing.assert_allclose(decoded.pixels, [[[255, 0, 0], [0, 255, 0], [255, 255, 255]]], atol=2)


def palette(first, tables, bits):
    dataset = slice_dataset(np.array([[0, 5, 6, 7, 200]], np.uint8), photometric="PALETTE COLOR")
    for channel, entries in zip(("Red", "Green", "Blue"), tables, strict=True):
        setattr(dataset, f"{channel}PaletteColorLookupTableDescriptor", [len(entries), first, bits])
        word = np.array(entries, "<u2" if bits == 16 else np.uint8).tobytes()
        setattr(dataset, f"{channel}PaletteColorLookupTableData", word + b"\0" * (len(word) % 2))
    return dataset


@pytest.mark.parametrize(("bits", "scale"), [(8, 1), (16, 257)])
def test_a_palette(decode, tmp_path, bits, scale):
    tables = [[n * scale for n in entries] for entries in ([10, 20, 30], [40, 50, 60], [255, 0, 128])]
    decoded = only(decode(save(palette(5, tables, bits), tmp_path / "a")))
    first, second, last = [10, 40, 255], [20, 50, 0], [30, 60, 128]
    assert decoded.pixels.tolist() == [[first, first, second, last, last]]


def test_palettes_of_both_byte_orders_agree(decode):
    names = ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm")
    little, big = decode(*[Path(pydicom.data.get_testdata_file(name, download=False)) for name in names])
    np.testing.assert_array_equal(little.pixels, big.pixels)
    assert little.pixels.max() > 200


def test_frames_count_from_one(decode, tmp_path):
    stack = np.stack([np.full((8, 8), n, np.uint8) for n in (0, 100, 255)])
    dataset = slice_dataset(stack[0])
    dataset.NumberOfFrames, dataset.PixelData = 3, stack.tobytes()
    outcomes = decode(save(dataset, tmp_path / "a"), window=Window(128, 256))
    assert [(o.place, o.frame, o.pixels.mean()) for o in outcomes] == [(1, 1, 0), (1, 2, 100), (1, 3, 255)]


def test_each_frame_of_an_enhanced_file_has_its_own_rules(decode, tmp_path):
    dataset = slice_dataset(np.zeros((2, 2), np.uint8))
    dataset.NumberOfFrames, dataset.PixelData = 2, bytes([0, 85, 170, 255] * 2)
    dataset.PixelSpacing = dataset.SliceThickness = None
    shared, frames = Dataset(), []
    for slope, window in ((1, (128, 256)), (2, (256, 512))):
        values, display, frame = Dataset(), Dataset(), Dataset()
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = slope, 0, "US"
        display.WindowCenter, display.WindowWidth = window
        frame.PixelValueTransformationSequence, frame.FrameVOILUTSequence = [values], [display]
        frames.append(frame)
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.25], 3
    shared.PixelMeasuresSequence = [measures]
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], frames
    one, two = decode(save(dataset, tmp_path / "a"))
    assert one.pixels.tolist() == [[0, 85], [170, 255]]
    assert (one.window_used, two.window_used) == (Window(128, 256), Window(256, 512))
    assert two.pixels.tolist() == [[0, 85], [170, 255]]
    assert one.facts["pixel_spacing"] == [0.5, 0.25]
    assert one.facts["slice_thickness"] == 3


def test_facts_of_the_allow_list(decode, tmp_path):
    dataset = slice_dataset(RAMP, modality="CT")
    dataset.BodyPartExamined, dataset.Manufacturer, dataset.BurnedInAnnotation = (
        "CHEST",
        "GE MEDICAL SYSTEMS",
        "YES",
    )
    dataset.PixelSpacing, dataset.SliceThickness = [0.7, 0.8], 2.5
    assert only(decode(save(dataset, tmp_path / "a"))).facts == {
        "modality": "CT",
        "body_part": "CHEST",
        "manufacturer": "GE",
        "pixel_spacing": [0.7, 0.8],
        "slice_thickness": 2.5,
        "burned_in": True,
        "secondary_capture": False,
    }
    facts = only(decode(write_slice(tmp_path / "b", RAMP))).facts
    assert facts["burned_in"] is facts["body_part"] is facts["manufacturer"] is None


def test_files_without_preamble_or_meta_are_read(decode, tmp_path):
    dataset = slice_dataset(RAMP, window=(2048, 4096))
    with_meta = only(decode(save(dataset, tmp_path / "a")))
    del dataset.file_meta
    bare = tmp_path / "b"
    dataset.save_as(bare, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert bare.read_bytes()[128:132] != b"DICM"
    np.testing.assert_array_equal(only(decode(bare)).pixels, with_meta.pixels)


def test_a_large_file_is_read_frame_by_frame(decode, tmp_path):
    stack = np.random.default_rng(1).integers(0, 4096, (70, 700, 700), np.uint16)
    dataset = slice_dataset(stack[0], window=(2048, 4096))
    dataset.NumberOfFrames, dataset.PixelData = 70, stack.tobytes()
    path = save(dataset, tmp_path / "a")
    assert path.stat().st_size > 64 * 2**20
    outcomes = decode(path, size=64)
    assert [o.frame for o in outcomes] == list(range(1, 71))
    full = only(decode(write_slice(tmp_path / "b", stack[69], window=(2048, 4096)), size=64))
    np.testing.assert_array_equal(outcomes[69].pixels, full.pixels)
