"""The methods paragraph: how images were chosen and read as the study's design says, and the analysis that was really made."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from app.report import reading
from app.report.build import ModelResult, Report
from app.report.discrimination import DRAWS
from app.stats.crossed import CrossedMean
from app.stats.estimates import Interval, estimable
from app.stats.mrmc import CENTRED

UNKNOWN = (
    "[Author: where the images come from and how they were chosen, how readers saw and rated them, and what they were told; "
    "the analysed table does not say.]"
)
TO_ADD = (
    "[Author: source of the real images and ethics approval, training of the generator, readers’ speciality and experience, "
    "how the number of readers and images was chosen.]"
)


def design(report: Report) -> list[str]:
    """Images, task, blinding and course of the reading, or that a table alone is known."""
    study = report.study
    if study is None:
        return [UNKNOWN]
    protocol = study.protocol
    parts = (
        reading.images(study),
        reading.task(protocol),
        reading.order(study),
        reading.blinding(study),
        reading.looking(protocol),
        reading.around(study),
    )
    return [*(sentence for part in parts for sentence in part), TO_ADD]


def analysis(report: Report) -> list[str]:
    """The methods behind the numbers that this report has, and no others."""
    found = (
        _pairs(report) if report.comparisons else _rates(report) if report.models and report.n_ratings else ()
    )
    return [*found, *_besides(report)]


def _pairs(report: Report) -> Iterator[str]:
    yield "Each reader’s share of pairs in which the real image was found has Wilson’s 95 % interval; d′ is √2·z of that share."
    yield from _intervals([("share", each.found.correct) for each in report.comparisons], "pairs")


def _rates(report: Report) -> Iterator[str]:
    yield (
        "“Real” is the positive class: FPR is the share of synthetic images called real, FNR the share of real images called synthetic. "
        "Each reader’s rates have Wilson’s 95 % interval."
    )
    headline = [each for model in report.models for each in (("FPR", model.fpr), ("FNR", model.fnr))]
    yield from _intervals(headline, "images")
    yield from _discrimination(report)
    yield from _agreement(report.models)
    if report.pairs:
        n = len(report.pairs)
        how = (
            f"Models were compared two by two ({n} comparisons)" if n > 1 else "The two models were compared"
        )
        yield (
            f"{how}: differences of AUC and balanced accuracy by the one-shot analysis, of mean FPR by the readers’ own "
            f"differences{', p values by Holm over all comparisons' if n > 1 else ''}."
        )
    if report.correlations:
        yield "Distances of models were correlated with their mean FPR (Pearson’s r; Spearman’s ρ with the exact permutation p)."
    yield (
        "For each image the number of readers who were wrong was tested against one half (exact binomial test, Benjamini–Hochberg "
        "over the images of a model and kind)."
    )


def _intervals(headline: Sequence[tuple[str, CrossedMean]], images: str) -> Iterator[str]:
    """The methods of the headline's intervals, each once."""
    known = [
        (name, found.interval.method) for name, found in headline if isinstance(found.interval, Interval)
    ]
    methods = {method for _, method in known}
    two_way = dict.fromkeys(name for name, method in known if method.startswith("two-way"))
    if two_way:
        gaps = "; variance components by Henderson’s method I where answers are missing"
        yield (
            f"The 95 % interval of mean {' and '.join(two_way)} over readers and {images} comes from a two-way random-effects model in which readers and {images} are "
            "crossed (t interval on the logit scale, Satterthwaite’s degrees of freedom"
            f"{gaps if any('gaps' in method for method in methods) else ''})."
        )
    if any("residual variance alone" in method for method in methods):
        yield "Where the estimated variance was not positive, the residual variance alone stands in."
    if any("independent answers" in method for method in methods):
        yield "No interval is shorter than that of independent answers."
    if any("effective number" in method for method in methods):
        yield f"Where all answers were alike, the interval is Wilson’s on the effective number of {images}."
    if any("this reader only" in method for method in methods):
        yield "With one reader the interval is Wilson’s and speaks of this reader only."


def _discrimination(report: Report) -> Iterator[str]:
    found = [model.discrimination for model in report.models]
    what = [
        name
        for name, there in (
            ("the AUC of the Likert ratings", any(isinstance(d.likert_auc_logit, Interval) for d in found)),
            (
                "balanced accuracy",
                any(isinstance(d.balanced_accuracy.interval, Interval) for d in found),
            ),
        )
        if there
    ]
    if what:
        yield f"Over readers and images, {' and '.join(what)} {'were' if len(what) == 2 else 'was'} analysed by Gallas’s one-shot U-statistics."
    if any(d.balanced_accuracy.method.endswith(CENTRED) for d in found):
        yield "As answers are missing, their moments are taken about the mean of the readers’ AUCs."
    tested = [d.equivalence for d in found if estimable(d.equivalence.p)]
    if tested:
        fixed = "; a margin fixed in the protocol before the reading" if report.study else ""
        yield (
            "Readers count as equivalent to guessing where the 90 % interval of balanced accuracy lies within "
            f"50 % ± {100 * tested[0].delta:g} points (two one-sided tests{fixed})."
        )


def _agreement(models: Iterable[ModelResult]) -> Iterator[str]:
    found = [each for model in models for each in model.agreement]
    names = [
        name
        for key, name in (
            ("ac1", "Gwet’s AC1"),
            ("kappa", "Fleiss’ κ"),
            ("alpha", "Krippendorff’s ordinal α of the ratings"),
            ("icc", "ICC(A,1) of the ratings"),
        )
        if any(estimable(getattr(each, key).value) for each in found)
    ]
    if names:
        yield (
            f"Readers’ agreement is given for real and synthetic images apart, where it exists, as {', '.join(names)}, with bootstrap intervals "
            f"over images ({DRAWS} draws)."
        )


def _besides(report: Report) -> Iterator[str]:
    if report.repeats:
        yield "Where an image was shown again, the first answer is analysed, and the later ones tell how readers agree with themselves."
    if report.left_out:
        left = ", ".join(f"{count} ({kind})" for kind, count in report.left_out.items())
        yield f"Not analysed were answers to other items: {left}."
    yield software(report)


def software(report: Report) -> str:
    """The program and the version of its analysis."""
    return f"Analyses were made with Blindread {version('blindread')} (analysis version {report.version})."
