from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from app.blinding import ranks
from tests.blinding.material import half


def test_the_auc_is_mann_and_whitneys():
    rng = np.random.default_rng(1)
    values, synthetic = rng.integers(0, 6, (31, 4)).astype(float), half(rng, 31)
    expected = [
        stats.mannwhitneyu(column[synthetic], column[~synthetic]).statistic
        / (synthetic.sum() * (~synthetic).sum())
        for column in values.T
    ]
    assert ranks.auc(values, synthetic) == pytest.approx(expected)


def test_the_spread_is_that_over_all_orders_of_the_truth_with_ties():
    values = np.array([[3, 7], [1, 7], [1, 7], [4, 7], [1, 7], [5, 7], [9, 7]], float)
    orders = np.zeros((35, 7), bool)
    for order, chosen in zip(orders, combinations(range(7), 3), strict=True):
        order[list(chosen)] = True
    aucs = ranks.auc(values, orders)
    assert aucs.mean(axis=0) == pytest.approx([0.5, 0.5])
    assert ranks.spread(values, 3) == pytest.approx(aucs.std(axis=0))
    assert ranks.spread(values, 3)[1] == 0


def test_each_order_has_its_own_auc():
    rng = np.random.default_rng(2)
    scores, synthetic = rng.normal(size=(5, 20)), half(rng, 20)
    orders = ranks.shuffled(synthetic, rng, 5)
    expected = [ranks.auc(row[:, None], order)[0] for row, order in zip(scores, orders, strict=True)]
    assert ranks.auc_of_each(scores, orders) == pytest.approx(expected)


def test_shuffling_keeps_the_numbers_of_both_kinds():
    rng = np.random.default_rng(3)
    orders = ranks.shuffled(np.array([True] * 3 + [False] * 5), rng, 50)
    assert (orders.sum(axis=1) == 3).all()
    assert len(np.unique(orders, axis=0)) > 20


@pytest.mark.parametrize(("n", "width"), [(50, 0.115), (100, 0.079), (200, 0.057), (500, 0.036)])
def test_the_band_of_one_measure(n, width):
    rng = np.random.default_rng(n)
    synthetic = half(rng, 2 * n)
    null = ranks.auc(rng.normal(size=(2 * n, 1)), ranks.shuffled(synthetic, rng, 8000))[:, 0]
    found = ranks.band(0.5, null)
    assert found.width == pytest.approx(width, rel=0.05)
    assert found.p == 1


def test_p_is_never_zero_and_counts_both_sides():
    null = np.linspace(0.4, 0.6, 99)
    assert ranks.band(0.9, null).p == 0.01
    assert ranks.band(0.1, null).p == 0.01
    assert ranks.band(0.4, null).p == 0.03
