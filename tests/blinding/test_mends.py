import os

import numpy as np
import pytest

from app.blinding import mends
from app.blinding.audit import audit
from tests.blinding import material
from tests.blinding.test_audit import stock

RUNS = 20 if os.environ.get("SOAK_TESTS") else 1
MENDED = [
    ("corner", material.corner, "border mask"),
    ("border", material.border, "border mask"),
    ("padding", material.padded, "border mask"),
    ("burnt-in text", material.written, "border mask"),
    ("clipping", material.clipped, "clip"),
    ("grey levels", material.levels, "noise floor"),
    ("histogram comb", material.comb, "noise floor"),
    ("noise floor", material.noisy, "noise floor"),
    ("blockiness", material.jpeg, "noise floor"),
    ("spectrum", material.checkerboard, "noise floor"),
]


def named(images, synthetic, seed):
    found = audit(images, synthetic, np.random.default_rng(seed), 400)
    return {finding.cue: finding.mend for finding in found.findings}


@pytest.mark.timeout(1800 if RUNS > 1 else 300)
@pytest.mark.parametrize(("cue", "plant", "mend"), MENDED)
def test_the_mend_that_a_finding_names_takes_the_cue_away(cue, plant, mend):
    left = 0
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        synthetic = material.half(rng, 200)
        images = material.planted(stock(material.heads, seed), synthetic, plant, rng)
        assert named(images, synthetic, seed)[cue] == mend
        left += cue in named(mends.apply(mend, images), synthetic, seed)
    assert left <= 0.15 * RUNS  # one in twenty audits alarms by chance


@pytest.mark.parametrize("name", mends.MENDS)
def test_a_mend_is_repeatable_changes_all_alike_and_leaves_its_input(name):
    images = material.planted(
        material.heads(np.random.default_rng(1), 20),
        np.arange(20) < 10,
        material.clipped,
        np.random.default_rng(2),
    )
    before = images.copy()
    once, again = (mends.apply(name, images) for _ in range(2))
    assert (once == again).all()
    assert (images == before).all()
    assert (once != images).any()
    assert (once.shape, once.dtype) == (images.shape, images.dtype)


def test_clip_cuts_at_what_almost_all_reach():
    images = np.zeros((20, 32, 32), np.uint8)
    images[:, 0, :] = 255
    images[:4, 0, :], images[:4, 1:] = 200, 7
    mended = mends.apply("clip", images)
    assert mended.max() == 200
    assert mended.min() == 7


def test_clip_leaves_images_of_one_shade_each_within_one_shade():
    images = np.repeat(np.array([10, 200], np.uint8), 32 * 32).reshape(2, 32, 32)
    assert np.ptp(mends.apply("clip", images), axis=(1, 2)).tolist() == [0, 0]


def test_the_mask_is_as_wide_as_the_widest_padding():
    images = np.full((3, 64, 64), 100, np.uint8)
    images[:, 20:40, 20:40] = np.random.default_rng(2).integers(0, 256, (20, 20))
    images[:2, ::2] += 1
    images[:2, :, ::2] += 1
    assert (mends.apply("border mask", images[:2])[:, 4:-4, 4:-4] == images[:2, 4:-4, 4:-4]).all()
    images[1, :7] = 0
    narrow = mends.apply("border mask", images[:2])
    assert (narrow[0, :7] == 0).all()
    assert (narrow[0, 7:-7, 7:-7] == images[0, 7:-7, 7:-7]).all()
    assert (mends.apply("border mask", images)[:, 8:-8, 8:-8] == images[:, 8:-8, 8:-8]).all()


def test_new_grain_has_one_strength_and_no_colour():
    images = np.full((2, 128, 128, 3), 120, np.uint8)
    mended = mends.apply("noise floor", images)
    assert mended.std(axis=(1, 2)) == pytest.approx(4, rel=0.05)
    assert (np.ptp(mended, axis=3) == 0).all()
    assert (mended[0] != mended[1]).any()
    assert (mends.apply("noise floor", images, seed=1) != mended).any()


def test_unknown_mends_are_refused():
    with pytest.raises(ValueError, match="no such mend: sharpen"):
        mends.apply("sharpen", np.zeros((2, 32, 32), np.uint8))
