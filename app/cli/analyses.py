"""Commands that compute and print: the readers' scores analysed, a study planned."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.report import mrmc as printed
from app.report import plans, reproduction, scores
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


def reproduce() -> None:
    """The study's published results beside ours from the same figures, as a table."""
    table = Table(
        "Table", "Result", "Published", "Computed", "", title=reproduction.STUDY, title_justify="left"
    )
    for line in reproduction.lines():
        verdict = {True: "the same", False: "NOT THE SAME", None: line.why}[line.same]
        table.add_row(line.table, line.what, line.published or "–", line.computed or "–", verdict)
    Console(soft_wrap=False).print(table)
    print("FID " + ", ".join(f"{fid:.2f}" for fid in reproduction.FIDS), end="; ")
    print("FPR " + ", ".join(f"{fpr:.0f} %" for fpr in reproduction.FPRS) + " (Table 2).")
    print("Four models are few: no correlation over so few says more than that it is worth another study.")


def plan(readers: int, images: int, rate: float, reader_sd: float, image_sd: float, delta: float) -> None:
    """Say what so many readers and synthetic images can show; raises InvalidError where the SDs have no room."""
    for sentence in plans.sentences(readers, images, Assumed(rate, reader_sd, image_sd), delta):
        print(sentence)
