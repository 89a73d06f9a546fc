"""The success moments of Gallas's one-shot analysis, for any design: which reader scored which image is free.

With s_r(i, j) = 1 where reader r scores real image j above synthetic image i, 1/2 where the scores are equal, 0 otherwise
and where one is missing, eight sums of products over pairs that share reader or images give the variance of the AUC
(Gallas 2006, Academic Radiology 13:353, eq. 5–13; with missing scores and two modalities Gallas, Bandos, Samuelson &
Wagner 2009, Communications in Statistics – Theory and Methods 38:2586, sections 3 and 4).

Where scores are missing, these sums weigh readers and images differently, so that their combination also measures how far
s is from 0; taken about a middle, s − m, they do not, and where nothing is missing they are the same
(docs/decisions/0013-moments-about-a-middle.md).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.stats import pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]

# From sums over all pairs to sums over the pairs that differ where the moment says so (Gallas's matrix B).
_DISTINCT = np.array(
    [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [-1, 1, 0, 0, 0, 0, 0, 0],
        [-1, 0, 1, 0, 0, 0, 0, 0],
        [1, -1, -1, 1, 0, 0, 0, 0],
        [-1, 0, 0, 0, 1, 0, 0, 0],
        [1, -1, 0, 0, -1, 1, 0, 0],
        [1, 0, -1, 0, -1, 0, 1, 0],
        [-1, 1, 1, -1, 1, -1, -1, 1],
    ]
)


@dataclass(frozen=True, slots=True)
class Moments:
    """For each two modalities (V, V, 8) the moments M1–M8, unbiased and biased (V-statistics), and their coefficients.

    What a design does not have is 0. `distinct` (V, V) counts the pairs that share neither reader nor image: where there
    is none, the squared AUC has no unbiased estimate. `auc` (V,) is NaN where nothing can be compared. `centred`: the
    moments are those of s − m.
    """

    auc: Floats
    unbiased: Floats
    biased: Floats
    coefficients: Floats
    distinct: Floats
    centred: bool


def moments(synthetic: Floats, real: Floats, *, centred: bool) -> Moments:
    """The moments of scores (V, R, N) of synthetic and (V, R, M) of real images, NaN where there is none.

    With `centred`, and where answers are missing, those of s − m, m each modality's mean of its readers' AUCs.
    """
    centred = centred and has_gaps(synthetic, real)
    n, won = _about_the_readers_mean(synthetic, real) if centred else _sums(synthetic, real)
    den = _of_design(np.isfinite(synthetic).astype(np.float64), np.isfinite(real).astype(np.float64))
    distinct, possible = n @ _DISTINCT.T, den @ _DISTINCT.T
    own = np.sqrt(np.diagonal(den[..., 7]))
    coefficients = _ratio(possible, np.broadcast_to(den[..., 7:], possible.shape))
    coefficients[..., 7] -= 1
    return Moments(
        auc=np.divide(won.sum(axis=1), own, out=np.full(len(own), np.nan), where=own > 0),
        unbiased=_ratio(distinct, possible),
        biased=_ratio(n, den),
        coefficients=coefficients,
        distinct=possible[..., 7],
        centred=centred,
    )


def has_gaps(synthetic: Floats, real: Floats) -> bool:
    """Whether any of the readers missed any of the images that a modality has."""
    there = np.isfinite(np.concatenate([synthetic, real], axis=2))
    readers, images = there.any(axis=(0, 2)), there.any(axis=1)
    return bool((there != (readers[:, None] & images[:, None, :])).any())


def _sums(synthetic: Floats, real: Floats) -> tuple[Floats, Floats]:
    """n1–n8 (V, V, 8) of s, and what each reader won, t_r (V, R)."""
    x, y, levels = pairs.ranks(synthetic, real)
    a, b = _row_and_column_sums(x, y)
    return _eight(*pairs.sums(x, y, levels, _share_images(synthetic)), a, b), a.sum(axis=2)


def _about_the_readers_mean(synthetic: Floats, real: Floats) -> tuple[Floats, Floats]:
    """The same of s − m·d: with d = 1 where both were scored as further modalities, as if there every real image had won."""
    V = len(synthetic)
    x = np.concatenate([synthetic, np.where(np.isfinite(synthetic), 0.0, np.nan)])
    y = np.concatenate([real, np.where(np.isfinite(real), 1.0, np.nan)])
    n, t = _sums(x, y)
    won, of = t[:V], t[V:]
    readers = np.maximum((of > 0).sum(axis=1), 1)
    middle = np.divide(won, of, out=np.zeros_like(won), where=of > 0).sum(axis=1) / readers
    apart = np.hstack([np.eye(V), -np.diag(middle)])
    return np.einsum("va,abk,wb->vwk", apart, n, apart, optimize=True), won


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def _row_and_column_sums(x: Ints, y: Ints) -> tuple[Floats, Floats]:
    """a_r(i), the real images above each synthetic one, (V, R, N), and b_r(j), the synthetic below each real one."""
    a, b = np.empty(x.shape), np.empty(y.shape)
    for reader in np.ndindex(x.shape[:2]):
        real, synthetic = np.sort(y[reader]), np.sort(x[reader])
        a[reader] = y.shape[2] - _below(real, x[reader])
        b[reader] = _below(synthetic, y[reader])
    return a, b


def _below(ordered: Ints, values: Ints) -> Floats:
    """How many of the ordered are below each value, equal ones 1/2."""
    left, right = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (left + right) / 2


def _share_images(synthetic: Floats) -> NDArray[np.bool_]:
    """Which two modalities (V, V) have a synthetic image that was scored in both; arms have images of their own."""
    scored: NDArray[np.bool_] = np.logical_or.reduce(np.isfinite(synthetic), axis=1)
    return np.array([[bool((one & other).any()) for other in scored] for one in scored])


def _of_design(x: Floats, y: Floats) -> Floats:
    """The same eight sums (V, V, 8) of d_r(i, j) = 1 where both were scored; a product, so no pass over the pairs."""
    V, R = x.shape[:2]
    a, b = x * y.sum(axis=2, keepdims=True), y * x.sum(axis=2, keepdims=True)
    flat_x, flat_y = x.reshape(V * R, x.shape[2]), y.reshape(V * R, y.shape[2])
    shared = ((flat_x @ flat_x.T) * (flat_y @ flat_y.T)).reshape(V, R, V, R)
    return _eight(np.einsum("vrwr->vw", shared), shared.sum(axis=(1, 3)), a, b)


def _eight(n1: Floats, n5: Floats, a: Floats, b: Floats) -> Floats:
    """n1–n8 (V, V, 8) from the sums over same pairs (V, V) and the row and column sums (V, R, N), (V, R, M)."""
    t = a.sum(axis=2, keepdims=True)
    same_reader = [pairs.gram(each) for each in (b, a, t)]
    all_readers = [pairs.gram(each.sum(axis=1)) for each in (b, a, t)]
    return np.stack([n1, *same_reader, n5, *all_readers], axis=2)
