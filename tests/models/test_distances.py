"""Distances between sets of features: known answers, another calculation, and what they do on real slices."""

import tracemalloc

import numpy as np
import pytest
import scipy.linalg
from PIL import Image, ImageFilter

from app import bundled
from models import frechet
from models.distances import measure
from models.errors import FeaturesRefused
from models.features import LITE, open_extractor
from models.frechet import Moments
from models.kernel_distance import discrepancy, kernel_distance
from models.precision_recall import precision_recall


def rows(count, width, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width)


def test_identical_sets_are_0():
    a = frechet.of_rows(rows(40, 60))
    assert frechet.distance(a, a) <= 1e-9 * np.trace(a.covariance)


def test_known_gaussians_have_their_closed_form():
    a, b = np.array([1.0, 4.0, 9.0]), np.array([4.0, 4.0, 1.0])
    shift = np.array([1.0, 0.0, 2.0])
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    one, other = (
        Moments(9, np.zeros(3), turn @ np.diag(a) @ turn.T),
        Moments(9, shift, turn @ np.diag(b) @ turn.T),
    )
    expected = 5 + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)  # of covariances with the same axes
    assert frechet.distance(one, other) == pytest.approx(expected)


@pytest.mark.parametrize("count", [30, 500])
def test_it_is_that_of_scipys_square_root(count):
    a, b = frechet.of_rows(rows(count, 40, 3)), frechet.of_rows(rows(count + 5, 40, 4))
    root = scipy.linalg.sqrtm(a.covariance @ b.covariance).real
    expected = np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance + b.covariance - 2 * root)
    assert frechet.distance(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet.distance(b, a) == pytest.approx(frechet.distance(a, b))


def test_moments_of_pieces_are_those_of_the_whole():
    x = rows(101, 7) * 1e3 + 1e5
    found = frechet.moments([x[:1], x[1:40], x[40:]])
    assert found.count == 101
    assert np.allclose(found.mean, x.mean(axis=0), rtol=1e-12)
    assert np.allclose(found.covariance, np.cov(x.T, bias=True), rtol=1e-9)


def test_one_image_is_too_few():
    with pytest.raises(FeaturesRefused, match="at least two images"):
        frechet.of_rows(rows(1, 4))
    with pytest.raises(FeaturesRefused, match="at least two images"):
        kernel_distance(rows(1, 4), rows(9, 4), np.random.default_rng(0))
    with pytest.raises(FeaturesRefused, match="different networks"):
        measure(rows(9, 4), rows(9, 5), 0)


def test_the_kernel_distance_by_hand():
    x, y = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), np.array([[2.0, 0.0], [0.0, 0.0]])
    k = lambda u, v: (np.dot(u, v) / 2 + 1) ** 3  # noqa: E731 - the formula
    within_x = np.mean([k(x[i], x[j]) for i in range(3) for j in range(3) if i != j])
    between = np.mean([k(u, v) for u in x for v in y])
    assert discrepancy(x, y) == pytest.approx(within_x + k(y[0], y[1]) - 2 * between)


def test_the_kernel_distance_is_unbiased_and_its_interval_holds_0_of_equal_distributions():
    rng, found = np.random.default_rng(5), []
    for _ in range(300):
        a, b = rng.normal(size=(60, 5)), rng.normal(size=(70, 5))
        found.append(kernel_distance(a, b, rng))
    estimates = np.array([one.estimate for one in found])
    assert {(one.blocks, one.size) for one in found} == {(6, 10)}
    assert abs(estimates.mean()) < 3 * estimates.std() / np.sqrt(len(estimates))
    assert np.mean([one.low <= 0 <= one.high for one in found]) > 0.9
    apart = kernel_distance(rng.normal(size=(60, 5)), rng.normal(size=(60, 5)) + 2, rng)
    assert apart.low > 0


def test_too_few_images_have_no_interval():
    found = kernel_distance(rows(12, 4), rows(19, 4, 2), np.random.default_rng(0))
    assert (found.low, found.high, found.blocks, found.size) == (None, None, 1, 12)


def test_precision_and_recall_of_sets_with_known_answers():
    rng = np.random.default_rng(6)
    left, right = rng.normal(size=(40, 3)), rng.normal(size=(40, 3)) + 100
    both = np.concatenate([left, right])
    same = precision_recall(both, both)
    assert (same.precision, same.recall) == (1, 1)
    one = precision_recall(both, left)
    assert (one.precision, one.recall) == (1, 0.5)
    half = precision_recall(left, both)
    assert (half.precision, half.recall) == (0.5, 1)
    none = precision_recall(left, right)
    assert (none.precision, none.recall) == (0, 0)
    with pytest.raises(FeaturesRefused, match="more than 3 images"):
        precision_recall(left, right[:3])


def test_precision_and_recall_in_blocks_are_those_of_all_pairs():
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=(700, 4)), rng.normal(size=(600, 4)) * 1.3 + 0.4
    found = precision_recall(a, b)
    to_a = np.linalg.norm(a[:, None] - a[None], axis=2)
    reach = np.sort(to_a, axis=1)[:, 3]
    inside = np.linalg.norm(b[:, None] - a[None], axis=2) <= reach
    assert found.precision == inside.any(axis=1).mean()
    assert 0.5 < found.precision < 1


def test_precision_and_recall_never_hold_all_distances():
    a, b = rows(5000, 4).astype(np.float32), rows(5000, 4, 2).astype(np.float32)
    tracemalloc.start()
    precision_recall(a, b)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5000 * 5000 * 8 / 2


def test_the_relative_distance_is_near_1_for_more_of_the_same():
    x = rows(4000, 6)
    found = measure(x[:2000], x[2000:], seed=3)
    assert not found.few
    assert found.relative == pytest.approx(found.frechet / found.halves)
    assert 0.2 < found.relative < 1  # halves are smaller than the whole
    assert measure(x[:2000], x[2000:], seed=3) == found
    assert measure(x[:2000], x[2000:], seed=4).halves != found.halves
    assert measure(rows(3, 6), x, seed=0).relative is None
    assert measure(rows(3, 6), x, seed=0).few


def test_it_grows_with_blur_and_with_noise_on_real_slices():
    slices = [
        Image.open(path).convert("L") for path in sorted((bundled.path("demo") / "slices").glob("*.png"))[:48]
    ]
    lite = open_extractor(LITE)
    of = lambda changed: frechet.of_rows(lite.features([np.asarray(one) for one in changed]))  # noqa: E731
    real = of(slices)
    for spoiled in (blurred, noisy):
        found = [
            frechet.distance(real, of([spoiled(one, strength) for one in slices])) for strength in (1, 2, 4)
        ]
        assert 0 < found[0] < found[1] < found[2]


def blurred(image, strength):
    return image.filter(ImageFilter.GaussianBlur(strength * 0.7))


def noisy(image, strength):
    noise = np.random.default_rng(8).normal(0, 6 * strength, image.size[::-1])
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))
