"""Sums over all pairs of a synthetic and a real image: how often readers scored the real one above the synthetic one, together.

s_r(i, j) is 1 where reader r scored real image j above synthetic image i, 1/2 where equal, 0 otherwise and where one is missing.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]
_CELLS = 2**18  # pairs of images in hand, so that they stay in the processor's cache
_NUMBERS = 2**21  # of a matrix in hand
_SCALE = 16  # levels up to which a product of matrices is quicker


def ranks(synthetic: Floats, real: Floats) -> tuple[Ints, Ints, int]:
    """The scores as whole numbers of the same order from 0, and how many there are; a missing one is one that nothing is above, or that is above nothing."""
    both = np.concatenate([synthetic, real], axis=2)
    there = np.isfinite(both)
    levels, found = np.unique(both[there], return_inverse=True)
    kind = np.int16 if len(levels) < 2**15 else np.int32
    placed = np.full(both.shape, -1, kind)
    placed[there] = found
    x, y = np.split(placed, [synthetic.shape[2]], axis=2)
    return np.where(x < 0, kind(len(levels)), x), y, len(levels)


def sums(x: Ints, y: Ints, levels: int, shared: Bools) -> tuple[Floats, Floats]:
    """n1 = Σ_r Σ_ij s_r s'_r and n5 = Σ_ij (Σ_r s_r)(Σ_r s'_r) for each two modalities, (V, V) each.

    Ranks (V, R, N) and (V, R, M) of so many levels. Products of two modalities that share no image are 0 and are not computed.
    """
    return _on_a_scale(x, y, levels, shared) if levels <= _SCALE else _one_by_one(x, y, shared)


def _two(shared: Bools) -> list[tuple[int, int]]:
    return [(v, w) for v in range(len(shared)) for w in range(v, len(shared)) if shared[v, w]]


def _on_a_scale(x: Ints, y: Ints, levels: int, shared: Bools) -> tuple[Floats, Floats]:
    """Scores on a scale of few levels: s_r(i, j) = Σ_k 1[x_ri = k]·s(k, y_rj), so that sums over readers or images are products.

    Some readers and rows of images at a time. Small whole numbers (2·s) in float32, so exact.
    """
    V, R, N = x.shape
    M = y.shape[2]
    n1, n5 = np.zeros((V, V)), np.zeros((V, V))
    rows = max(1, _NUMBERS // max(1, V * M))
    readers = max(1, _NUMBERS // max(1, V * levels * (N + M)))
    blocks = [slice(start, start + readers) for start in range(0, R, readers)]
    for block in blocks:
        is_at, halves = _is_at(x[:, block], levels), _halves(y[:, block], levels)
        for v, w in _two(shared):
            alike = (is_at[v] @ is_at[w].swapaxes(1, 2)).astype(np.float64)
            n1[v, w] = n1[w, v] = n1[v, w] + np.sum(alike * (halves[v] @ halves[w].swapaxes(1, 2)))
    for start in range(0, N, rows):
        some = x[:, :, start : start + rows]
        total = np.zeros((V, some.shape[2], M), np.float32)
        for block in blocks:
            is_at, halves = _is_at(some[:, block], levels), _halves(y[:, block], levels)
            long = is_at.shape[1] * levels
            total += is_at.reshape(V, long, some.shape[2]).swapaxes(1, 2) @ halves.reshape(V, long, M)
        n5 += gram(total.astype(np.float64))
    return n1 / 4, n5 / 4


def _is_at(x: Ints, levels: int) -> NDArray[np.float32]:
    """(V, R, K, N): 1 where a synthetic image has a level."""
    level = np.arange(levels, dtype=x.dtype)[:, None]
    is_at: NDArray[np.float32] = (x[:, :, None, :] == level).astype(np.float32)
    return is_at


def _halves(y: Ints, levels: int) -> NDArray[np.float32]:
    """(V, R, K, M): 2 where a real image is above a level, 1 where it is at it."""
    level = np.arange(levels, dtype=y.dtype)[:, None]
    real = y[:, :, None, :]
    halves: NDArray[np.float32] = (real > level).astype(np.float32) + (real >= level)
    return halves


def _one_by_one(x: Ints, y: Ints, shared: Bools) -> tuple[Floats, Floats]:
    """Any scores: some rows of images at a time, all of their pairs at once; counted in halves and small whole numbers, so exact."""
    V, R, N = x.shape
    M = y.shape[2]
    two = _two(shared)
    n1, n5 = np.zeros((V, V)), np.zeros((V, V))
    kind = np.int16 if 4 * R < 2**15 else np.int32
    rows = max(1, _CELLS // max(1, V * M))
    for start in range(0, N, rows):
        some = x[:, :, start : start + rows, None]
        total = np.zeros((V, some.shape[2], M), kind)
        products = np.zeros((len(two), *total.shape[1:]), kind)
        for r in range(R):
            real = y[:, r, None, :]
            halves = (real > some[:, r]).view(np.int8) + (real >= some[:, r]).view(np.int8)
            total += halves
            for place, (v, w) in enumerate(two):
                products[place] += halves[v] * halves[w]
        for (v, w), product in zip(two, products, strict=True):
            n1[v, w] = n1[w, v] = n1[v, w] + product.sum(dtype=np.int64)
        n5 += gram(total.astype(np.float64))
    return n1 / 4, n5 / 4


def gram(sums: Floats) -> Floats:
    """Products of each two modalities (V, V), summed over all that follows, of (V, …)."""
    flat = sums.reshape(len(sums), int(np.prod(sums.shape[1:])))
    return flat @ flat.T
