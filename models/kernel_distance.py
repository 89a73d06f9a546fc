"""Kernel distance: squared maximum mean discrepancy with a cubic kernel, unbiased at every number of images (KID: Bińkowski et al. 2018)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.errors import FeaturesRefused

Floats = NDArray[np.float64]
BLOCKS, LEAST = 20, 10
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class KernelDistance:
    """The estimate, its interval (None with one block), and how many blocks of how many images of each kind it is the mean of."""

    estimate: float
    low: float | None
    high: float | None
    blocks: int
    size: int


def kernel_distance(
    a: NDArray[np.floating], b: NDArray[np.floating], rng: np.random.Generator
) -> KernelDistance:
    """Mean over blocks that share no image, with a t interval over the blocks (Zaremba, Gretton & Blaschko 2013).

    Both sets are shuffled by `rng` and cut into up to 20 blocks of at least ten images. Raises FeaturesRefused for fewer than two of a kind.
    """
    fewest = min(len(a), len(b))
    if fewest < 2:
        raise FeaturesRefused("A distance needs at least two images of each kind.")
    blocks = max(min(BLOCKS, fewest // LEAST), 1)
    size = fewest // blocks
    orders = rng.permutation(len(a)), rng.permutation(len(b))
    found = np.array(
        [
            discrepancy(
                *(
                    rows[np.sort(order[n * size : (n + 1) * size])]
                    for rows, order in zip((a, b), orders, strict=True)
                )
            )
            for n in range(blocks)
        ]
    )
    estimate = float(found.mean())
    if blocks == 1:
        return KernelDistance(estimate, None, None, 1, size)
    half = float(stats.t.ppf((1 + LEVEL) / 2, blocks - 1) * found.std(ddof=1) / np.sqrt(blocks))
    return KernelDistance(estimate, estimate - half, estimate + half, blocks, size)


def discrepancy(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Unbiased squared discrepancy of features (N, D) and (M, D) with the kernel (x·y / D + 1)³; below 0 by chance where both are alike."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return _within(x) + _within(y) - 2 * float(_kernel(x, y).mean())


def _within(x: Floats) -> float:
    """The mean over pairs of different rows."""
    kernel = _kernel(x, x)
    n = len(x)
    return float(kernel.sum() - np.trace(kernel)) / (n * (n - 1))


def _kernel(x: Floats, y: Floats) -> Floats:
    kernel: Floats = (x @ y.T / x.shape[1] + 1) ** 3
    return kernel
