"""The headline in words."""

from app.report import printing
from app.report.build import ModelResult, Report
from app.stats.crossed import CrossedMean
from app.stats.estimates import Interval, NotEstimable


def headlines(report: Report) -> list[str]:
    """One sentence a model and rate: what share of synthetic images passed for real, and of real ones for synthetic."""
    return [sentence for model in report.models for sentence in _model(model)]


def _model(model: ModelResult) -> list[str]:
    of = f" of {model.model}" if model.model else ""
    return [
        _sentence(model.fpr, f"synthetic images{of}", "real"),
        _sentence(model.fnr, "real images", "synthetic"),
    ]


def _sentence(found: CrossedMean, images: str, called: str) -> str:
    if isinstance(found.estimate, NotEstimable):
        return f"No {images} were answered."
    share = printing.percent(found.estimate, found.answers)
    size = f"{_many(found.readers, 'reader')} × {_many(found.images, 'image')}"
    if not isinstance(found.interval, Interval):
        return f"Readers called {share} of {images} {called} ({size}; no interval: {found.interval.reason})."
    bounds = printing.interval(found.interval, found.answers)
    against = "" if isinstance(found.p_half, NotEstimable) else f"; against 50 %: p {_equals(found.p_half)}"
    return f"Readers called {share} of {images} {called} (95 % CI {bounds}, {size}{against})."


def _equals(p: float) -> str:
    printed = printing.p_value(p)
    return printed if printed[0] in "<>" else f"= {printed}"


def _many(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
