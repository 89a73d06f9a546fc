import numpy as np
import pytest

from app.blinding import classifier, ranks
from tests.blinding.material import half


def judged(values, synthetic, seed=1, permutations=400):
    rng = np.random.default_rng(seed)
    return classifier.judge(values, synthetic, ranks.shuffled(synthetic, rng, permutations), rng)


def test_it_works():
    rng = np.random.default_rng(1)
    synthetic, values = half(rng, 100), rng.normal(size=(100, 6))
    values[synthetic, 2] += 2
    found = judged(values, synthetic)
    assert found.auc > 0.85
    assert np.abs(found.weights).argmax() == 2
    assert found.weights[2] > 0
    assert ranks.band(found.auc, found.null).p == pytest.approx(1 / 401)


def test_the_matrix_gives_what_fitting_again_for_each_part_gives():
    rng = np.random.default_rng(2)
    synthetic, values = half(rng, 40), rng.normal(size=(40, 3))
    scores = classifier._scored(values)
    folds = classifier._folds(40, rng)
    predicted = classifier._smoother(scores, folds) @ (synthetic - 0.5)
    for own in folds:
        others = np.setdiff1d(np.arange(40), own)
        penalised = np.vstack((scores[others], np.sqrt(0.1 * len(others)) * np.eye(3)))
        target = np.concatenate((synthetic[others] - 0.5, np.zeros(3)))
        weights = np.linalg.lstsq(penalised, target)[0]
        assert predicted[own] == pytest.approx(scores[own] @ weights)


def test_an_image_has_no_part_in_its_own_prediction():
    rng = np.random.default_rng(3)
    scores = classifier._scored(rng.normal(size=(30, 4)))
    assert (np.diag(classifier._smoother(scores, classifier._folds(30, rng))) == 0).all()


def test_only_the_order_of_a_measure_counts():
    rng = np.random.default_rng(4)
    synthetic, values = half(rng, 60), rng.normal(size=(60, 3))
    plain, bent = judged(values, synthetic), judged(np.exp(3 * values), synthetic)
    assert plain.auc == bent.auc
    assert (plain.null == bent.null).all()


@pytest.mark.parametrize(("n", "width"), [(50, 0.16), (100, 0.112), (200, 0.08), (500, 0.0505)])
def test_the_band_of_a_cross_validated_classifier_is_root_two_times_that_of_one_measure(n, width):
    rng = np.random.default_rng(n)
    synthetic, values = half(rng, 2 * n), rng.normal(size=(2 * n, 40))
    null = judged(values, synthetic, n, permutations=1500).null
    assert np.quantile(np.abs(null - 0.5), 0.95) == pytest.approx(width, rel=0.08)
    assert null.mean() == pytest.approx(0.5, abs=0.01)


def test_measures_that_do_not_vary_say_nothing():
    synthetic = half(np.random.default_rng(5), 20)
    found = judged(np.ones((20, 3)), synthetic)
    assert found.auc == 0.5
    assert (found.weights == 0).all()


def test_four_images_are_enough_to_run():
    found = judged(np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([True, True, False, False]))
    assert 0 <= found.auc <= 1
