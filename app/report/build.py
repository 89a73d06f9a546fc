"""Build the report: one pass from ratings to typed results, from which every file and page is made."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app import report
from app.report import analysed, arms, comparisons, repeats, sensitivity
from app.report import distances as measured
from app.report import images as each_image
from app.report.arms import Pair
from app.report.columns import Columns
from app.report.comparisons import Compared
from app.report.discrimination import DELTA, Agreement, Discrimination, agreed, discrimination, likert_auc
from app.report.distances import Correlated, Distances
from app.report.images import ImageResult
from app.report.repeats import Repeated
from app.report.rows import POINTS, Rating
from app.report.sensitivity import Analysis
from app.report.timing import Timing, timing
from app.stats import crossed, detection, paper, roc
from app.stats.crossed import CrossedMean
from app.stats.detection import Counts, Metrics, Rate, Sensitivity
from app.stats.estimates import MeanSd, NotEstimable, Number, Proportion
from app.stats.roc import Auc, Curve
from app.stats.spread import Quartiles, quartiles

NAMES = {"precision": "Precision", "recall": "Recall", "accuracy": "Accuracy", "fpr": "FPR", "fnr": "FNR"}
METRICS = tuple(NAMES)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReaderResult:
    """One reader against one model."""

    reader: str
    model: str
    counts: Counts
    metrics: Metrics
    guessing_p: Number
    guessing_test: str
    ttest_p: Number
    likert_diff: Number
    ks_p: Number
    likert_real: MeanSd
    likert_synthetic: MeanSd
    seconds: Quartiles
    sensitivity: Sensitivity
    likert_auc: Auc
    roc: Curve


@dataclass(frozen=True, slots=True)
class LikertByTruth:
    """Likert ratings of images of one truth: mean ± SD over all ratings, over reader means, and how often each point."""

    truth: str
    over_ratings: MeanSd
    over_readers: MeanSd
    distribution: dict[int, int]


@dataclass(frozen=True, slots=True)
class PooledTests:
    """The paper's tests over all readers' answers to one model, labelled as theirs."""

    ttest_p: Number
    likert_diff: Number
    ks_p: Number


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model: its readers, the paper's block, the headline rates over readers and images."""

    model: str
    readers: tuple[ReaderResult, ...]
    averages: dict[str, MeanSd]
    fpr: CrossedMean
    fnr: CrossedMean
    likert: tuple[LikertByTruth, ...]
    pooled: PooledTests
    discrimination: Discrimination
    agreement: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything; `provenance` is what the figures rest on (session, manifest hash), `left_out` counts by kind."""

    title: str
    version: str
    provenance: dict[str, str]
    n_ratings: int
    n_readers: int
    left_out: dict[str, int]
    models: tuple[ModelResult, ...]
    points: int
    timing: Timing
    pairs: tuple[Pair, ...] = ()
    correlations: tuple[Correlated, ...] = ()
    repeats: tuple[Repeated, ...] = ()
    sensitivity: tuple[Analysis, ...] = ()
    images: tuple[ImageResult, ...] = ()
    comparisons: tuple[Compared, ...] = ()


def build(
    ratings: Sequence[Rating],
    *,
    title: str,
    provenance: Mapping[str, str],
    points: int = POINTS,
    margin: float = DELTA,
    distances: Distances | None = None,
    seed: int = 0,
) -> Report:
    """The report of these ratings on a scale of 1 to `points`; `seed` draws for the bootstrap intervals.

    `margin` is the δ of equivalence with chance that the design fixed; `distances` are those of models by extractor.

    Raises InvalidError where an image has two truths, an answer stands twice, or a row's model cannot be told.
    """
    answered, left_out = analysed.analysed(ratings)
    main, paired = comparisons.split(answered)
    points = max(points, max((rating.likert or 0 for rating in main), default=0))
    names, columns = [] if paired else analysed.models(main), Columns.of(main)
    return Report(
        title=title,
        version=report.VERSION,
        provenance=dict(provenance),
        n_ratings=len(answered),
        n_readers=len({rating.reader for rating in answered}),
        left_out=left_out,
        models=tuple(
            _model(name, analysed.of_model(main, name), points, margin, np.random.default_rng(seed))
            for name in names
        ),
        points=points,
        timing=timing(columns),
        pairs=arms.compare(columns, names),
        correlations=measured.correlate(columns, names, distances or {}, seed),
        repeats=repeats.repeated(ratings, main),
        sensitivity=sensitivity.analyses(columns, names, ratings),
        images=each_image.images(columns),
        comparisons=comparisons.compare(paired),
    )


def _model(
    name: str, ratings: Sequence[Rating], points: int, margin: float, random: np.random.Generator
) -> ModelResult:
    by_reader: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        by_reader[rating.reader].append(rating)
    readers = tuple(_reader(reader, name, by_reader[reader]) for reader in sorted(by_reader))
    synthetic = [rating for rating in ratings if rating.truth == "synthetic"]
    real = [rating for rating in ratings if rating.truth == "real"]
    return ModelResult(
        model=name,
        readers=readers,
        averages={metric: _average(readers, metric) for metric in METRICS},
        fpr=crossed.crossed_mean(_table(synthetic, "real")),
        fnr=crossed.crossed_mean(_table(real, "synthetic")),
        likert=(_likert("real", real, points), _likert("synthetic", synthetic, points)),
        pooled=PooledTests(
            ttest_p=paper.t_test_p(_said_real(real), _said_real(synthetic)),
            likert_diff=paper.likert_difference(_likerts(real), _likerts(synthetic)),
            ks_p=paper.ks_p(_likerts(real), _likerts(synthetic)),
        ),
        discrimination=discrimination(real, synthetic, margin),
        agreement=(agreed("real", real, random), agreed("synthetic", synthetic, random)),
    )


def _reader(reader: str, model: str, ratings: Sequence[Rating]) -> ReaderResult:
    real = [rating for rating in ratings if rating.truth == "real"]
    synthetic = [rating for rating in ratings if rating.truth == "synthetic"]
    counts = detection.count(
        np.array([rating.truth == "real" for rating in ratings]),
        np.array([rating.answer == "real" for rating in ratings]),
    )
    p, test = detection.guessing_p(counts)
    return ReaderResult(
        reader=reader,
        model=model,
        counts=counts,
        metrics=detection.metrics(counts),
        guessing_p=p,
        guessing_test=test,
        ttest_p=paper.t_test_p(_said_real(real), _said_real(synthetic)),
        likert_diff=paper.likert_difference(_likerts(real), _likerts(synthetic)),
        ks_p=paper.ks_p(_likerts(real), _likerts(synthetic)),
        likert_real=paper.mean_sd(list(_likerts(real))),
        likert_synthetic=paper.mean_sd(list(_likerts(synthetic))),
        seconds=quartiles(np.array([rating.seconds for rating in ratings], np.float64)),
        sensitivity=detection.sensitivity(counts),
        likert_auc=likert_auc(ratings),
        roc=roc.curve(_likerts(synthetic), _likerts(real)),
    )


def rate(result: ReaderResult, metric: str) -> Rate:
    found: Proportion | NotEstimable = getattr(result.metrics, metric)
    return found


def _average(readers: Iterable[ReaderResult], metric: str) -> MeanSd:
    rates = (rate(reader, metric) for reader in readers)
    return paper.mean_sd([found.value for found in rates if isinstance(found, Proportion)])


def _table(ratings: Sequence[Rating], counted: str) -> Floats:
    """Readers × images: 1 where the answer is `counted`, 0 where it is the other, NaN where there is none."""
    readers = {reader: i for i, reader in enumerate(sorted({rating.reader for rating in ratings}))}
    # An image is known by its model too: two models may number their own images alike.
    images = {key: j for j, key in enumerate(sorted({(rating.model, rating.image) for rating in ratings}))}
    table = np.full((len(readers), len(images)), np.nan)
    for rating in ratings:
        table[readers[rating.reader], images[rating.model, rating.image]] = rating.answer == counted
    return table


def _likert(truth: str, ratings: Sequence[Rating], points: int) -> LikertByTruth:
    by_reader: dict[str, list[int]] = defaultdict(list)
    distribution = dict.fromkeys(range(1, points + 1), 0)
    for rating in ratings:
        if rating.likert is not None:
            by_reader[rating.reader].append(rating.likert)
            distribution[rating.likert] += 1
    return LikertByTruth(
        truth=truth,
        over_ratings=paper.mean_sd([float(value) for values in by_reader.values() for value in values]),
        over_readers=paper.mean_sd([float(np.mean(values)) for values in by_reader.values()]),
        distribution=distribution,
    )


def _said_real(ratings: Iterable[Rating]) -> Floats:
    return np.array([rating.answer == "real" for rating in ratings], dtype=np.float64)


def _likerts(ratings: Iterable[Rating]) -> Floats:
    return np.array([rating.likert for rating in ratings if rating.likert is not None], dtype=np.float64)
