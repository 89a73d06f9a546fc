"""How well readers tell real from synthetic, and whether they agree: the parts of the report about one model."""

from dataclasses import dataclass

import numpy as np

from app.report.columns import Columns, Floats
from app.stats import agreement, mrmc, roc
from app.stats.agreement import Coefficient, over_images
from app.stats.equivalence import Equivalence, equivalence
from app.stats.estimates import Interval, NotEstimable, Number
from app.stats.mrmc import OneShot
from app.stats.roc import Auc

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


def discrimination(columns: Columns, delta: float = DELTA) -> Discrimination:
    """The one-shot analysis of ratings and of answers; a reader without both kinds of image takes no part."""
    x, y = columns.tables(real=False), columns.tables(real=True)
    answered, rated = (mrmc.one_shot(x[k][None], y[k][None], centred=True).modalities[0] for k in (0, 1))
    return Discrimination(
        likert_auc=rated,
        likert_auc_logit=rated.estimate
        if isinstance(rated.estimate, NotEstimable)
        else roc.logit(rated.estimate, rated.variance, rated.df, rated.method),
        balanced_accuracy=answered,
        equivalence=equivalence(answered.estimate, answered.variance, answered.df, delta),
    )


def likert_auc(columns: Columns) -> Auc:
    """One reader's AUC of the Likert ratings."""
    return roc.delong(columns.likerts(real=False), columns.likerts(real=True))


def agreed(columns: Columns, random: np.random.Generator, *, real: bool) -> Agreement:
    """Agreement on the images of one truth; intervals from images drawn with replacement."""
    mine = columns.only(columns.real == real)
    answers, rated = (table.T for table in mine.tables(real=real))
    counted, counted_likert = agreement.counts(answers), agreement.counts(rated)
    return Agreement(
        "real" if real else "synthetic",
        ac1=_measured(counted, agreement.gwet_ac1, random),
        kappa=_measured(counted, agreement.fleiss_kappa, random),
        alpha=_measured(counted_likert, agreement.krippendorff_alpha, random),
        icc=_measured(rated, agreement.icc_a1, random),
    )


def _measured(table: Floats, coefficient: Coefficient, random: np.random.Generator) -> Measured:
    value = coefficient(table)
    if isinstance(value, NotEstimable):
        return Measured(value, value)
    return Measured(value, over_images(table, coefficient, random, DRAWS))
