"""What a design can show before anybody is invited, in sentences and as a table: the planner of page and command line."""

from dataclasses import dataclass

from app.errors import InvalidError
from app.report import printing
from app.stats import planning
from app.stats.estimates import NotEstimable, Number

PANELS = (3, 5, 7, 10, 15, 20, 30)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a plan assumes: mean FPR, the SD of readers and that of images, and which share of the images each reader reads, as fractions.

    With `pairs` images are seen in pairs side by side, and the rate is the share of pairs in which the real one is found.
    """

    rate: float = 0.5
    reader_sd: float = 0.15
    image_sd: float = 0.15
    read: float = 1.0
    pairs: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """So many readers: half-widths of the 95 % intervals of mean FPR (of pairs: of the share found) and FNR, in points, and whether equivalence is within reach."""

    readers: int
    chosen: bool
    fpr: str
    fnr: str
    equivalence: bool


def planned(readers: int, images: int, assumed: Assumed) -> planning.Plan:
    """The plan; raises InvalidError where the SDs have no room beside the rate."""
    try:
        return planning.plan(readers, images, assumed.rate, assumed.reader_sd, assumed.image_sd, assumed.read)
    except ValueError as error:
        raise InvalidError(
            f"A rate of {assumed.rate:g} leaves no room for a reader SD of {assumed.reader_sd:g} and an image SD of {assumed.image_sd:g}."
        ) from error


def sentences(readers: int, images: int, assumed: Assumed, delta: float) -> list[str]:
    """What so many readers and synthetic images (or pairs) can show; the second sentence is the strongest claim."""
    found = planned(readers, images, assumed)
    half = found.half_width
    if isinstance(half, NotEstimable):
        expected = f"no interval: {half.reason}"
    else:
        expected = f"95 % interval {_points(half)} points"
    of = "" if assumed.read == 1 else f", each reader {round(assumed.read * images)} of them"
    seen, rate = ("pairs", "mean share found") if assumed.pairs else ("synthetic images", "mean FPR")
    said = [
        f"{readers} readers × {images} {seen}{of}, {rate} {100 * assumed.rate:g} %: {expected}.",
        planning.strongest_claim(found, delta, pairs=assumed.pairs),
    ]
    if not isinstance(half, NotEstimable):
        more = [planned(*size, assumed).half_width for size in ((2 * readers, images), (readers, 2 * images))]
        said.append(
            f"Twice the readers: {_points(more[0])} points. Twice the {'pairs' if assumed.pairs else 'images'}: {_points(more[1])} points."
        )
    return said


def panels(readers: int, n_real: int, n_synthetic: int, assumed: Assumed, delta: float) -> list[Panel]:
    """The same images with other numbers of readers, and with the chosen one."""
    return [
        _panel(number, number == readers, n_real, n_synthetic, assumed, delta)
        for number in sorted({*PANELS, readers})
    ]


def _panel(
    readers: int, chosen: bool, n_real: int, n_synthetic: int, assumed: Assumed, delta: float
) -> Panel:
    fooled, missed = planned(readers, n_synthetic, assumed), planned(readers, n_real, assumed)
    within = fooled.half_width_90
    reached = not isinstance(within, NotEstimable) and within < delta
    return Panel(readers, chosen, _points(fooled.half_width), _points(missed.half_width), reached)


def _points(half_width: Number) -> str:
    return printing.NA if isinstance(half_width, NotEstimable) else f"± {100 * half_width:.1f}"
