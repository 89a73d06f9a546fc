"""The results paragraph: the report's numbers in sentences; a number that does not exist is left out, or said with its reason."""

from collections.abc import Iterator, Sequence

from app.report import headline, printing
from app.report.build import ModelResult, ReaderResult, Report
from app.report.study import Study
from app.report.words import many
from app.stats.estimates import Interval, NotEstimable, Proportion, estimable
from app.stats.spread import Quartiles

_IN_TABLES = ("Each model’s numbers stand in the tables.",)


def paragraph(report: Report) -> list[str]:
    """Who took part, the headline, readers, ratings, agreement, time, models against each other."""
    came = [turnout(report.study)] if report.study else []
    if not report.n_ratings:
        return [*came, "No answer was analysed."]
    parts = (
        came,
        _size(report),
        headline.sentences(report),
        *([_IN_TABLES] if headline.many(report) else map(_model, report.models)),
        _time(report),
        _arms(report),
        again(report),
    )
    return [sentence for part in parts for sentence in part]


def turnout(study: Study) -> str:
    """How many readers were invited, began, finished, and why some are not analysed."""
    found = study.turnout
    besides = [
        f"{number} {what}"
        for number, what in ((found.declined, "did not consent"), (found.withdrew, "withdrew their answers"))
        if number
    ]
    return (
        f"Of {many(found.invited, 'invited reader')} {found.started} began to read and {found.finished} finished"
        f"{''.join(f'; {each}' for each in besides)}."
    )


def _size(report: Report) -> Iterator[str]:
    yield f"{many(report.n_ratings, 'answer')} of {many(report.n_readers, 'reader')} {'was' if report.n_ratings == 1 else 'were'} analysed."


def _model(model: ModelResult) -> Iterator[str]:
    of = _of(model)
    yield from _accuracies(model.readers, of)
    yield from _ratings(model, of)
    yield from _auc(model, of)
    yield from agreement(model)


def _of(model: ModelResult) -> str:
    return f" ({model.model})" if model.model else ""


def _accuracies(readers: Sequence[ReaderResult], of: str) -> Iterator[str]:
    found = [r.metrics.accuracy for r in readers if isinstance(r.metrics.accuracy, Proportion)]
    least, most = (pick(found, key=lambda rate: rate.value) for pick in (min, max))
    if len(found) == 1:
        yield f"The reader’s accuracy was {printing.counted(least)}{of}."
    elif least.value == most.value:
        yield f"Every reader’s accuracy was {printing.percent(least.value, least.n)}{of}."
    else:
        yield f"Readers’ accuracy ranged from {printing.counted(least)} to {printing.counted(most)}{of}."


def _ratings(model: ModelResult, of: str) -> Iterator[str]:
    rated = {likert.truth: likert.over_readers for likert in model.likert if likert.over_readers.n}
    if rated:
        each = " and ".join(f"{printing.mean_sd(found)} for {truth} images" for truth, found in rated.items())
        spread = " ± SD" if any(estimable(found.sd) for found in rated.values()) else ""
        over = "the reader’s ratings" if len(model.readers) == 1 else "readers’ mean ratings"
        yield f"The mean{spread} of {over} was {each}{of}."


def _auc(model: ModelResult, of: str) -> Iterator[str]:
    found, logit = model.discrimination.likert_auc, model.discrimination.likert_auc_logit
    if not estimable(found.estimate):
        return
    bounds = (
        f"95 % CI {printing.bounds(logit, 3)}"
        if isinstance(logit, Interval)
        else f"no interval: {logit.reason}"
    )
    yield f"The AUC of the ratings was {printing.fixed(found.estimate, 3)} ({bounds}){of}."


def agreement(model: ModelResult) -> Iterator[str]:
    """How far readers agreed, real and synthetic images apart."""
    known = [
        f"{printing.fixed(each.ac1.value, 2)} for {each.truth} images"
        + (
            f" (95 % CI {printing.bounds(each.ac1.interval, 2)})"
            if isinstance(each.ac1.interval, Interval)
            else ""
        )
        for each in model.agreement
        if estimable(each.ac1.value)
    ]
    if known:
        yield f"Agreement between readers (AC1) was {' and '.join(known)}{_of(model)}."


def _time(report: Report) -> Iterator[str]:
    for each in report.timing.by_truth:
        of = f" of {each.model}" if each.model else ""
        yield f"The median time for {each.truth} images{of} was {_seconds(each.over_answers)}."


def _seconds(found: Quartiles) -> str:
    low, high = printing.fixed(found.q1, 1), printing.fixed(found.q3, 1)
    return f"{printing.fixed(found.median, 1)} s (quartiles {low} and {high} s)"


def _arms(report: Report) -> Iterator[str]:
    """Each pair's difference; of many models the headline has said it."""
    known = () if headline.many(report) else report.pairs
    p = "p by Holm" if len(report.pairs) > 1 else "p"
    for pair in (pair for pair in known if estimable(pair.fpr.estimate)):
        tested = f", {p} {printing.p_value(pair.holm['fpr'])}" if estimable(pair.holm["fpr"]) else ""
        yield (
            f"Mean FPR of {pair.first} minus {pair.second} was {printing.points(pair.fpr.estimate)} points "
            f"({_bounds(pair.fpr.interval)}{tested})."
        )


def _bounds(found: Interval | NotEstimable) -> str:
    if isinstance(found, NotEstimable):
        return f"no interval: {found.reason}"
    return f"95 % CI {printing.point_bounds(found)}"


def again(report: Report) -> Iterator[str]:
    """Whether readers said the same when an image came again."""
    if report.repeats:
        everybody = report.repeats[-1]
        yield (
            f"Of {many(everybody.pairs, 'answer')} to images shown again {printing.percent(everybody.same, everybody.pairs)} "
            f"{'was' if everybody.pairs == 1 else 'were'} the same as the first."
        )
