"""Random and published studies of scores, and the one-shot analysis by its definition, in loops."""

import csv
from itertools import product
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

VANDYKE = Path(__file__).parents[2] / ".." / "shared" / "reference" / "vandyke.csv"


def studied(R, N, M, *, seed, missing=0.0, levels=5):
    """Scores (2, R, N), (2, R, M) of a random study, some of them missing."""
    random = np.random.default_rng(seed)
    reader, image = random.normal(0, 0.5, (2, R, 1)), random.normal(0, 0.7, (1, 1, N + M))
    both = reader + image + random.normal(0, 1, (2, R, N + M))
    both[..., N:] += 0.8
    both = np.clip(np.round(both * levels / 4), -levels, levels)
    both[random.random(both.shape) < missing] = np.nan
    return both[..., :N], both[..., N:]


designs = st.builds(
    studied,
    st.integers(2, 4),
    st.integers(2, 5),
    st.integers(2, 5),
    seed=st.integers(0, 10**6),
    missing=st.sampled_from([0.0, 0.0, 0.2, 0.4]),
    levels=st.sampled_from([1, 3, 9]),
)


def successes(x, y):
    """s_r(i, j) as a dictionary of what was scored."""
    R, N = x.shape
    return {
        (r, i, j): float(y[r, j] > x[r, i]) + 0.5 * float(y[r, j] == x[r, i])
        for r, i, j in product(range(R), range(N), range(y.shape[1]))
        if not np.isnan(x[r, i]) and not np.isnan(y[r, j])
    }


def by_loops(one, other):
    """Covariance of two AUCs: the mean product over pairs of each kind, weighed by how often the kind is, minus kind 8."""
    sums, counts = {}, {}
    for (a, s), (b, t) in product(one.items(), other.items()):
        kind = tuple(p == q for p, q in zip(a, b, strict=True))
        sums[kind] = sums.get(kind, 0) + s * t
        counts[kind] = counts.get(kind, 0) + 1
    distinct = (False, False, False)
    if distinct not in counts:
        return None
    return sum(sums.values()) / sum(counts.values()) - sums[distinct] / counts[distinct]


def van_dyke():
    """The published scores (2, 5, 69), (2, 5, 45)."""
    with VANDYKE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    scores, truth = np.full((2, 5, 114), np.nan), np.zeros(114, bool)
    for row in rows:
        case = int(row["case"]) - 1
        scores[int(row["treatment"]) - 1, int(row["reader"]) - 1, case] = float(row["rating"])
        truth[case] = row["truth"] == "1"
    return scores[..., ~truth], scores[..., truth]
