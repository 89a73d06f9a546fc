"""The bytes that readers are sent: one length for one size and mode, and nothing but pixels."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from app.imaging import resize, stimulus, thumbnail

RNG = np.random.default_rng(3)


def chunks(data):
    place, found = 8, []
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        found.append((data[place + 4 : place + 8], length))
        place += 12 + length
    return found


def contents(shape):
    yield np.zeros(shape, np.uint8)
    yield np.full(shape, 255, np.uint8)
    yield RNG.integers(0, 256, shape, np.uint8)
    yield np.broadcast_to(
        np.linspace(0, 255, shape[1]).astype(np.uint8)[None, :, *([None] * (len(shape) - 2))], shape
    )


def test_it_works():
    pixels = RNG.integers(0, 256, (40, 30, 3), np.uint8)
    np.testing.assert_array_equal(stimulus.decode(stimulus.encode(pixels)), pixels)


@pytest.mark.parametrize(
    ("shape", "length"), [((512, 512), 262_812), ((64, 64), None), ((255, 257), None), ((256, 256, 3), None)]
)
def test_all_of_one_shape_have_one_length_and_one_layout(shape, length):
    files = [stimulus.encode(pixels) for pixels in contents(shape)]
    assert len({len(file) for file in files}) == 1
    assert length in (None, len(files[0]))
    assert len({tuple(chunks(file)) for file in files}) == 1


def test_no_chunk_but_header_data_and_end():
    for compress in (False, True):
        kinds = {
            kind
            for kind, _ in chunks(
                stimulus.encode(RNG.integers(0, 256, (64, 64), np.uint8), compress=compress)
            )
        }
        assert kinds == {b"IHDR", b"IDAT", b"IEND"}


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros(16, np.uint8)])
def test_only_grey_and_colour_bytes_are_encoded(bad):
    with pytest.raises(ValueError, match="expected"):
        stimulus.encode(bad)


def test_only_stimuli_are_decoded():
    out = io.BytesIO()
    Image.new("RGBA", (4, 4)).save(out, format="PNG")
    with pytest.raises(ValueError, match="RGBA"):
        stimulus.decode(out.getvalue())


def test_resizing_pads_to_a_centred_square():
    wide = np.full((20, 40), 200, np.float32)
    square = resize.to_square(wide, 40)
    assert square.shape == (40, 40)
    assert not square[:10].any()
    assert (square[10:30] == 200).all()
    assert not square[30:].any()


def test_resizing_keeps_level_and_range():
    flat = np.full((64, 64), 100, np.float32)
    np.testing.assert_allclose(resize.to_square(flat, 24), 100, atol=1e-3)
    edges = np.zeros((64, 64, 3), np.float32)
    edges[:, 32:] = 255
    resized = resize.to_square(edges, 128)
    assert resized.shape == (128, 128, 3)
    assert resized.min() >= 0
    assert resized.max() <= 255


def test_an_image_of_the_right_size_is_not_resampled():
    pixels = RNG.uniform(0, 255, (32, 32)).astype(np.float32)
    assert resize.to_square(pixels, 32) is pixels
    assert resize.to_square(pixels, None) is pixels


def test_thumbnails_fit_and_keep_their_proportions():
    tall = RNG.integers(0, 256, (400, 100), np.uint8)
    assert stimulus.decode(thumbnail.encode(tall, 100)).shape == (100, 25)
    small = RNG.integers(0, 256, (8, 9, 3), np.uint8)
    np.testing.assert_array_equal(stimulus.decode(thumbnail.encode(small)), small)
    assert stimulus.decode(thumbnail.encode(np.zeros((1000, 1), np.uint8), 10)).shape == (10, 1)
