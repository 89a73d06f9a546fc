"""The report's sentences: the headline, and why a figure is missing."""

from app.report import comparisons, printing
from app.report.build import METRICS, NAMES, ModelResult, Report, rate
from app.report.images import Group
from app.stats.crossed import CrossedMean
from app.stats.estimates import Interval, NotEstimable


def headlines(report: Report) -> list[str]:
    """What share of each model's synthetic images passed for real, and of the real ones for synthetic, said once each; of pairs, how often the real one was found."""
    if report.comparisons:
        return [comparisons.headline(compared) for compared in report.comparisons]
    fooled = [
        _sentence(model.fpr, f"synthetic images{f' of {model.model}' if model.model else ''}", "real")
        for model in report.models
    ]
    if len({model.fnr for model in report.models}) == 1:
        return [*fooled, _sentence(report.models[0].fnr, "real images", "synthetic")]
    return fooled + [
        _sentence(model.fnr, f"real images beside {model.model}", "synthetic") for model in report.models
    ]


def equivalences(report: Report) -> list[str]:
    """For each model whether equivalence to guessing is shown within the margin that the design fixed."""
    found = []
    for model in report.models:
        shown, of = model.discrimination.equivalence, f" for {model.model}" if model.model else ""
        margin = f"± {100 * shown.delta:g} points"
        if isinstance(shown.p, NotEstimable):
            found.append(f"Equivalence to guessing{of} cannot be tested: {shown.p.reason}.")
        else:
            said = "shown" if shown.p < 0.05 else "not shown"
            found.append(f"Equivalence to guessing{of} {said} at {margin}.")
    return found


def absences(model: ModelResult) -> list[str]:
    """Each reader's metrics that do not exist, with the reason."""
    return [
        f"{reader.reader}, {NAMES[metric]}: {reason}."
        for reader in model.readers
        for metric in METRICS
        if (reason := printing.reason(rate(reader, metric)))
    ]


def _sentence(found: CrossedMean, images: str, called: str) -> str:
    if isinstance(found.estimate, NotEstimable):
        return f"No {images} were answered."
    who = "The reader" if found.readers == 1 else "Readers"
    share = printing.percent(found.estimate, found.images)
    if not isinstance(found.interval, Interval):
        return f"{who} called {share} of {images} {called} ({size(found)}; no interval: {found.interval.reason})."
    bounds = printing.interval(found.interval, found.images)
    against = "" if isinstance(found.p_half, NotEstimable) else f"; against 50 %: p {_equals(found.p_half)}"
    return f"{who} called {share} of {images} {called} (95 % CI {bounds}, {size(found)}{against})."


def chance(model: ModelResult) -> str:
    """Whether readers were at chance: what the 90 % and 95 % intervals of balanced accuracy support at most."""
    found, accuracy = model.discrimination.equivalence, model.discrimination.balanced_accuracy
    margin = f"50 % ± {100 * found.delta:g} points"
    if isinstance(found.claim, NotEstimable) or isinstance(found.interval, NotEstimable):
        return f"Whether readers are at chance cannot be told: {printing.reason(found.claim)}."
    share, p = printing.percent(accuracy.estimate, 101), printing.p_value(found.p)
    return (
        f"Balanced accuracy {share} (90 % CI {printing.interval(found.interval, 101)}, margin {margin}, "
        f"p of equivalence {p}, BF01 {printing.fixed(found.bf01, 2)}): {found.claim}."
    )


def images_of(group: Group) -> str:
    """Synthetic images of a model, or real images."""
    return f"{group.truth.capitalize()} images{f' of {group.model}' if group.model else ''}"


def group_sentence(group: Group) -> str:
    """How many of a group's images no reader, or every reader, took for what they are not, and how many a test flags."""
    other = "real" if group.truth == "synthetic" else "synthetic"
    flagged = f"{group.below} below and {group.above} above guessing" if group.below + group.above else "none"
    return (
        f"Of {many(group.images, 'image')} {group.deceived_nobody} {_were(group.deceived_nobody)} called {other} by no reader, "
        f"{group.deceived_all} by every reader; flagged: {flagged}."
    )


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def size(found: CrossedMean) -> str:
    """7 readers × 50 images, and the number of answers where some are missing."""
    shape = f"{many(found.readers, 'reader')} × {many(found.images, 'image')}"
    return shape if found.answers == found.readers * found.images else f"{shape}, {found.answers} answers"


def _equals(p: float) -> str:
    printed = printing.p_value(p)
    return printed if printed[0] in "<>" else f"= {printed}"


def many(n: int, word: str) -> str:
    """1 reader, 2 readers."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
