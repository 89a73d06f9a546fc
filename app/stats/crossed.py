"""The mean of a rate over readers and images, both random: the two-way crossed model.

Pooling answers over readers as if they were independent gives intervals that are far too short; averaging over readers
alone forgets that other images would give other rates. Here both count.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import scipy  # which loads scipy.stats where it is used first: 30 MB and half a second that a server needs not
from numpy.typing import NDArray

from app.stats.estimates import Interval, NotEstimable, Number
from app.stats.intervals import wilson_effective

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CrossedMean:
    """A mean over R readers and M images with its variance, degrees of freedom, interval and test against 1/2."""

    readers: int
    images: int
    answers: int
    estimate: Number
    variance: Number
    df: Number
    interval: Interval | NotEstimable
    p_half: Number


@dataclass(frozen=True, slots=True)
class _Variance:
    """A variance of the mean; `independent` is the one that answers without any readers and images would give, where it is a lower bound."""

    value: float
    df: float
    method: str
    independent: float = 0.0

    def half(self, level: float) -> float:
        """Half the interval, before the logit."""
        return max(self._two_way(level), self._alone(level))

    def name(self, level: float) -> str:
        """The method, and which of the two gave the interval."""
        if self._alone(level) > self._two_way(level):
            return f"{self.method}, widened to that of independent answers"
        return self.method

    def p(self, distance: float) -> float:
        """Two-sided p of a mean so far from what is tested."""
        two_way = float(2 * scipy.stats.t.sf(distance / sqrt(self.value), self.df))
        if not self.independent:
            return two_way
        return max(two_way, float(2 * scipy.stats.norm.sf(distance / sqrt(self.independent))))

    def _two_way(self, level: float) -> float:
        return float(scipy.stats.t.ppf((1 + level) / 2, self.df)) * sqrt(self.value)

    def _alone(self, level: float) -> float:
        return float(scipy.stats.norm.ppf((1 + level) / 2)) * sqrt(self.independent)


def crossed_mean(answers: Floats, level: float = 0.95) -> CrossedMean:
    """The mean of 0/1 answers (R, M), NaN where a reader did not see an image.

    Complete tables: Var = (MSR + MSC − MSE)/(R·M) with Satterthwaite's df, at least min(R−1, M−1), and a t interval on the
    logit scale. With gaps: components by Henderson's method I (Searle, Casella & McCulloch 1992, ch. 5), which is the
    same where the table is complete; and never a shorter interval than independent answers would give, which is the least that
    components of no negative size allow: in sparse tables they often come out below zero. Where the variance is not positive, MSE/(R·M) stands in; where the estimate is 0
    or 1, Wilson's interval on the images' effective number.
    """
    seen = ~np.isnan(answers)
    answers = answers[seen.any(axis=1)][:, seen.any(axis=0)]
    seen = ~np.isnan(answers)
    readers, images, n = answers.shape[0], answers.shape[1], int(seen.sum())
    if n == 0:
        none = NotEstimable("there is no answer")
        return CrossedMean(0, 0, 0, none, none, none, none, none)
    estimate = float(np.nansum(answers)) / n
    if readers < 2 or images < 2:
        few = NotEstimable("it takes two readers and two images")
        interval = _one_reader(estimate, n, level) if readers == 1 else few
        return CrossedMean(readers, images, n, estimate, few, few, interval, few)
    variance = _complete(answers) if seen.all() else _with_gaps(answers, seen)
    return CrossedMean(
        readers,
        images,
        n,
        estimate,
        variance.value,
        variance.df,
        _interval(estimate, variance, answers, level),
        _p_half(estimate, variance),
    )


def _one_reader(estimate: float, n: int, level: float) -> Interval | NotEstimable:
    if estimate in (0.0, 1.0):
        return NotEstimable("one reader gave the same answer throughout")
    low, high = wilson_effective(estimate, n, level)
    return Interval(low, high, "Wilson, this reader only", level)


def _complete(y: Floats) -> _Variance:
    """Variance of the grand mean of a complete (R, M) table from the mean squares of the two-way ANOVA."""
    return _from_mean_squares(*mean_squares(y), *y.shape)


def mean_squares(y: Floats) -> tuple[float, float, float]:
    """MSR of readers, MSC of images and MSE of a complete (R, M) table, R, M ≥ 2."""
    R, M = y.shape
    rows, columns, grand = y.mean(axis=1), y.mean(axis=0), y.mean()
    msr = M * float(np.sum((rows - grand) ** 2)) / (R - 1)
    msc = R * float(np.sum((columns - grand) ** 2)) / (M - 1)
    residual = y - rows[:, None] - columns[None, :] + grand
    return msr, msc, float(np.sum(residual**2)) / ((R - 1) * (M - 1))


def _from_mean_squares(msr: float, msc: float, mse: float, R: int, M: int) -> _Variance:
    numerator = msr + msc - mse
    fewest = min(R - 1, M - 1)
    if numerator <= 1e-12:
        return _Variance(mse / (R * M), fewest, "two-way logit t, residual variance alone")
    below = msr**2 / (R - 1) + msc**2 / (M - 1) + mse**2 / ((R - 1) * (M - 1))
    return _Variance(numerator / (R * M), max(numerator**2 / below, fewest), "two-way logit t")


def _with_gaps(y: Floats, seen: NDArray[np.bool_]) -> _Variance:
    """Var = τ²·Σn_r²/n² + ω²·Σm_i²/n² + σ²/n with Henderson's method I components."""
    n = int(seen.sum())
    filled = np.where(seen, y, 0.0)
    n_r, m_i = seen.sum(axis=1).astype(float), seen.sum(axis=0).astype(float)
    R, M = y.shape
    correction = filled.sum() ** 2 / n
    t_rows = float(np.sum(filled.sum(axis=1) ** 2 / n_r))
    t_columns = float(np.sum(filled.sum(axis=0) ** 2 / m_i))
    total = float(np.sum(filled**2))
    k1, k2 = float(np.sum(n_r**2)) / n, float(np.sum(m_i**2)) / n
    k3 = float(np.sum((seen**2).sum(axis=1) / n_r))
    k4 = float(np.sum((seen**2).sum(axis=0) / m_i))
    # Expected uncorrected sums of squares, without the mean's part, in (τ², ω², σ²).
    system = np.array(
        [
            [n - k1, k3 - k2, R - 1],
            [k4 - k1, n - k2, M - 1],
            [n - k1, n - k2, n - 1],
        ]
    )
    wanted = np.array([t_rows - correction, t_columns - correction, total - correction])
    tau2, omega2, sigma2 = (float(v) for v in np.linalg.lstsq(system, wanted, rcond=None)[0])
    sigma2 = max(sigma2, 0.0)
    a, b = float(np.sum(n_r**2)) / n**2, float(np.sum(m_i**2)) / n**2
    value = tau2 * a + omega2 * b + sigma2 / n
    fewest = min(R - 1, M - 1)
    independent = (total / n) * (1 - total / n) / n
    if value <= 1e-12:
        # Where even the residual component is not positive, all of the variation counts as residual.
        residual = sigma2 or (total - correction) / n
        return _Variance(
            residual / n, fewest, "two-way logit t with gaps, residual variance alone", independent
        )
    df = _satterthwaite_with_gaps(tau2, omega2, sigma2, value, n, (R, M))
    return _Variance(value, max(df, fewest), "two-way logit t with gaps (Henderson I)", independent)


def _satterthwaite_with_gaps(
    tau2: float, omega2: float, sigma2: float, value: float, n: int, shape: tuple[int, int]
) -> float:
    """Satterthwaite's df on the mean squares that a complete table of the same mean row and column sizes would have."""
    R, M = shape
    per_reader, per_image = n / R, n / M
    msr, msc = max(per_reader * tau2 + sigma2, 0.0), max(per_image * omega2 + sigma2, 0.0)
    residual_df = max(n - R - M + 1, 1)
    below = msr**2 / (R - 1) + msc**2 / (M - 1) + sigma2**2 / residual_df
    return (n * value) ** 2 / below


def _interval(estimate: float, variance: _Variance, answers: Floats, level: float) -> Interval:
    if estimate in (0.0, 1.0):
        low, high = wilson_effective(estimate, answers.shape[1], level)
        return Interval(low, high, "Wilson on the images' effective number", level)
    logit = log(estimate / (1 - estimate))
    half = variance.half(level) / (estimate * (1 - estimate))
    return Interval(_expit(logit - half), _expit(logit + half), variance.name(level), level)


def _p_half(estimate: float, variance: _Variance) -> Number:
    """Two-sided p of the mean against 1/2, t on the logit scale."""
    if estimate in (0.0, 1.0):
        return NotEstimable("all answers are the same")
    return variance.p(abs(log(estimate / (1 - estimate))) * estimate * (1 - estimate))


def _expit(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
