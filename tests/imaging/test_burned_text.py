"""Writing in the pixels is found, clean slices are left alone; the weights were fitted on other slices and, save one, other fonts."""

import os

import numpy as np
import pytest

from app.imaging import burned_text, resize
from tests.factories_dicom import slice_dataset, write_slice
from tests.imaging import written

TEXTS = 3000 if os.environ.get("SOAK_TESTS") else 160


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return written.clean_slices(tmp_path_factory.mktemp("clean"))


def test_at_least_95_of_100_texts_are_found(slices):
    texts = written.sample(slices, TEXTS, 20261125)
    missed = [text for text in texts if not written.is_found(text, burned_text.boxes(text.pixels))]
    assert len(missed) <= 0.05 * len(texts), [(text.face, text.size, text.style) for text in missed]


def test_dark_writing_on_a_light_ground_is_found_too(slices):
    texts = written.sample(slices, TEXTS // 4, 7)
    missed = [text for text in texts if not written.is_found(text, burned_text.boxes(255 - text.pixels))]
    assert len(missed) <= 0.05 * len(texts)


def test_at_most_10_of_100_clean_slices_are_flagged(slices):
    flagged = [name for name, pixels in slices.items() if burned_text.boxes(pixels)]
    assert len(slices) > 70
    assert len(flagged) <= 0.1 * len(slices), flagged


def test_real_ultrasound_images_with_writing_are_flagged_twice(tmp_path):
    for name, outcomes in written.public(written.WRITTEN, tmp_path).items():
        assert {"modality", "seen"} <= set(outcomes[0].text_reasons), name
        assert outcomes[0].text_boxes, name


@pytest.mark.parametrize("shape", [(1, 1), (3, 3, 3), (1, 9000), (5000, 2), (64, 64, 3)])
def test_odd_shapes_and_flat_images_hold_no_text(shape):
    for value in (0, 128, 255):
        assert burned_text.boxes(np.full(shape, value, np.uint8)) == []


def test_noise_and_patterns_end_soon_and_give_few_boxes():
    noise = np.random.default_rng(1).integers(0, 256, (1024, 1024), np.uint8)
    bars = np.tile(
        np.array([[0, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 0]], np.uint8), (256, 256)
    )
    for pixels in (noise, bars, bars.repeat(3, 0).repeat(2, 1)):
        assert len(burned_text.boxes(pixels)) <= burned_text.MOST_BOXES


def test_writing_in_a_very_large_image_is_found_in_its_own_coordinates():
    text = written.sample({"black": np.zeros((600, 600), np.uint8)}, 1, 3)[0]
    large = np.zeros((2400, 4500), np.uint8)
    large[300:2100, 900:2700] = text.pixels.repeat(3, 0).repeat(3, 1)
    left, top, width, height = text.box
    (x, y, w, h), *_ = burned_text.boxes(large)
    assert 900 + 3 * left <= x + w / 2 <= 900 + 3 * (left + width)
    assert 300 + 3 * top <= y + h / 2 <= 300 + 3 * (top + height)


def test_boxes_follow_the_image_into_its_square(decode, tmp_path):
    text = written.sample({"black": np.zeros((300, 400), np.uint8)}, 1, 4)[0]
    path = write_slice(tmp_path / "a", text.pixels, window=(128, 256))
    (full,), (small,) = decode(path), decode(path, size=200)
    assert full.text_reasons == small.text_reasons == ("seen",)
    for one, other in zip(full.text_boxes, small.text_boxes, strict=True):
        assert other == resize.placed(one, (300, 400), 200)
        x, y, w, h = other
        left, top, width, height = one
        assert (x, y) == (left // 2, (top + 50) // 2)
        assert abs(w - width / 2) <= 1
        assert abs(h - height / 2) <= 1
    assert resize.placed((3, 4, 1, 1), (4000, 4000), 16)[2:] == (1, 1)


@pytest.mark.parametrize(
    ("attributes", "reasons"),
    [
        ({}, ()),
        ({"BurnedInAnnotation": "NO"}, ()),
        ({"BurnedInAnnotation": "YES"}, ("tag",)),
        ({"Modality": "US"}, ("modality",)),
        ({"Modality": "XA", "BurnedInAnnotation": "YES "}, ("tag", "modality")),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.2"}, ("modality",)),
    ],
)
def test_tags_and_modalities_are_reasons_without_any_writing(decode, tmp_path, attributes, reasons):
    dataset = slice_dataset(np.zeros((64, 64), np.uint8))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    (outcome,) = decode(tmp_path / "a")
    assert (outcome.text_reasons, outcome.text_boxes) == (reasons, ())
