"""Catch items: nobody takes them for real, and their greys are those of the image."""

import numpy as np
import pytest

from app.imaging import degraded


@pytest.mark.parametrize("shape", [(60, 60), (61, 47), (64, 64, 3)])
def test_the_greys_stay_and_the_places_change(shape):
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    made = degraded.degrade(image)
    assert made.shape == image.shape
    assert made.dtype == np.uint8
    assert np.array_equal(np.sort(made, axis=None), np.sort(image, axis=None))
    assert np.mean(made != image) > 0.8
    assert np.array_equal(made, degraded.degrade(image))


def test_an_image_smaller_than_its_tiles_is_turned_over():
    image = np.arange(20, dtype=np.uint8).reshape(4, 5)
    assert np.array_equal(degraded.degrade(image), image[::-1])
