"""Obuchowski & Rockette's comparison of modalities where every reader scored every image in each of them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from app.stats import roc
from app.stats.estimates import NotEstimable

Floats = NDArray[np.float64]
COVARIANCES = {"jackknife": roc.jackknife_covariance, "delong": roc.delong_covariance}


@dataclass(frozen=True, slots=True)
class ObuchowskiRockette:
    """Mean AUCs (V,), F with df1 and df2, p of no difference; mean squares and error (co)variances that it rests on."""

    aucs: tuple[float, ...]
    f: float
    df1: int
    df2: float
    p: float
    ms_t: float
    ms_tr: float
    cov1: float
    cov2: float
    cov3: float
    method: str


def compare(
    synthetic: Floats, real: Floats, covariance: Literal["jackknife", "delong"] = "jackknife"
) -> ObuchowskiRockette | NotEstimable:
    """The test that all V modalities have one mean AUC, from complete scores (V, R, N) and (V, R, M).

    F = MST / (MSTR + R·max(Cov2 − Cov3, 0)) (Obuchowski & Rockette 1995, Communications in Statistics 24:285) with the df2
    of Hillis 2007, Statistics in Medicine 26:596, eq. 12.
    """
    V, R, N = synthetic.shape
    M = real.shape[2]
    if min(V, R, N, M) < 2:
        return NotEstimable("it takes two modalities, two readers and two images of each kind")
    if not (np.isfinite(synthetic).all() and np.isfinite(real).all()):
        return NotEstimable("not every reader scored every image in every modality")
    x, y = synthetic.reshape(V * R, N), real.reshape(V * R, M)
    theta = roc.aucs(x, y).reshape(V, R)
    ms_t, ms_tr = _mean_squares(theta)
    cov1, cov2, cov3 = _error_covariances(COVARIANCES[covariance](x, y).reshape(V, R, V, R))
    below = ms_tr + R * max(cov2 - cov3, 0.0)
    if below <= roc.NO_VARIANCE:
        return NotEstimable("the variance is zero")
    f = ms_t / below
    df2 = below**2 / (ms_tr**2 / ((V - 1) * (R - 1))) if ms_tr > 0 else np.inf
    return ObuchowskiRockette(
        aucs=tuple(float(each) for each in theta.mean(axis=1)),
        f=f,
        df1=V - 1,
        df2=df2,
        p=_f_tail(V - 1, df2, f),
        ms_t=ms_t,
        ms_tr=ms_tr,
        cov1=cov1,
        cov2=cov2,
        cov3=cov3,
        method=f"Obuchowski–Rockette, {'DeLong' if covariance == 'delong' else covariance}",
    )


def _mean_squares(theta: Floats) -> tuple[float, float]:
    """Mean squares of modality and of modality × reader in the two-way table of AUCs (V, R)."""
    V, R = theta.shape
    of_modality, of_reader = theta.mean(axis=1, keepdims=True), theta.mean(axis=0, keepdims=True)
    interaction = theta - of_modality - of_reader + theta.mean()
    ms_t = R * float(np.sum((of_modality - theta.mean()) ** 2)) / (V - 1)
    return ms_t, float(np.sum(interaction**2)) / ((V - 1) * (R - 1))


def _error_covariances(covariances: Floats) -> tuple[float, float, float]:
    """Means of (V, R, V, R): same reader, other modality; other reader, same modality; both other."""
    V, R = covariances.shape[:2]
    all_of_them = float(covariances.sum())
    same_reader = float(np.einsum("vrwr->", covariances))
    same_modality = float(np.einsum("vrvs->", covariances))
    variances = float(np.einsum("vrvr->", covariances))
    return (
        (same_reader - variances) / (R * V * (V - 1)),
        (same_modality - variances) / (V * R * (R - 1)),
        (all_of_them - same_reader - same_modality + variances) / (V * (V - 1) * R * (R - 1)),
    )


def _f_tail(df1: int, df2: float, f: float) -> float:
    """P(F ≥ f); with df2 infinite it is that of chi-squared/df1."""
    return float(special.chdtrc(df1, df1 * f) if np.isinf(df2) else special.fdtrc(df1, df2, f))
