"""How well readers tell real from synthetic, and whether they agree: the parts of the report about one model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.report.rows import Rating
from app.stats import agreement, mrmc, roc
from app.stats.agreement import over_images
from app.stats.equivalence import Equivalence, equivalence
from app.stats.estimates import Interval, NotEstimable, Number
from app.stats.mrmc import OneShot
from app.stats.roc import Auc

Floats = NDArray[np.float64]
DELTA = 0.1
DRAWS = 500


@dataclass(frozen=True, slots=True)
class Discrimination:
    """Over readers and images: the AUC of Likert ratings with its logit interval, balanced accuracy, equivalence with chance."""

    likert_auc: OneShot
    likert_auc_logit: Interval | NotEstimable
    balanced_accuracy: OneShot
    equivalence: Equivalence


@dataclass(frozen=True, slots=True)
class Measured:
    """A coefficient with its bootstrap interval over images."""

    value: Number
    interval: Interval | NotEstimable


@dataclass(frozen=True, slots=True)
class Agreement:
    """Readers' agreement on images of one truth: AC1 and κ of answers, α and ICC(A,1) of Likert ratings."""

    truth: str
    ac1: Measured
    kappa: Measured
    alpha: Measured
    icc: Measured


def discrimination(
    real: Sequence[Rating], synthetic: Sequence[Rating], delta: float = DELTA
) -> Discrimination:
    """The one-shot analysis of ratings and of answers; a reader without both kinds of image takes no part."""
    readers = sorted({rating.reader for rating in (*real, *synthetic)})
    x, y = _tables(synthetic, readers), _tables(real, readers)
    answered, rated = (mrmc.one_shot(x[k].T[None], y[k].T[None]).modalities[0] for k in (0, 1))
    return Discrimination(
        likert_auc=rated,
        likert_auc_logit=rated.estimate
        if isinstance(rated.estimate, NotEstimable)
        else roc.logit(rated.estimate, rated.variance, rated.df, rated.method),
        balanced_accuracy=answered,
        equivalence=equivalence(answered.estimate, answered.variance, answered.df, delta),
    )


def likert_auc(ratings: Sequence[Rating]) -> Auc:
    """One reader's AUC of the Likert ratings."""
    given = [(rating.truth, float(rating.likert)) for rating in ratings if rating.likert is not None]
    synthetic, real = (
        np.array([value for truth, value in given if truth == word]) for word in ("synthetic", "real")
    )
    return roc.delong(synthetic, real)


def agreed(truth: str, ratings: Sequence[Rating], random: np.random.Generator) -> Agreement:
    """Agreement on the images of one truth; intervals from images drawn with replacement."""
    readers = sorted({rating.reader for rating in ratings})
    answers, rated = _tables(ratings, readers)
    counted, counted_likert = agreement.counts(answers), agreement.counts(rated)
    return Agreement(
        truth,
        ac1=_measured(counted, agreement.gwet_ac1, random),
        kappa=_measured(counted, agreement.fleiss_kappa, random),
        alpha=_measured(counted_likert, agreement.krippendorff_alpha, random),
        icc=_measured(rated, agreement.icc_a1, random),
    )


def _measured(table: Floats, statistic: Callable[[Floats], Number], random: np.random.Generator) -> Measured:
    value = statistic(table)
    if isinstance(value, NotEstimable):
        return Measured(value, value)
    return Measured(value, over_images(table, statistic, random, DRAWS))


def _tables(ratings: Sequence[Rating], readers: Sequence[str]) -> tuple[Floats, Floats]:
    """Images × readers, NaN where there is none: 1 where the answer is “real”, and the Likert ratings.

    An image is known by its model too: two models may number their own images alike.
    """
    columns = {reader: j for j, reader in enumerate(readers)}
    images = {key: i for i, key in enumerate(sorted({(rating.model, rating.image) for rating in ratings}))}
    answers, rated = np.full((2, len(images), len(readers)), np.nan)
    for rating in ratings:
        place = images[rating.model, rating.image], columns[rating.reader]
        answers[place] = rating.answer == "real"
        if rating.likert is not None:
            rated[place] = rating.likert
    return answers, rated
