"""Nearest real neighbours: copies are found, however bright, mirrored or large they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imaging.neighbours import nearest, thumbnail, typical_gap


def pictures(count, size=64, seed=0):
    """Smooth random pictures (count, size, size), as uint8."""
    random = np.random.default_rng(seed)
    coarse = random.normal(size=(count, 8, 8))
    fine = coarse.repeat(size // 8, axis=1).repeat(size // 8, axis=2)
    return np.clip(128 + 40 * fine, 0, 255).astype(np.uint8)


def thumbnails(images):
    return np.stack([thumbnail(image) for image in images])


def test_it_works():
    real = pictures(20)
    found = nearest(thumbnails(real[[7, 3]]), thumbnails(real), 3)
    assert found.places.shape == found.distances.shape == found.mirrored.shape == (2, 3)
    assert found.places[:, 0].tolist() == [7, 3]
    assert found.distances[:, 0] == pytest.approx([0, 0], abs=1e-5)
    assert (np.diff(found.distances, axis=1) >= 0).all()
    assert (found.distances[:, 1:] > 0.1).all()


@pytest.mark.parametrize(
    ("changed", "mirrored"),
    [
        (lambda image: (image * 0.5 + 60).astype(np.uint8), False),
        (lambda image: image[:, ::-1], True),
        (lambda image: np.repeat(image[..., None], 3, axis=2), False),
        (lambda image: image[::2, ::2], False),
    ],
)
def test_a_changed_copy_is_still_a_copy(changed, mirrored):
    real = pictures(20)
    found = nearest(thumbnail(changed(real[11]))[None], thumbnails(real), 1)
    assert found.places.item() == 11
    assert found.distances.item() == pytest.approx(0, abs=0.01)
    assert found.mirrored.item() is mirrored


def test_fewer_real_images_than_neighbours():
    assert nearest(thumbnails(pictures(4)), thumbnails(pictures(2, seed=1)), 5).places.shape == (4, 2)


def test_an_image_of_one_shade_is_near_to_nothing():
    blank = thumbnail(np.full((64, 64), 9, np.uint8))
    assert nearest(blank[None], thumbnails(pictures(3)), 1).distances.item() == 1


@given(st.integers(2, 12), st.integers(0, 1000))
def test_distances_lie_between_0_and_2_and_do_not_depend_on_who_asks(count, seed):
    images = thumbnails(pictures(count, seed=seed))
    found = nearest(images, images, count)
    assert (found.distances >= 0).all()
    assert (found.distances <= 2).all()
    table = np.take_along_axis(found.distances, np.argsort(found.places, axis=1), axis=1)
    assert table == pytest.approx(table.T, abs=1e-5)


def test_the_typical_gap_is_that_to_another_image():
    images = thumbnails(pictures(30))
    every_twice = np.concatenate([images, images])
    assert typical_gap(every_twice) == pytest.approx(0, abs=1e-5)
    assert typical_gap(images) > 0.1
    patients = np.arange(len(images)) // 2
    assert typical_gap(every_twice, np.tile(np.arange(len(images)), 2)) > 0.1
    assert typical_gap(images, patients) >= typical_gap(images)
    assert np.isnan(typical_gap(images, np.zeros(len(images), int)))
    assert typical_gap(images, most=10) == pytest.approx(typical_gap(images), rel=0.5)
    assert np.isnan(typical_gap(images[:1]))
