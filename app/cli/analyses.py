"""Commands that compute and print: the readers' scores analysed, a study planned."""

import json
from pathlib import Path

from app.report import mrmc as printed
from app.report import plans, scores
from app.report.plans import Assumed
from app.stats.mrmc import one_shot


def mrmc(file: Path, *, as_json: bool, centred: bool) -> None:
    """Analyse a CSV file of scores over readers and images; raises InvalidError with a sentence."""
    given = scores.read(file)
    found = one_shot(given.synthetic, given.real, centred=centred)
    if as_json:
        print(json.dumps(printed.data(given, found), indent=2, ensure_ascii=False, allow_nan=False))
        return
    for line in printed.lines(given, found, centred=centred):
        print(line)


def plan(readers: int, images: int, rate: float, reader_sd: float, image_sd: float, delta: float) -> None:
    """Say what so many readers and synthetic images can show; raises InvalidError where the SDs have no room."""
    for sentence in plans.sentences(readers, images, Assumed(rate, reader_sd, image_sd), delta):
        print(sentence)
