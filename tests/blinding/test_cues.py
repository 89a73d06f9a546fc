"""Each measure by an image whose number is known without measuring."""

import numpy as np
import pytest

from app.blinding import cues, edges, greys, spectrum, texture
from app.blinding.features import view
from tests.blinding import material


def plain(value=100, side=64):
    return np.full((side, side), value, np.uint8)


def stripes(side=64):
    """Columns 0, 1, 2, … of that value."""
    return np.tile(np.arange(side, dtype=np.uint8), (side, 1))


def test_it_works():
    measured = cues.measure(material.heads(np.random.default_rng(1), 6))
    names = [(column.cue.key, column.feature.name) for column in measured.columns]
    assert measured.values.shape == (6, len(names))
    assert len(set(names)) == len(names)
    assert np.isfinite(measured.values).all()
    assert measured.histograms.sum(axis=1) == pytest.approx(1)
    assert (measured.spectra.shape, measured.corners.shape) == ((6, 32), (6, 16, 16))


def test_an_image_is_measured_alone_but_for_copies_and_shared_grain():
    images = material.heads(np.random.default_rng(2), 6)
    whole, part = cues.measure(images), cues.measure(images[:2])
    of_sets = ("exact duplicate", "near duplicate", "fixed pattern")
    alone = [column.cue.key not in of_sets for column in whole.columns]
    assert (whole.values[:2, alone] == part.values[:, alone]).all()


def test_grey_stored_as_colour_measures_the_same():
    images = material.heads(np.random.default_rng(3), 4)
    grey, colour = (cues.measure(shown).values for shown in (images, np.repeat(images[..., None], 3, axis=3)))
    assert colour == pytest.approx(grey, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("side", [32, 33, 47, 100])
def test_any_size_from_32_on_has_measures(side):
    images = np.random.default_rng(4).integers(0, 256, (3, side, side + 5), dtype=np.uint8)
    assert np.isfinite(cues.measure(images).values).all()


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((4, 31, 64), np.uint8),
        np.zeros((4, 64, 64)),
        np.zeros((64, 64), np.uint8),
        np.zeros((4, 64, 64, 4), np.uint8),
    ],
)
def test_other_images_are_refused(images):
    with pytest.raises(ValueError, match="expected"):
        cues.measure(images)


def test_corners():
    image = plain()
    image[0, 0], image[-1, -1] = 4, 8
    assert edges.corner(view(image))[:4] == (4, 100, 100, 8)
    assert edges.corner(view(image))[4] == pytest.approx(100 - (96 + 92) / 64)


def test_border():
    image = plain()
    image[[0, -1]] = image[:, [0, -1]] = 10
    assert edges.border(view(image)) == (0, 0, -90)
    image[0, ::2] = 30
    assert edges.border(view(image))[0] > 3


def test_padding_counts_what_lies_behind_the_outermost_line():
    image = np.random.default_rng(5).integers(1, 256, (64, 64), dtype=np.uint8)
    assert edges.padding(view(image)) == (0, 0)
    image[[0, -1]] = image[:, [0, -1]] = 0
    assert edges.padding(view(image)) == (0, 0)
    image[:5], image[-3:], image[:, :2] = 0, 0, 0
    assert edges.padding(view(image)) == (4 + 2, 1)
    assert edges.padding(view(plain())) == (126, 126)


def test_writing_counts_in_the_margin_only():
    image = plain(0)
    image[30:34, 30:34] = 255
    assert edges.writing(view(image)) == (0, 0)
    image[2:6, 4:6] = 255
    assert edges.writing(view(image)) == (8 / (64 * 63), 8 / (64 * 63))
    image[2:6, 10:12] = 100
    assert edges.writing(view(image)) == (8 / (64 * 63), 16 / (64 * 63))


@pytest.mark.parametrize(("distinct", "bits"), [(1, 0), (2, 1), (64, 6), (128, 7), (129, 8), (256, 8)])
def test_bits_of_grey_levels(distinct, bits):
    image = (np.arange(64 * 64) % distinct).reshape(64, 64).astype(np.uint8)
    assert greys.levels(view(image)) == (bits,)


def test_comb():
    assert greys.comb(view(stripes())) == (0, 0)
    roughness, gaps = greys.comb(view(stripes() * 4))
    assert gaps == pytest.approx(0.75, abs=0.01)
    assert roughness > 0.9
    assert greys.comb(view(plain())) == (0, 0)


def test_clipping():
    image = stripes()
    assert greys.clipping(view(image)) == (1 / 64, 1 / 64, 255)
    assert greys.clipping(view(image.clip(3, 50))) == (4 / 64, 14 / 64, 50)
    assert greys.clipping(view(plain())) == (1, 1, 255)


def test_range_and_brightness():
    image = stripes()
    assert greys.value_range(view(image)) == (0, 63, 63)
    image[:, 1:-1] = 30
    image[0, 0], image[:, 0], image[:, -1] = 0, 30, 30
    image[5, 5] = 200
    assert greys.value_range(view(image)) == (30, 200, 0)
    assert greys.brightness(view(plain())) == (100, 0)


def test_colour():
    image = np.repeat(plain()[..., None], 3, axis=2)
    assert greys.colour(view(image)) == (0, 0)
    image[:32, :, 1] = 103
    assert greys.colour(view(image)) == (1.5, 0.5)
    assert greys.colour(view(plain())) == (0, 0)


@pytest.mark.parametrize("sigma", [2, 5])
def test_noise_is_measured_in_grey_levels(sigma):
    noise = np.random.default_rng(6).normal(128, sigma, (128, 128))
    whole, dark, smooth = texture.noise(view(noise.round().clip(0, 255).astype(np.uint8)))
    assert whole == pytest.approx(sigma * np.sqrt(2 / np.pi), rel=0.05)
    assert dark == pytest.approx(whole, rel=0.3)
    assert smooth == pytest.approx(whole, rel=0.3)


def test_blocks_at_their_own_place_and_shifted():
    image = np.repeat(np.repeat(np.random.default_rng(7).integers(100, 110, (9, 9)), 8, axis=0), 8, axis=1)
    whole, cut = image[:64, :64].astype(np.uint8), image[3:67, 3:67].astype(np.uint8)
    own, any_place = texture.blocks(view(whole))
    assert own == pytest.approx(any_place, rel=0.3)
    assert own > 3
    own, any_place = texture.blocks(view(cut))
    assert own < 0.5
    assert any_place > 3


@pytest.mark.parametrize(
    ("period", "which"),
    [((2, 2), 0), ((1, 2), 0), ((2, 1), 0), ((4, 1), 1), ((1, 4), 1), ((4, 4), 1), ((5, 5), 2)],
)
def test_regular_patterns_by_their_period(period, which):
    rng = np.random.default_rng(8)
    rows, columns = np.indices((128, 128))
    noise = rng.normal(128, 4, (128, 128))
    wave = 4 * np.cos(2 * np.pi * (rows / period[0] + columns / period[1]))
    before, after = (
        spectrum.spectrum(view(image.round().astype(np.uint8))) for image in (noise, noise + wave)
    )
    assert after[which] > before[which] + 0.5
    assert after[2] > before[2] + 0.5


def test_less_fine_detail_shows_in_the_slope():
    rng = np.random.default_rng(9)
    sharp = rng.normal(128, 20, (1, 64, 64)).round().clip(0, 255).astype(np.uint8)
    blurred = material.soft(sharp, rng).round().astype(np.uint8)
    assert all(
        less < more
        for less, more in zip(*(spectrum.spectrum(view(x[0]))[3:] for x in (blurred, sharp)), strict=True)
    )
