"""Commands that compute and print: the readers' scores analysed, a study planned."""

import json
from pathlib import Path

from app.errors import InvalidError
from app.report import mrmc as printed
from app.report import scores
from app.stats import planning
from app.stats.estimates import NotEstimable
from app.stats.mrmc import one_shot


def mrmc(file: Path, *, as_json: bool) -> None:
    """Analyse a CSV file of scores over readers and images; raises InvalidError with a sentence."""
    given = scores.read(file)
    found = one_shot(given.synthetic, given.real)
    if as_json:
        print(json.dumps(printed.data(given, found), indent=2, ensure_ascii=False, allow_nan=False))
        return
    for line in printed.lines(given, found):
        print(line)


def plan(readers: int, images: int, rate: float, reader_sd: float, image_sd: float, delta: float) -> None:
    """Say what so many readers and synthetic images can show; raises InvalidError where the SDs have no room."""
    try:
        planned = planning.plan(readers, images, rate, reader_sd, image_sd)
    except ValueError as error:
        raise InvalidError(
            f"A rate of {rate:g} leaves no room for a reader SD of {reader_sd:g} and an image SD of {image_sd:g}."
        ) from error
    half = planned.half_width
    expected = (
        f"no interval: {half.reason}"
        if isinstance(half, NotEstimable)
        else f"95 % interval ± {100 * half:.1f} points"
    )
    print(f"{readers} readers × {images} synthetic images, mean FPR {100 * rate:g} %: {expected}.")
    print(planning.strongest_claim(planned, delta))
    if not isinstance(half, NotEstimable):
        print(_better(planned, rate, reader_sd, image_sd))


def _better(planned: planning.Plan, rate: float, reader_sd: float, image_sd: float) -> str:
    """What twice the readers or twice the images would bring."""
    widths = [
        planning.plan(readers, images, rate, reader_sd, image_sd).half_width
        for readers, images in ((2 * planned.readers, planned.images), (planned.readers, 2 * planned.images))
    ]
    more = [f"± {100 * width:.1f}" for width in widths if not isinstance(width, NotEstimable)]
    return f"Twice the readers: {more[0]} points. Twice the images: {more[1]} points."
