"""The statistics as printed in Woodland et al. 2022; comparable with that study, not the analysis we recommend."""

import warnings
from collections.abc import Sequence

import numpy as np
import scipy  # which loads scipy.stats where it is used first: 30 MB and half a second that a server needs not
from numpy.typing import NDArray

from app.stats.estimates import MeanSd, NotEstimable, Number

Floats = NDArray[np.float64]


def mean_sd(values: Sequence[float] | Floats) -> MeanSd:
    """Mean ± SD; the SD of fewer than two values does not exist."""
    n = len(values)
    if n == 0:
        return MeanSd(0, NotEstimable("there is no value"), NotEstimable("there is no value"))
    mean = float(np.mean(values))
    if n == 1:
        return MeanSd(1, mean, NotEstimable("one value has no standard deviation"))
    return MeanSd(n, mean, float(np.std(values, ddof=1)))


def t_test_p(real: Floats, synthetic: Floats) -> Number:
    """Student's t test of 0/1 answers on real against synthetic images: equal variances, two-sided.

    Not estimable with an empty group, with two answers in all, or where both groups are constant and equal; where both
    are constant and different the groups are apart with certainty, p = 0.
    """
    if len(real) == 0 or len(synthetic) == 0:
        return NotEstimable("a group has no answer")
    if len(real) + len(synthetic) < 3:
        return NotEstimable("two answers leave no degree of freedom")
    if np.ptp(real) == 0 and np.ptp(synthetic) == 0:
        return NotEstimable("all answers are the same") if real[0] == synthetic[0] else 0.0
    # From the moments: scipy warns of lost precision when it meets one constant group among the values themselves.
    return float(
        scipy.stats.ttest_ind_from_stats(
            *_moments(real), *_moments(synthetic), equal_var=True
        ).pvalue  # Student's, not Welch's
    )


def _moments(values: Floats) -> tuple[float, float, int]:
    """Mean, SD (0 for a single value, which says nothing about the spread) and number."""
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0, len(values)


def likert_difference(real: Floats, synthetic: Floats) -> Number:
    """Mean Likert rating of real minus that of synthetic images."""
    if len(real) == 0 or len(synthetic) == 0:
        return NotEstimable("a group has no Likert rating")
    return float(np.mean(real) - np.mean(synthetic))


def ks_p(real: Floats, synthetic: Floats) -> Number:
    """Two-sample Kolmogorov–Smirnov test of the Likert ratings, two-sided.

    Exact up to 10,000 ratings of a kind, asymptotic above, as `scipy.stats.kstest` chooses when it is not told.
    """
    if len(real) == 0 or len(synthetic) == 0:
        return NotEstimable("a group has no Likert rating")
    with warnings.catch_warnings():
        # Near 1 scipy's exact sum can pass 1 by a rounding; it warns, and gives the asymptotic value, 1 there as well.
        warnings.filterwarnings("ignore", "ks_2samp: Exact calculation unsuccessful", RuntimeWarning)
        return float(scipy.stats.ks_2samp(real, synthetic).pvalue)
