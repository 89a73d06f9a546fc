"""Do readers agree with each other?"""

from app.report.build import ModelResult
from app.report.discrimination import Measured
from app.report.figures.canvas import INK, REAL, SYNTHETIC, Drawn, absent, counted, drawing, legend, whiskers
from app.stats.estimates import Interval, estimable

COEFFICIENTS = (("ac1", "AC1"), ("kappa", "Fleiss's κ"), ("alpha", "Krippendorff's α"), ("icc", "ICC(A,1)"))


def agreement(model: ModelResult) -> Drawn | None:
    """The coefficients with their bootstrap intervals, real and synthetic images apart."""
    measured = [
        (row + offset, colour, of_truth.truth, getattr(of_truth, name))
        for of_truth, offset, colour in zip(model.agreement, (-0.14, 0.14), (REAL, SYNTHETIC), strict=True)
        for row, (name, _) in enumerate(COEFFICIENTS)
    ]
    if not any(estimable(found.value) for _, _, _, found in measured):
        return None
    with drawing(2.6) as (axes, out):
        axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
        for truth, colour in (("real", REAL), ("synthetic", SYNTHETIC)):
            mine = [
                point for place, _, of, found in measured if of == truth and (point := _point(found, place))
            ]
            whiskers(axes, mine, colour, "o", f"{truth} images")
        for place, colour, _, found in measured:
            if not estimable(found.value):
                absent(axes, 0.04, place, colour)
        axes.set_yticks(range(len(COEFFICIENTS)), [label for _, label in COEFFICIENTS])
        axes.set_ylim(len(COEFFICIENTS) - 0.5, -0.5)
        axes.set_xlim(right=1.02)
        axes.set_xlabel("agreement (1: all alike, 0: as by chance)")
        legend(axes)
    return (
        (
            "Do readers agree? AC1 and κ of the answers, ordinal α and ICC of the Likert ratings, with 95 % bootstrap intervals "
            f"over images; {counted(len(model.readers), 'reader')}, {model.fnr.images} real and {model.fpr.images} synthetic images."
        ),
        out.getvalue(),
    )


def _point(found: Measured, place: float) -> tuple[float, float, float, float] | None:
    if not estimable(found.value):
        return None
    bounds = found.interval
    low, high = (bounds.low, bounds.high) if isinstance(bounds, Interval) else (found.value, found.value)
    return found.value, low, high, place
