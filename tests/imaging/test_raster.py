"""PNG, JPEG and TIFF files."""

import numpy as np
import pytest
from PIL import Image

from app.imaging.window import Window

GREY = np.random.default_rng(4).integers(0, 256, (30, 20), np.uint8)
COLOUR = np.random.default_rng(5).integers(0, 256, (30, 20, 3), np.uint8)


@pytest.fixture
def decode(decode_twice):
    return decode_twice


def only(outcomes):
    assert len(outcomes) == 1, outcomes
    return outcomes[0]


@pytest.mark.parametrize("pixels", [GREY, COLOUR])
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_it_works(decode, tmp_path, pixels, kind):
    Image.fromarray(pixels).save(tmp_path / "a", format=kind)
    decoded = only(decode(tmp_path / "a"))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert (decoded.facts, decoded.patient_group, decoded.window_used) == ({}, None, None)
    assert decoded.window_source == "as stored"


def test_jpeg(decode, tmp_path):
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a", format="jpeg", quality=95)
    np.testing.assert_allclose(only(decode(tmp_path / "a")).pixels.astype(int), smooth, atol=3)


def test_sixteen_bits_need_a_window(decode, tmp_path):
    deep = np.array([[0, 1000, 2000, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "a", format="png")
    decoded = only(decode(tmp_path / "a", window=Window(1000.5, 2001)))
    assert decoded.pixels.tolist() == [[0, 128, 255, 255]]
    assert decoded.window_source == "given"
    assert only(decode(tmp_path / "a")).window_source == "percentiles"


def test_grey_in_colour_and_palette_and_one_bit_files_become_grey(decode, tmp_path):
    Image.fromarray(GREY).convert("RGB").save(tmp_path / "a.png")
    Image.fromarray(GREY).convert("RGBA").save(tmp_path / "b.png")
    Image.fromarray(GREY).convert("P").save(tmp_path / "c.png")
    Image.fromarray(GREY > 99).save(tmp_path / "d.png")
    *same, bits = decode(*[tmp_path / f"{name}.png" for name in "abcd"])
    assert len(same) == 3
    for decoded in same:
        np.testing.assert_array_equal(decoded.pixels, GREY)
    np.testing.assert_array_equal(bits.pixels, (GREY > 99) * np.uint8(255))


def test_floats_get_a_window_and_must_be_finite(decode, tmp_path):
    Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)).save(tmp_path / "a", format="tiff")
    Image.fromarray(np.array([[0.0, np.nan, 1.0]], np.float32)).save(tmp_path / "b", format="tiff")
    good, bad = decode(tmp_path / "a", tmp_path / "b")
    assert good.pixels.tolist() == [[0, 128, 255]]
    assert bad.reason == "This image has pixels that are no finite numbers."


def test_every_page_of_a_tiff_is_a_frame(decode, tmp_path):
    pages = [Image.new("L", (8, 8 + n), 50 * n) for n in range(3)]
    pages[0].save(tmp_path / "a", format="tiff", save_all=True, append_images=pages[1:])
    outcomes = decode(tmp_path / "a")
    assert [(o.frame, o.pixels.shape, o.pixels.mean()) for o in outcomes] == [
        (1, (8, 8), 0),
        (2, (9, 8), 50),
        (3, (10, 8), 100),
    ]


def test_an_image_lies_as_its_camera_says(decode, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(GREY).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(only(decode(tmp_path / "a.png")).pixels, np.rot90(GREY, -1))


def test_an_animation_is_refused(decode, tmp_path):
    pages = [Image.new("L", (8, 8), n) for n in (1, 200)]
    pages[0].save(tmp_path / "a", format="png", save_all=True, append_images=pages[1:])
    assert only(decode(tmp_path / "a")).reason == "This is an animation, not a still image."


def test_size(decode, tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png")
    assert only(decode(tmp_path / "a.png", size=64)).pixels.shape == (64, 64, 3)
