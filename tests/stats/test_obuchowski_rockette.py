"""Obuchowski–Rockette's test of modalities: a published data set, its definition, its refusals."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from app.stats.estimates import NotEstimable
from app.stats.obuchowski_rockette import compare
from tests.stats.scored import VANDYKE, studied, van_dyke


def aucs(x, y):
    s = (y[..., None, :] > x[..., None]) + (y[..., None, :] == x[..., None]) / 2
    return s.mean(axis=(2, 3))


@pytest.mark.parametrize("V", [2, 3])
def test_it_is_the_definition_on_jackknife_values(V):
    x, y = (
        np.concatenate(both)[:V]
        for both in zip(*(studied(4, 9, 8, seed=n, levels=9) for n in (4, 5)), strict=True)
    )
    theta = aucs(x, y)
    without = [aucs(np.delete(x, i, axis=2), y) for i in range(9)]
    without += [aucs(x, np.delete(y, j, axis=2)) for j in range(8)]
    apart = np.array(without) - np.mean(without, axis=0)
    cov = np.einsum("kvr,kws->vrws", apart, apart) * 16 / 17
    pairs = list(product(product(range(V), range(4)), repeat=2))
    cov1 = np.mean([cov[v, r, w, s] for (v, r), (w, s) in pairs if v != w and r == s])
    cov2 = np.mean([cov[v, r, w, s] for (v, r), (w, s) in pairs if v == w and r != s])
    cov3 = np.mean([cov[v, r, w, s] for (v, r), (w, s) in pairs if v != w and r != s])
    ms_t = 4 * np.var(theta.mean(axis=1), ddof=1)
    left = theta - theta.mean(axis=1, keepdims=True) - theta.mean(axis=0) + theta.mean()
    ms_tr = (left**2).sum() / (3 * (V - 1))
    found = compare(x, y)
    assert (found.ms_t, found.ms_tr) == pytest.approx((ms_t, ms_tr))
    assert (found.cov1, found.cov2, found.cov3) == pytest.approx((cov1, cov2, cov3))
    below = ms_tr + 4 * max(cov2 - cov3, 0)
    df2 = below**2 / (ms_tr**2 / (3 * (V - 1)))
    assert (found.f, found.df1, found.df2) == pytest.approx((ms_t / below, V - 1, df2))
    assert found.p == pytest.approx(stats.f.sf(found.f, V - 1, found.df2))
    assert found.aucs == pytest.approx(tuple(theta.mean(axis=1)))
    assert found.method == "Obuchowski–Rockette, jackknife"


def test_three_modalities_have_two_degrees_of_freedom():
    x, y = (
        np.concatenate([a, b[:1]])
        for a, b in zip(studied(3, 8, 7, seed=1), studied(3, 8, 7, seed=2), strict=True)
    )
    found = compare(x, y, "delong")
    assert (found.df1, len(found.aucs)) == (2, 3)
    assert 0 < found.p < 1
    assert found.method == "Obuchowski–Rockette, DeLong"


def test_readers_who_agree_on_the_difference_leave_the_error_alone():
    x, y = studied(1, 8, 8, seed=4)
    x, y = np.repeat(x, 2, axis=1), np.repeat(y, 2, axis=1)
    found = compare(x, y)
    assert found.ms_tr == 0  # AUCs of 64 pairs and means of two are exact
    assert found.df2 == np.inf
    assert found.f > 0
    assert found.p == pytest.approx(stats.chi2.sf(found.f, 1))


def test_what_cannot_be_compared_says_why():
    x, y = studied(3, 5, 5, seed=3)
    few = NotEstimable("it takes two modalities, two readers and two images of each kind")
    assert compare(x[:1], y[:1]) == compare(x[:, :1], y[:, :1]) == few
    assert compare(x[..., :1], y) == compare(x, y[..., :1]) == few
    gap = x.copy()
    gap[0, 0, 0] = np.nan
    assert compare(gap, y) == NotEstimable("not every reader scored every image in every modality")
    assert compare(np.zeros_like(x), np.ones_like(y)) == NotEstimable("the variance is zero")


@pytest.mark.skipif(not VANDYKE.is_file(), reason="the published data set is not beside this checkout")
def test_van_dyke():
    found = compare(*van_dyke())
    assert (f"{found.f:.6f}", f"{found.df2:.4f}", f"{found.p:.7f}") == ("4.456319", "15.2597", "0.0516657")
