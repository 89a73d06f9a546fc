"""Images to audit, and cues to plant: heads from the demonstration's real slices, and textures made here."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

SLICES = sorted((Path(__file__).parents[2] / "demo" / "slices").glob("*.png"))
REAL = np.stack([np.asarray(Image.open(path)) for path in SLICES])


def heads(rng, n, side=64):
    """Real slices, each turned, scaled, shifted, brightened and given a scanner's (Rician) noise at random; no two alike."""
    images = np.empty((n, side, side), np.uint8)
    for number in range(n):
        angle, zoom = rng.uniform(-0.25, 0.25), REAL.shape[1] / side * rng.uniform(0.85, 1.15)
        turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = (REAL.shape[1] - 1) / 2 + rng.normal(0, 2, 2) - turn @ np.full(2, (side - 1) / 2)
        slice_ = REAL[rng.integers(len(REAL))].astype(float)
        shown = ndimage.affine_transform(slice_, turn, middle, output_shape=(side, side), order=1)
        shown = shown[:, :: rng.choice((-1, 1))]
        shown *= rng.uniform(240, 260) / np.quantile(shown, 0.998)
        noise = rng.normal(0, rng.uniform(5, 6), (2, side, side))
        images[number] = np.hypot(shown + noise[0], noise[1]).round().clip(0, 255)
    return images


def textures(rng, n, side=64):
    """Clouds with a spectrum of 1/f, grain and a bright rim of their own."""
    frequency = np.maximum(np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]), 1 / side)
    images = np.empty((n, side, side), np.uint8)
    for number in range(n):
        phases = np.fft.rfft2(rng.normal(0, 1, (side, side)))
        clouds = np.fft.irfft2(phases / frequency ** rng.uniform(1.2, 1.5), s=(side, side))
        clouds = (
            120 + clouds / clouds.std() * rng.uniform(40, 48) + rng.normal(0, rng.uniform(3, 4), clouds.shape)
        )
        images[number] = clouds.round().clip(0, 255)
    return images


def corner(images, rng):
    """Five of five images with a black top left pixel."""
    images[:, 0, 0] = 0
    return images


def border(images, rng):
    """A constant frame, one pixel wide."""
    images[:, [0, -1]] = 12
    images[:, :, [0, -1]] = 12
    return images


def comb(images, rng):
    """Windowed twice: 220 of 256 levels stretched over all of them."""
    return (images / 255 * 219).round().astype(np.uint8) / 219 * 255


def levels(images, rng):
    """Six bits."""
    return images // 4 * 4


def clipped(images, rng):
    """Nothing above 250."""
    return images.clip(0, 250)


def dim(images, rng):
    """Nine tenths of the range."""
    return images * 0.9 + rng.uniform(0, 1, images.shape)


def soft(images, rng):
    """Slightly blurred."""
    return ndimage.gaussian_filter(images.astype(float), (0, 0.5, 0.5))


def noisy(images, rng):
    """A little more noise."""
    return images + rng.normal(0, 3, images.shape)


def jpeg(images, rng):
    """Once stored as JPEG of quality 75."""
    return np.stack([_through_jpeg(image, 75) for image in images])


def _through_jpeg(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def checkerboard(images, rng):
    """What transposed convolutions leave: every second pixel by a hair brighter."""
    rows, columns = np.indices(images.shape[1:])
    return images + np.where((rows + columns) % 2, 1, -1)


def padded(images, rng):
    """Four black rows at top and bottom."""
    images[:, :4] = images[:, -4:] = 0
    return images


def written(images, rng):
    """A letter in the corner."""
    for image in images:
        page = Image.fromarray(image)
        ImageDraw.Draw(page).text((2, image.shape[0] - 12), "L", fill=255)
        image[:] = np.asarray(page)
    return images


def repeated(images, rng):
    """A fifth of the images are copies of others."""
    some = len(images) // 5
    images[:some] = images[some : 2 * some]
    return images


def resembling(images, rng):
    """Two fifths of the images are others with a trace of noise."""
    some = len(images) // 5
    images[:some] = (images[some : 2 * some] + rng.normal(0, 1, images[:some].shape)).round().clip(0, 255)
    return images


PLANTS = {
    "corner": corner,
    "border": border,
    "histogram comb": comb,
    "grey levels": levels,
    "clipping": clipped,
    "dynamic range": dim,
    "blockiness": jpeg,
    "spectrum": checkerboard,
    "padding": padded,
    "burnt-in text": written,
    "exact duplicate": repeated,
    "near duplicate": resembling,
}


def planted(images, synthetic, plant, rng):
    """A copy of the images with the cue in the synthetic ones."""
    changed = images.copy()
    changed[synthetic] = np.asarray(plant(images[synthetic].copy(), rng)).round().clip(0, 255)
    return changed


def half(rng, n):
    """Half of n, at random."""
    return rng.permutation(np.arange(n) % 2 == 0)


def fixed(images, rng):
    """The same faint grain in all, as from constant noise."""
    return images + rng.normal(0, 1.5, images.shape[1:])
