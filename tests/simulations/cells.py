"""Studies drawn from a model whose true rates are known, and how often the report's 95 % intervals hold them.

Reader r scores a synthetic image i as a_r + b_i + e and a real image j as d + a'_r + b'_j + e', all normal and independent, e of SD 1
(Roe & Metz 1997, Academic Radiology 4:298, without interactions). An image is called real where its score is above the
point that gives the wanted FPR; Likert ratings cut the same score in five. Over readers and images together a score is normal, so FPR,
balanced accuracy and the AUC of the ratings are known exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import stats

from app.stats import roc
from app.stats.crossed import crossed_mean
from app.stats.estimates import Interval, estimable
from app.stats.mrmc import one_shot

ENDPOINTS = ("fpr", "balanced_accuracy", "likert_auc")
CUTS = np.array([-1.0, -0.35, 0.35, 1.0])


@dataclass(frozen=True, slots=True)
class Cell:
    """A design and a truth: `images` of each kind, SDs of readers and images beside an error of 1, the share of missing answers, how many readers stop halfway."""

    readers: int
    images: int
    reader_sd: float
    image_sd: float
    fpr: float
    distance: float
    missing: float = 0.0
    stopped: int = 0

    @property
    def name(self) -> str:
        return (
            f"{self.readers} × {self.images}, SD {self.reader_sd:g} and {self.image_sd:g}, FPR {self.fpr:g}"
            + (f", {self.missing:.0%} missing" if self.missing else "")
            + (f", {self.stopped} stopped halfway" if self.stopped else "")
        )

    @property
    def sd(self) -> float:
        """The SD of a score over readers and images."""
        return float(np.sqrt(self.reader_sd**2 + self.image_sd**2 + 1))

    @property
    def threshold(self) -> float:
        return float(stats.norm.isf(self.fpr, scale=self.sd))


def grid() -> Iterator[Cell]:
    """Few and many readers and images; readers or images that differ most; guessing, and readers who see something."""
    sds = ((0.4, 0.4), (0.6, 0.2), (0.2, 0.6))
    for (readers, images), (reader_sd, image_sd), (fpr, distance) in product(
        product((5, 7, 10, 20), (20, 50, 100)), sds, ((0.5, 0.0), (0.3, 1.0))
    ):
        yield Cell(readers, images, reader_sd, image_sd, fpr, distance)
    for readers, (reader_sd, image_sd) in product((5, 10), sds):
        yield Cell(readers, 50, reader_sd, image_sd, 0.3, 1.0, missing=0.2)
    for readers, (reader_sd, image_sd) in product((7, 10), sds):
        yield Cell(readers, 50, reader_sd, image_sd, 0.3, 1.0, stopped=2)


def truth(cell: Cell) -> dict[str, float]:
    """The exact values that the intervals should hold."""
    synthetic, real = (stats.norm(at, cell.sd) for at in (0, cell.distance))
    cuts = np.concatenate(([-np.inf], cell.threshold + CUTS, [np.inf]))
    x, y = np.diff(synthetic.cdf(cuts)), np.diff(real.cdf(cuts))
    above = np.cumsum(x) - x
    return {
        "fpr": cell.fpr,
        "balanced_accuracy": float((real.sf(cell.threshold) + 1 - cell.fpr) / 2),
        "likert_auc": float(y @ (above + x / 2)),
    }


def study(cell: Cell, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scores above the threshold (R, images) of synthetic and of real images; NaN where an answer is missing."""
    scores = []
    for at in (0.0, cell.distance):
        readers = random.normal(0, cell.reader_sd, (cell.readers, 1))
        images = random.normal(0, cell.image_sd, (1, cell.images))
        each = at + readers + images + random.normal(size=(cell.readers, cell.images)) - cell.threshold
        each[random.random(each.shape) < cell.missing] = np.nan
        each[: cell.stopped, cell.images // 2 :] = np.nan
        scores.append(each)
    return scores[0], scores[1]


def intervals(x: np.ndarray, y: np.ndarray) -> dict[str, Interval | None]:
    """The report's 95 % intervals of one study, None where it has none."""
    said_x, said_y = (np.where(np.isnan(each), np.nan, each > 0) for each in (x, y))
    rated_x, rated_y = (np.where(np.isnan(each), np.nan, np.digitize(each, CUTS)) for each in (x, y))
    answered, rated = (
        one_shot(a[None], b[None], centred=True).modalities[0]
        for a, b in ((said_x, said_y), (rated_x, rated_y))
    )
    auc = rated.estimate
    logit = roc.logit(auc, rated.variance, rated.df, rated.method) if estimable(auc) else None
    found = {
        "fpr": crossed_mean(said_x).interval,
        "balanced_accuracy": answered.interval,
        "likert_auc": logit,
    }
    return {name: each if isinstance(each, Interval) else None for name, each in found.items()}


def simulate(cell: Cell, rounds: int, seed: int) -> dict[str, tuple[int, int]]:
    """(intervals that hold the truth, intervals that there are) of so many studies; the same seed gives the same counts."""
    random = np.random.default_rng([seed, *np.frombuffer(cell.name.encode(), np.uint8)])
    known = truth(cell)
    held = dict.fromkeys(ENDPOINTS, 0)
    there = dict.fromkeys(ENDPOINTS, 0)
    for _ in range(rounds):
        for name, found in intervals(*study(cell, random)).items():
            if found is not None:
                there[name] += 1
                held[name] += found.low <= known[name] <= found.high
    return {name: (held[name], there[name]) for name in ENDPOINTS}
