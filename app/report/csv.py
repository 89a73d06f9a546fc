"""The report's CSV files. Fractions are unrounded, empty where they do not exist; text never starts a formula."""

from collections.abc import Iterable, Sequence

from app.report import comparisons, simulated
from app.report.build import METRICS, ModelResult, ReaderResult, Report, rate
from app.report.cells import table
from app.report.comparisons import Compared
from app.stats.crossed import CrossedMean
from app.stats.estimates import Interval, MeanSd, NotEstimable, Proportion, estimable
from app.stats.paper import mean_sd

PER_READER = (
    "reader",
    "model",
    "n_real",
    "n_synthetic",
    "tp",
    "fn",
    "fp",
    "tn",
    *METRICS,
    "ttest_p",
    "likert_diff",
    "ks_p",
)
SUMMARY = ("model", "metric", "readers", "mean", "sd", "estimate", "ci_low", "ci_high", "method")

TABLE_2 = ("model", "experiment", "readers", "simulated_readers", "fpr_mean", "fpr_sd", "fnr_mean", "fnr_sd")

IMAGES = (
    "model",
    "image",
    "truth",
    "readers",
    "wrong",
    "rate",
    "ci_low",
    "ci_high",
    "binomial_p",
    "bh_p",
    "flag",
)


def per_reader(report: Report) -> str:
    """per_reader.csv: a row for each reader and model."""
    return of_readers([reader for model in report.models for reader in model.readers], report.comparisons)


def of_readers(readers: Iterable[ReaderResult], compared: Iterable[Compared]) -> str:
    """The same of these results, where pairs were compared of those alone."""
    paired = [line for each in compared for line in comparisons.per_reader(each)]
    return table(
        PER_READER,
        paired
        or (
            (
                r.reader,
                r.model,
                r.counts.n_real,
                r.counts.n_synthetic,
                r.counts.tp,
                r.counts.fn,
                r.counts.fp,
                r.counts.tn,
                *(rate(r, metric) for metric in METRICS),
                r.ttest_p,
                r.likert_diff,
                r.ks_p,
            )
            for r in readers
        ),
    )


def summary(report: Report) -> str:
    """summary.csv: for each model and metric mean ± SD over readers, and the two-way estimate where there is one."""
    parts = (*map(_model, report.models), *map(_pairs, report.comparisons), _times(report))
    warning = simulated.label(report.n_simulated).lower()
    return table(SUMMARY, (_warned(line, warning) for lines in parts for line in lines))


def _warned(line: Iterable[object], warning: str) -> Iterable[object]:
    """The line with the warning at the end of its method."""
    if not warning:
        return line
    *values, method = line
    return [*values, f"{method}; {warning}" if method else warning]


def _pairs(compared: Compared) -> Iterable[Iterable[object]]:
    """Two-alternative trials: the share of right answers, d′, and how often the left place was chosen."""
    found, readers = compared.found, len(compared.readers)
    right = mean_sd([t.correct.value for t in found.readers if isinstance(t.correct, Proportion)])
    yield (compared.model, "proportion_correct", *_mean_sd(right), *_crossed(found.correct))
    low, high, method = None, None, None
    if isinstance(found.d_prime_interval, Interval):
        low, high, method = (
            found.d_prime_interval.low,
            found.d_prime_interval.high,
            found.d_prime_interval.method,
        )
    yield (compared.model, "d_prime", readers, None, None, found.d_prime, low, high, method)
    yield (compared.model, "left", readers, None, None, *_crossed(found.first))


def _times(report: Report) -> Iterable[Iterable[object]]:
    """Median seconds by truth; the quartiles stand in the method, since they are no confidence interval."""
    for each in report.timing.by_truth:
        found, readers = each.over_answers, each.over_readers.n
        method = f"median of {found.n} answers, quartiles {found.q1:g} and {found.q3:g}"
        yield (each.model, f"seconds_{each.truth}", readers, None, None, found.median, None, None, method)


def table_2(report: Report) -> str:
    """table2.csv: a row for each model, with columns of its own for each extractor's distance and numbers of images."""
    experiments = {line.model: line.experiment for each in report.correlations for line in each.table}
    if report.study:
        experiments = {arm.label: arm.experiment for arm in report.study.arms}
    measured = [
        (each.network.column, {line.model: line for line in each.table}) for each in report.correlations
    ]
    header = [
        *TABLE_2,
        *(f"{what}_{name}" for name, _ in measured for what in ("distance", "n_real", "n_synthetic")),
    ]
    return table(
        header,
        (
            (
                model.model,
                experiments.get(model.model),
                *_readers(model),
                *_mean_sd(model.averages["fpr"])[1:],
                *_mean_sd(model.averages["fnr"])[1:],
                *(
                    value
                    for _, lines in measured
                    for value in (
                        lines[model.model].distance,
                        lines[model.model].n_real,
                        lines[model.model].n_synthetic,
                    )
                ),
            )
            for model in report.models
        ),
    )


def _readers(model: ModelResult) -> tuple[int, int]:
    return model.averages["fpr"].n, simulated.count(reader.reader for reader in model.readers)


def images(report: Report) -> str:
    """images.csv: how many readers were wrong about each image, sorted, with Wilson's interval and the test against 1/2."""
    return table(
        IMAGES,
        (
            (
                each.model,
                each.image,
                each.truth,
                each.wrong.n,
                each.wrong.k,
                each.wrong.value,
                each.wrong.interval.low,
                each.wrong.interval.high,
                each.p,
                each.p_adjusted,
                each.flag,
            )
            for each in report.images
        ),
    )


def _model(model: ModelResult) -> Iterable[Iterable[object]]:
    for metric in METRICS:
        crossed = {"fpr": model.fpr, "fnr": model.fnr}.get(metric)
        yield (model.model, metric, *_mean_sd(model.averages[metric]), *_crossed(crossed))
    for likert in model.likert:
        name, over = f"likert_{likert.truth}", likert.over_readers
        yield (model.model, name, *_mean_sd(over), *_crossed(None))
        all_of_them = (over.n, likert.over_ratings.mean, likert.over_ratings.sd)
        method = f"mean ± SD over {likert.over_ratings.n} ratings"
        yield (model.model, f"{name}_all_ratings", *all_of_them, None, None, None, method)
    yield from _tests(model)
    yield from _discrimination(model)


def _tests(model: ModelResult) -> Iterable[Iterable[object]]:
    """The tests over all readers' answers; over the readers' own differences mean ± SD."""
    differences = mean_sd([r.likert_diff for r in model.readers if estimable(r.likert_diff)])
    n, pooled = len(model.readers), model.pooled
    yield (
        model.model,
        "likert_diff",
        *_mean_sd(differences),
        pooled.likert_diff,
        None,
        None,
        "mean ± SD over readers; estimate over all ratings, as in Woodland et al.",
    )
    for metric, p, test in (
        ("ttest_p", pooled.ttest_p, "Student's t test"),
        ("ks_p", pooled.ks_p, "Kolmogorov–Smirnov test"),
    ):
        method = f"{test} over all answers, as in Woodland et al."
        yield (model.model, metric, n, None, None, p, None, None, method)


def _discrimination(model: ModelResult) -> Iterable[Iterable[object]]:
    """AUC, balanced accuracy, equivalence with chance, sensitivity and agreement."""
    name, n, found = model.model, len(model.readers), model.discrimination
    aucs = mean_sd([r.likert_auc.estimate for r in model.readers if estimable(r.likert_auc.estimate)])
    yield (name, "likert_auc", *_mean_sd(aucs), found.likert_auc.estimate, *_bounds(found.likert_auc_logit))
    accuracy = found.balanced_accuracy
    yield (name, "balanced_accuracy", n, None, None, accuracy.estimate, *_bounds(accuracy.interval))
    margin = f"TOST of balanced accuracy within 1/2 ± {found.equivalence.delta:g}"
    yield (name, "equivalence_p", n, None, None, found.equivalence.p, None, None, margin)
    for metric in ("d_prime", "criterion"):
        each = [getattr(r.sensitivity, metric) for r in model.readers]
        yield (name, metric, *_mean_sd(mean_sd([v for v in each if estimable(v)])), *_crossed(None))
    for of_truth in model.agreement:
        for metric in ("ac1", "kappa", "alpha", "icc"):
            measured = getattr(of_truth, metric)
            bounds = _bounds(measured.interval)
            yield (name, f"{metric}_{of_truth.truth}", n, None, None, measured.value, *bounds)


def _bounds(found: Interval | NotEstimable) -> Iterable[object]:
    if isinstance(found, Interval):
        return found.low, found.high, found.method
    return None, None, f"no interval: {found.reason}"


def _mean_sd(found: MeanSd) -> Sequence[object]:
    return found.n, found.mean, found.sd


def _crossed(found: CrossedMean | None) -> Iterable[object]:
    if found is None:
        return None, None, None, "mean ± SD over readers"
    if isinstance(found.interval, Interval):
        return found.estimate, found.interval.low, found.interval.high, found.interval.method
    return found.estimate, None, None, f"no interval: {found.interval.reason}"
