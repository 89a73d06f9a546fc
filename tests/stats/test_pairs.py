"""Sums over pairs of images: by products of matrices, one by one, and by the definition, all the same to the last digit."""

import numpy as np
import pytest

from app.stats import pairs


def studied(V, R, N, M, levels, *, missing=0.0, seed=0):
    random = np.random.default_rng(seed)
    both = random.integers(levels, size=(V, R, N + M)).astype(float)
    both[random.random(both.shape) < missing] = np.nan
    return both[..., :N], both[..., N:]


def by_definition(synthetic, real):
    s = (real[:, :, None] > synthetic[..., None]) + (real[:, :, None] == synthetic[..., None]) / 2
    together = s.sum(axis=1)
    return np.einsum("vrij,wrij->vw", s, s), np.einsum("vij,wij->vw", together, together)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("levels", [1, 2, 5, 16, 17, 60])
def test_on_any_scale_the_sums_are_those_of_the_definition(levels, missing):
    synthetic, real = studied(3, 4, 7, 6, levels, missing=missing)
    found = pairs.sums(*pairs.ranks(synthetic, real), np.ones((3, 3), np.bool_))
    for mine, expected in zip(found, by_definition(synthetic, real), strict=True):
        assert (mine == expected).all()


def test_modalities_without_a_common_image_have_no_sum_of_the_same_reader():
    synthetic, real = studied(2, 3, 5, 4, 5)
    shared = np.eye(2, dtype=np.bool_)
    for levels in (5, 40):  # 40 as if there were more
        x, y, _ = pairs.ranks(synthetic, real)
        same, every = pairs.sums(x, y, levels, shared)
        expected = by_definition(synthetic, real)
        assert (same == expected[0] * shared).all()
        assert (every == expected[1]).all()


def test_more_readers_and_images_than_are_in_hand_at_once():
    """Two blocks of readers and three of images, with sums beyond what float32 holds exactly."""
    synthetic, real = studied(1, 40, 2500, 2500, 16, missing=0.01)
    x, y, levels = pairs.ranks(synthetic, real)
    shared = np.ones((1, 1), np.bool_)
    by_products, one_by_one = pairs.sums(x, y, levels, shared), pairs.sums(x, y, 17, shared)
    assert by_products == one_by_one
    assert by_products[0] > 2**24


def test_so_many_readers_that_sixteen_bits_do_not_hold_their_products():
    readers = 2**13
    x, y, _ = pairs.ranks(np.zeros((1, readers, 1)), np.ones((1, readers, 2)))
    for levels in (2, 17):
        assert pairs.sums(x, y, levels, np.ones((1, 1), np.bool_)) == (2 * readers, 2 * readers**2)


def test_nothing_scored_is_no_sum():
    none = np.full((1, 2, 3), np.nan)
    assert pairs.sums(*pairs.ranks(none, none), np.ones((1, 1), np.bool_)) == (0, 0)


def test_more_different_scores_than_sixteen_bits_hold():
    random = np.random.default_rng(4)
    synthetic, real = np.split(random.permutation(2 * 90 * 200).reshape(2, 90, 200).astype(float), 2, axis=2)
    *found, levels = pairs.ranks(synthetic, real)
    assert levels == 36_000
    assert (
        (found[1][:, :, None, :] > found[0][..., None]) == (real[:, :, None] > synthetic[..., None])
    ).all()
