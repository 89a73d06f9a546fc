"""Build the report: one pass from ratings to typed results, from which every file and page is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app import report
from app.report import arms, comparisons, repeats, sensitivity, simulated
from app.report import distances as measured
from app.report import images as each_image
from app.report.answers import Answers
from app.report.arms import Pair
from app.report.columns import Columns, of_model
from app.report.comparisons import Compared
from app.report.discrimination import DELTA, Agreement, Discrimination, agreed, discrimination, likert_auc
from app.report.distances import Correlated
from app.report.images import ImageResult
from app.report.measured import Distances
from app.report.repeats import Repeated
from app.report.rows import POINTS, Rating
from app.report.sensitivity import Analysis
from app.report.study import Study
from app.report.timing import Timing, timing
from app.stats import crossed, detection, paper, roc
from app.stats.crossed import CrossedMean
from app.stats.detection import Counts, Metrics, Rate, Sensitivity
from app.stats.estimates import MeanSd, NotEstimable, Number, Proportion
from app.stats.roc import Auc, Curve
from app.stats.spread import Quartiles, quartiles

NAMES = {"precision": "Precision", "recall": "Recall", "accuracy": "Accuracy", "fpr": "FPR", "fnr": "FNR"}
METRICS = tuple(NAMES)


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
    """Everything; `provenance` is what the figures rest on (session, manifest hash), `left_out` counts by kind.

    Of `n_readers` `n_simulated` are programs.
    """

    title: str
    version: str
    provenance: dict[str, str]
    n_ratings: int
    n_readers: int
    n_simulated: int
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
    study: Study | None = None


def build(
    ratings: Sequence[Rating] | Answers,
    *,
    title: str,
    provenance: Mapping[str, str],
    points: int = POINTS,
    margin: float = DELTA,
    distances: Distances | None = None,
    study: Study | None = None,
    seed: int = 0,
) -> Report:
    """The report of these ratings on a scale of 1 to `points`; `seed` draws for the bootstrap intervals.

    `margin` is the δ of equivalence with chance that the design fixed; `distances` are those of models by extractor, `study` what is stored of the study besides.

    Raises InvalidError where an image has two truths, an answer stands twice, or a row's model cannot be told.
    """
    answers = ratings if isinstance(ratings, Answers) else Answers.of(ratings)
    names, columns = answers.models, answers.columns
    rated = columns.likert[np.isfinite(columns.likert)]
    points = max(points, int(rated.max(initial=0)))
    readers = columns.readers or tuple({rating.reader for rating in answers.paired})
    models = tuple(
        _model(name, of_model(columns, name), points, margin, np.random.default_rng(seed)) for name in names
    )
    return Report(
        title=title,
        version=report.VERSION,
        provenance=dict(provenance),
        n_ratings=len(answers.main) + len(answers.paired),
        n_readers=len(readers),
        n_simulated=simulated.count(readers),
        left_out=answers.left_out,
        models=models,
        points=points,
        timing=timing(columns),
        pairs=arms.compare(columns, names),
        correlations=measured.correlate(
            columns,
            {model.model: model.averages for model in models},
            {arm.label: arm.experiment for arm in study.arms} if study else {},
            distances or {},
            seed,
        ),
        repeats=repeats.repeated(answers.ratings, answers.main),
        sensitivity=sensitivity.analyses(columns, names, answers.ratings),
        images=each_image.images(columns),
        comparisons=comparisons.compare(answers.paired),
        study=study,
    )


def of_readers(ratings: Sequence[Rating]) -> tuple[tuple[ReaderResult, ...], tuple[Compared, ...]]:
    """Each reader's own figures, those of pairs apart, without what is over readers and images: it takes milliseconds a reader."""
    answers = Answers.of(ratings)
    found = (_readers(name, of_model(answers.columns, name)) for name in answers.models)
    return tuple(reader for readers in found for reader in readers), comparisons.compare(answers.paired)


def _readers(model: str, columns: Columns) -> tuple[ReaderResult, ...]:
    return tuple(_reader(reader, model, mine) for reader, mine in columns.by_reader())


def _model(
    name: str, columns: Columns, points: int, margin: float, random: np.random.Generator
) -> ModelResult:
    readers = _readers(name, columns)
    real, synthetic = columns.likerts(real=True), columns.likerts(real=False)
    return ModelResult(
        model=name,
        readers=readers,
        averages={metric: _average(readers, metric) for metric in METRICS},
        fpr=crossed.crossed_mean(columns.table(real=False)),
        fnr=crossed.crossed_mean(1 - columns.table(real=True)),
        likert=(_likert(columns, points, real=True), _likert(columns, points, real=False)),
        pooled=PooledTests(
            ttest_p=paper.t_test_p(columns.said_real[columns.real], columns.said_real[~columns.real]),
            likert_diff=paper.likert_difference(real, synthetic),
            ks_p=paper.ks_p(real, synthetic),
        ),
        discrimination=discrimination(columns, margin),
        agreement=(agreed(columns, random, real=True), agreed(columns, random, real=False)),
    )


def _reader(reader: str, model: str, mine: Columns) -> ReaderResult:
    real, synthetic = mine.likerts(real=True), mine.likerts(real=False)
    counts = detection.count(mine.real, mine.said_real == 1)
    p, test = detection.guessing_p(counts)
    return ReaderResult(
        reader=reader,
        model=model,
        counts=counts,
        metrics=detection.metrics(counts),
        guessing_p=p,
        guessing_test=test,
        ttest_p=paper.t_test_p(mine.said_real[mine.real], mine.said_real[~mine.real]),
        likert_diff=paper.likert_difference(real, synthetic),
        ks_p=paper.ks_p(real, synthetic),
        likert_real=paper.mean_sd(real),
        likert_synthetic=paper.mean_sd(synthetic),
        seconds=quartiles(mine.seconds),
        sensitivity=detection.sensitivity(counts),
        likert_auc=likert_auc(mine),
        roc=roc.curve(synthetic, real),
    )


def rate(result: ReaderResult, metric: str) -> Rate:
    found: Proportion | NotEstimable = getattr(result.metrics, metric)
    return found


def _average(readers: Iterable[ReaderResult], metric: str) -> MeanSd:
    rates = (rate(reader, metric) for reader in readers)
    return paper.mean_sd([found.value for found in rates if isinstance(found, Proportion)])


def _likert(columns: Columns, points: int, *, real: bool) -> LikertByTruth:
    mine = columns.only((columns.real == real) & np.isfinite(columns.likert))
    number = np.bincount(mine.reader)
    rated = number > 0
    means = np.bincount(mine.reader, weights=mine.likert)[rated] / number[rated]
    chosen = np.bincount(mine.likert.astype(np.intp), minlength=points + 1)
    return LikertByTruth(
        truth="real" if real else "synthetic",
        over_ratings=paper.mean_sd(mine.likert),
        over_readers=paper.mean_sd(means),
        distribution={point: int(chosen[point]) for point in range(1, points + 1)},
    )
