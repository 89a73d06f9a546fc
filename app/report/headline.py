"""What the report says first: a sentence for each model, or of many models their range in a few sentences."""

from collections.abc import Callable, Iterator, Sequence

from app.report import printing, simulated, words
from app.report.build import ModelResult, Report
from app.stats.crossed import CrossedMean
from app.stats.estimates import Interval, estimable

MOST_MODELS = 4
MOST_NAMES = 4
LEVEL = 0.05


def many(report: Report) -> bool:
    """Whether there are more models than a page can tell of one by one."""
    return len(report.models) > MOST_MODELS


def sentences(report: Report) -> list[str]:
    """The headline: that readers are simulated, where they are; of up to four models each is told of, of more the range."""
    said = _of_many(report) if many(report) else [*words.headlines(report), *words.equivalences(report)]
    warning = simulated.sentence(report.n_simulated, report.n_readers)
    return [warning, *said] if warning else list(said)


def rates(report: Report) -> Iterator[tuple[str, CrossedMean]]:
    """Each model's FPR and FNR by name; what is the same real images answered by the same readers once."""
    one = len({model.fnr for model in report.models}) == 1
    for model in report.models:
        of = f": {model.model}" if model.model else ""
        yield f"FPR{of}", model.fpr
        if not one:
            yield f"FNR{of}", model.fnr
    if one and report.models:
        yield "FNR", report.models[0].fnr


def _of_many(report: Report) -> Iterator[str]:
    yield _range(report, "synthetic", "real", lambda model: model.fpr)
    if len({model.fnr for model in report.models}) == 1:
        yield words.headlines(report)[-1]
    else:
        yield _range(report, "real", "synthetic", lambda model: model.fnr)
    yield differing(report)
    yield _equivalences(report.models)


def _range(report: Report, truth: str, called: str, measure: Callable[[ModelResult], CrossedMean]) -> str:
    there = [
        (found.estimate, model.model, found)
        for model in report.models
        if estimable((found := measure(model)).estimate)
    ]
    if not there:
        return f"No {truth} images were answered."
    low, high = (choose(there, key=lambda each: each[0]) for choose in (min, max))
    return (
        f"Readers called between {_said(*low)} and {_said(*high)} of a model's {truth} images {called}: "
        f"{len(there)} models, {words.many(report.n_readers, 'reader')}."
    )


def _said(estimate: float, model: str, found: CrossedMean) -> str:
    share = printing.percent(estimate, found.images)
    bounds = found.interval
    told = f", 95 % CI {printing.interval(bounds, found.images)}" if isinstance(bounds, Interval) else ""
    return f"{share} ({model}{told})"


def differing(report: Report) -> str:
    """In how many pairs of models FPR differs."""
    ps = [pair.holm["fpr"] for pair in report.pairs]
    apart = sum(p < LEVEL for p in ps if estimable(p))
    return f"FPR differs in {apart} of {len(ps)} pairs of models (p below .05 by Holm over all pairs)."


def _equivalences(models: Sequence[ModelResult]) -> str:
    shown, not_shown, untold = [], 0, 0
    for model in models:
        p = model.discrimination.equivalence.p
        if not estimable(p):
            untold += 1
        elif p < LEVEL:
            shown.append(model.model)
        else:
            not_shown += 1
    names = f" ({', '.join(shown)})" if 0 < len(shown) <= MOST_NAMES else ""
    rest = f", cannot be tested for {untold}" if untold else ""
    margin = f"± {100 * models[0].discrimination.equivalence.delta:g} points"
    return f"Equivalence to guessing at {margin}: shown for {len(shown)} of {len(models)} models{names}, not shown for {not_shown}{rest}."
