"""One proportion: its intervals, and the exact test against 1/2."""

from math import sqrt

from scipy import special

from app.stats.estimates import Interval, NotEstimable, Proportion


def wilson(k: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's score interval of k of n (Wilson 1927, JASA 22:209); raises ValueError unless 0 ≤ k ≤ n and n ≥ 1."""
    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no proportion")
    low, high = wilson_effective(k / n, n, level)
    return Interval(0.0 if k == 0 else low, 1.0 if k == n else high, "Wilson", level)


def wilson_effective(p: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's bounds of a proportion p in [0, 1] with an effective sample size n > 0 that need not be whole."""
    z = float(special.ndtri((1 + level) / 2))
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def proportion(k: int, n: int, absent: str) -> Proportion | NotEstimable:
    """Take k of n with Wilson's 95 % interval; NotEstimable(absent) where n is 0."""
    if n == 0:
        return NotEstimable(absent)
    return Proportion(k, n, k / n, wilson(k, n))


def half_p(k: int, n: int) -> float:
    """Two-sided p of k of n, n ≥ 1, by the exact binomial test against 1/2, where both tails are alike."""
    return min(1.0, 2 * float(special.bdtr(min(k, n - k), n, 0.5)))
