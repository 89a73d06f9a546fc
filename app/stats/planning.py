"""What a design of so many readers and images can show, before anybody has read anything."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import special

from app.stats.estimates import NotEstimable, Number, estimable


@dataclass(frozen=True, slots=True)
class Plan:
    """The expected variance of mean FPR, its df, and half-widths of its 95 % and 90 % intervals, as fractions."""

    readers: int
    images: int
    variance: float
    df: Number
    half_width: Number
    half_width_90: Number


def plan(
    readers: int,
    images: int,
    p: float = 0.5,
    reader_sd: float = 0.15,
    image_sd: float = 0.15,
    read: float = 1.0,
) -> Plan:
    """Var = τ²/R + ω²/M + σ²/(R·m) with σ² = p(1−p) − τ² − ω², df by Satterthwaite on the expected mean squares.

    `images` (M) counts the synthetic ones, of which each reader reads the fraction `read` (m = read·M), balanced over readers, so that each
    is read by read·R of them; τ and ω are SDs of readers and of images. Where that leaves no df for the residual, df = R − 1. The two-way crossed model of Searle,
    Casella & McCulloch 1992, section 4.3, with Satterthwaite 1946, Biometrics Bulletin 2:110. Raises ValueError where
    there is no reader or image, p or `read` is not within its bounds, or the SDs leave no residual.
    """
    tau2, omega2 = reader_sd**2, image_sd**2
    sigma2 = p * (1 - p) - tau2 - omega2
    if readers < 1 or images < 1 or not 0 < p < 1 or min(reader_sd, image_sd) < 0 or sigma2 < 0:
        raise ValueError(
            "a plan takes a reader, an image, a rate within 0 and 1, and SDs that it has room for"
        )
    if not 0 < read <= 1:
        raise ValueError("a reader reads more than none and at most all of the images")
    each, answers = read * images, read * images * readers
    variance = tau2 / readers + omega2 / images + sigma2 / answers
    if readers < 2 or images < 2:
        few = NotEstimable("it takes two readers and two images")
        return Plan(readers, images, variance, few, few, few)
    msr, msc, left = each * tau2 + sigma2, read * readers * omega2 + sigma2, answers - readers - images + 1
    below = msr**2 / (readers - 1) + msc**2 / (images - 1) + sigma2**2 / max(left, 1)
    df = (variance * answers) ** 2 / below if left >= 1 else readers - 1.0
    se = sqrt(variance)
    return Plan(
        readers,
        images,
        variance,
        df,
        float(special.stdtrit(df, 0.975)) * se,
        float(special.stdtrit(df, 0.95)) * se,
    )


def single_reader_power(images: int, delta: float = 0.1, accuracy: float = 0.5, alpha: float = 0.05) -> float:
    """Power of the exact TOST that one reader's accuracy is within 1/2 ± δ; 0 where no outcome can show it.

    Both one-sided exact binomial tests at `alpha` (Schuirmann 1987, J Pharmacokinetics and Biopharmaceutics 15:657).
    """
    right = np.arange(images + 1.0)
    above = 1 - special.bdtr(right - 1, images, 0.5 - delta)  # P(X ≥ k) where accuracy is 1/2 − δ
    below = special.bdtr(right, images, 0.5 + delta)
    shown = right[(above <= alpha) & (below <= alpha)]  # never none right, of which `above` is NaN
    if not len(shown):
        return 0.0
    first, last = shown[0], shown[-1]  # what is shown is an interval: one tail falls and the other rises
    return float(special.bdtr(last, images, accuracy) - special.bdtr(first - 1, images, accuracy))


def strongest_claim(planned: Plan, delta: float = 0.1, *, pairs: bool = False) -> str:
    """In a sentence what a design can support at best: equivalence with chance, a difference, or neither.

    With `pairs` the plan's images are pairs side by side, and the rate is the share of pairs in which the real image is found.
    """
    rate = "the mean share of pairs found" if pairs else "mean FPR"
    points = f"{100 * delta:g} points"
    if not estimable(planned.half_width) or not estimable(planned.half_width_90):
        power = single_reader_power(planned.images if pairs else 2 * planned.images, delta)
        if power == 0:
            return f"Equivalence with chance within ± {points} cannot be shown by one reader with so few {'pairs' if pairs else 'images'}."
        return f"One reader alone: power {power:.2f} to show accuracy within ± {points} of chance, for this reader only."
    if planned.half_width_90 < delta:
        return (
            f"At best: {rate} is equivalent to chance within ± {points} "
            f"(expected 90 % interval ± {100 * planned.half_width_90:.1f} points)."
        )
    return (
        f"At best: {rate} differs from 50 % where it is more than {100 * planned.half_width:.1f} points away. "
        f"Equivalence with chance within ± {points} is out of reach "
        f"(expected 90 % interval ± {100 * planned.half_width_90:.1f} points)."
    )
