import numpy as np
import pytest

from app.blinding import sets
from app.blinding.duplicates import listed
from tests.blinding import material


@pytest.fixture
def images():
    """Twelve heads: 7 is 3 again, 8 is 3 a third time, 9 almost 4, 10 almost 5 in a mirror."""
    made = material.heads(np.random.default_rng(3), 12)
    made[7] = made[8] = made[3]
    made[9] = made[4] // 2 * 2
    made[10] = (made[5] // 2 * 2)[:, ::-1]
    return made


def test_exact_copies_are_counted(images):
    found = sets.exact_copies(sets.compare(images))[:, 0]
    assert np.flatnonzero(found).tolist() == [3, 7, 8]
    assert found[3] == 2


def test_near_copies_are_near_and_no_exact_ones(images):
    found = sets.compare(images)
    assert set(np.flatnonzero(sets.near_copies(found)[:, 0])) == {4, 5, 9, 10}
    assert (found.place[[4, 9, 5, 10]] == [9, 4, 10, 5]).all()
    assert found.mirrored[[9, 10]].tolist() == [False, True]


def test_duplicates_are_listed_once_with_their_kinds(images):
    synthetic = np.arange(12) >= 8
    told = listed(sets.compare(images), synthetic)
    assert [(pair.first, pair.second, pair.kinds, pair.exact) for pair in told[:2]] == [
        (3, 7, "real", True),
        (3, 8, "both", True),
    ]
    assert {(pair.first, pair.second, pair.kinds, pair.mirrored) for pair in told[2:]} == {
        (4, 9, "both", False),
        (5, 10, "both", True),
    }
    assert told[2].distance <= told[3].distance < 0.05


def test_at_most_fifty_pairs_are_listed():
    found = sets.compare(np.zeros((80, 32, 32), np.uint8))
    assert len(listed(found, np.arange(80) < 40)) == 50


def test_images_that_are_all_the_same_have_no_other_neighbour():
    found = sets.compare(np.full((5, 32, 32), 9, np.uint8))
    assert found.limit == 0
    assert (found.exact == 4).all()
    assert (sets.near_copies(found) == 0).all()


def test_shared_grain_leaves_the_image_itself_out():
    rng = np.random.default_rng(4)
    own = rng.normal(128, 2, (20, 64, 64))
    shared = own + rng.normal(0, 1, (64, 64))
    alone, together = (sets.shared_grain(x.round().astype(np.uint8))[:, 0] for x in (own, shared))
    assert np.abs(alone).max() < 0.06
    assert together.min() > 0.3
