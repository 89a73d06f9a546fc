"""Everything that is said of a real and a synthetic set by one network's features, with what it takes to compute it again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import frechet
from models.errors import FeaturesRefused
from models.kernel_distance import KernelDistance, kernel_distance
from models.precision_recall import NEIGHBOUR, PrecisionRecall, precision_recall

Rows = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Distances:
    """`halves` is the Fréchet distance between two halves of the real set, `relative` the distance divided by it; None where the set is too small.

    `few`: fewer images than dimensions, where the Fréchet distance says more of the number of images than of the model.
    """

    n_real: int
    n_synthetic: int
    dimensions: int
    frechet: float
    kernel: KernelDistance
    shares: PrecisionRecall | None
    halves: float | None
    relative: float | None
    few: bool
    seed: int


def measure(real: Rows, synthetic: Rows, seed: int) -> Distances:
    """Compare features (N, D) and (M, D) of one network; `seed` draws halves and blocks. Raises FeaturesRefused."""
    if real.shape[1] != synthetic.shape[1]:
        raise FeaturesRefused("Features of different networks cannot be compared.")
    rng = np.random.default_rng(seed)
    found = frechet.distance(frechet.of_rows(real), frechet.of_rows(synthetic))
    halves = _halves(real, rng)
    few = min(len(real), len(synthetic))
    return Distances(
        n_real=len(real),
        n_synthetic=len(synthetic),
        dimensions=real.shape[1],
        frechet=found,
        kernel=kernel_distance(real, synthetic, rng),
        shares=precision_recall(real, synthetic) if few > NEIGHBOUR else None,
        halves=halves,
        relative=found / halves if halves else None,
        few=few <= real.shape[1],
        seed=seed,
    )


def _halves(rows: Rows, rng: np.random.Generator) -> float | None:
    """Between two halves drawn at random; fewer images than the whole, so it is larger than for two sets of the whole's size."""
    half = len(rows) // 2
    if half < 2:
        return None
    order = rng.permutation(len(rows))
    one, other = (frechet.of_rows(rows, np.sort(part)) for part in (order[:half], order[half : 2 * half]))
    return frechet.distance(one, other)
