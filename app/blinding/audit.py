"""The audit of a session's pixels: which named cue tells synthetic images from real ones, and can a classifier?

All cues and the classifier are one family: the greatest standardised difference of any of them is set against the
greatest in each permutation of the truth (Westfall & Young 1993), so that a session without any difference alarms in
5 % of audits, however many cues there are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.blinding import classifier, cues, ranks, sentences
from app.blinding.duplicates import Duplicate, listed
from app.blinding.features import Floats
from app.blinding.pictures import Picture, draw

FAMILY_ERROR = 0.05
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """A cue that differs: `effect` is the AUC of its strongest measure (above ½: greater in synthetic images), `p` family-wise.

    `images` are the numbers of up to eight images that show it most: first the synthetic, then the real ones. `mend`
    is a name for `mends.apply`, or "".
    """

    cue: str
    title: str
    sentence: str
    effect: float
    p: float
    images: tuple[int, ...]
    picture: Picture
    mend: str


@dataclass(frozen=True, slots=True)
class Classifier:
    """The classifier two-sample test: `p` is its own, two-sided; 95 % of permutations lie within `null_band` of ½.

    `weights` are the three strongest cues and their shares of all weight.
    """

    auc: float
    p: float
    null_band: float
    n: int
    weights: tuple[tuple[str, float], ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class PixelAudit:
    """What the pixels of n_real and n_synthetic images give away. `dataclasses.asdict` makes it ready for JSON.

    `p_family` is the p of the strongest of all cues and the classifier together; `alarms` says that it is at most 5 %.
    """

    n_real: int
    n_synthetic: int
    findings: tuple[Finding, ...]
    classifier: Classifier
    duplicates: tuple[Duplicate, ...]
    p_family: float
    alarms: bool


def audit(
    images: NDArray[np.uint8],
    synthetic: NDArray[np.bool_],
    rng: np.random.Generator,
    permutations: int = 2000,
) -> PixelAudit:
    """Audit N images (N, H, W) or (N, H, W, 3), of which `synthetic` (N,) says the truth.

    Raises ValueError for images of another kind or below 32 × 32, or where one of the two kinds has fewer than two.
    """
    if synthetic.shape != images.shape[:1]:
        raise ValueError("one truth for each image expected")
    if min(int(synthetic.sum()), int((~synthetic).sum())) < 2:
        raise ValueError("at least two images of each kind are needed")
    return judge(cues.measure(images), synthetic, rng, permutations)


def judge(
    measured: cues.Measured,
    synthetic: NDArray[np.bool_],
    rng: np.random.Generator,
    permutations: int = 2000,
) -> PixelAudit:
    """The audit of images that are measured already."""
    synthetic = synthetic.astype(np.bool_)
    orders = ranks.shuffled(synthetic, rng, permutations)
    effects = ranks.auc(measured.values, synthetic)
    judged = classifier.judge(measured.values, synthetic, orders, rng)
    spread = ranks.spread(measured.values, int(synthetic.sum()))
    away = _standard(effects, 0.5, spread)
    null = _standard(ranks.auc(measured.values, orders), 0.5, spread)
    centre, deviation = float(judged.null.mean()), np.array(judged.null.std())
    classifier_away = float(_standard(np.array(judged.auc), centre, deviation))
    greatest = np.maximum(null.max(axis=1), _standard(judged.null, centre, deviation))
    p_values = _p(away, greatest)
    p_family = float(_p(np.array([max(away.max(), classifier_away)]), greatest)[0])
    return PixelAudit(
        n_real=int((~synthetic).sum()),
        n_synthetic=int(synthetic.sum()),
        findings=_findings(measured, synthetic, effects, away, p_values),
        classifier=_classified(measured, judged),
        duplicates=listed(measured.copies, synthetic),
        p_family=p_family,
        alarms=p_family <= FAMILY_ERROR,
    )


def _standard(aucs: Floats, centre: float, spread: Floats) -> Floats:
    """Distances from the centre in standard deviations; 0 where nothing varies."""
    return np.asarray(np.abs(aucs - centre) / np.where(spread > 0, spread, np.inf))


def _p(away: Floats, greatest: Floats) -> Floats:
    """Family-wise p (F,): how often the greatest distance of a permutation (P,) reaches this one (F,)."""
    beyond = (greatest[:, None] >= away[None, :] - ranks.TOLERANCE).sum(axis=0)
    return np.asarray((1 + beyond) / (1 + len(greatest)))


def _findings(
    measured: cues.Measured, synthetic: NDArray[np.bool_], effects: Floats, away: Floats, p_values: Floats
) -> tuple[Finding, ...]:
    """A finding for each cue with a measure at 5 %: by its strongest one; the strongest cue first, the more
    particular one (as `cues` orders them) where two are within a tenth of AUC.
    """
    strongest: dict[str, int] = {}
    for place, column in enumerate(measured.columns):
        known = strongest.setdefault(column.cue.key, place)
        if away[place] > away[known] + ranks.TOLERANCE:
            strongest[column.cue.key] = place
    found = [place for place in strongest.values() if p_values[place] <= FAMILY_ERROR]
    found.sort(key=lambda place: -round(abs(float(effects[place]) - 0.5), 1))
    return tuple(
        _finding(measured, synthetic, place, float(effects[place]), float(p_values[place])) for place in found
    )


def _finding(
    measured: cues.Measured, synthetic: NDArray[np.bool_], place: int, effect: float, p: float
) -> Finding:
    column, values = measured.columns[place], measured.values[:, place]
    upwards = values if effect > 0.5 else -values
    order = np.argsort(-upwards, kind="stable")
    shown = (*order[synthetic[order]][: SHOWN // 2], *order[::-1][~synthetic[order[::-1]]][: SHOWN // 2])
    return Finding(
        cue=column.cue.key,
        title=column.cue.title,
        sentence=sentences.finding(column.feature, values[synthetic], values[~synthetic], effect),
        effect=effect,
        p=p,
        images=tuple(int(number) for number in shown),
        picture=draw(measured, synthetic, place),
        mend=column.cue.mend,
    )


def _classified(measured: cues.Measured, judged: classifier.Judged) -> Classifier:
    band = ranks.band(judged.auc, judged.null)
    sums: dict[str, float] = {}
    for column, weight in zip(measured.columns, judged.weights, strict=True):
        sums[column.cue.key] = sums.get(column.cue.key, 0.0) + abs(float(weight))
    total = sum(sums.values()) or 1.0
    strongest = sorted(sums.items(), key=lambda item: -item[1])[:3]
    return Classifier(
        auc=band.auc,
        p=band.p,
        null_band=band.width,
        n=len(measured.values),
        weights=tuple((key, weight / total) for key, weight in strongest),
        sentence=sentences.classifier(band, len(measured.values)),
    )
