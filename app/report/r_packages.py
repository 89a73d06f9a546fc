"""The answers as R's iMRMC, MRMCaov and RJafroc read them. Real is the positive class: its truth is 1.

Each model is a modality (treatment); a real image that all models share stands in each of them. A score is the Likert rating, and
the answer (1 real, 0 synthetic) in a table without ratings.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.report import analysed, comparisons
from app.report.cells import cell, table
from app.report.columns import Columns, of_model
from app.report.rows import Rating

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
TRUTH = "truth"  # iMRMC's word for the reader who knows
ONE_MODEL = "model"
NAMES = (
    "imrmc.csv",
    "imrmc_answers.csv",
    "mrmcaov.csv",
    "rjafroc_fp.csv",
    "rjafroc_key.csv",
    "rjafroc_tp.csv",
    "rjafroc_truth.csv",
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Names of readers, modalities and cases, the cases' truths, and n answers as places in them with answer and Likert rating."""

    readers: Sequence[str]
    modalities: Sequence[str]
    cases: Sequence[str]
    truth: Ints
    reader: Ints
    modality: Ints
    case: Ints
    answer: Floats
    likert: Floats

    @property
    def score(self) -> Floats:
        """Likert ratings, NaN where one is missing; the answers where all are."""
        return self.likert if np.isfinite(self.likert).any() else self.answer


def files(ratings: Sequence[Rating]) -> dict[str, str]:
    """Every file by its name; answers about pairs are in none of them. Raises InvalidError where rows contradict each other."""
    found = _table(comparisons.split(analysed.analysed(ratings)[0])[0])
    texts = (_imrmc(found, found.score), _imrmc(found, found.answer), _mrmcaov(found))
    return dict(zip(NAMES, (*texts, *_rjafroc(found)), strict=True))


def _table(main: Sequence[Rating]) -> Table:
    columns, names = Columns.of(main), analysed.models(main)
    parts = [of_model(columns, name) for name in names]
    modality = np.repeat(np.arange(len(parts)), [len(part.reader) for part in parts])
    one = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _NEEDED}
    return Table(
        _readers(columns.readers),
        [name or ONE_MODEL for name in names],
        _cases(columns.images),
        columns.image_is_real.astype(np.intp),
        one["reader"],
        modality,
        one["image"],
        one["said_real"],
        one["likert"],
    )


_NEEDED = ("reader", "image", "said_real", "likert")


def _readers(names: Sequence[str]) -> list[str]:
    """As they are, but nobody is called what iMRMC calls the truth."""
    other = TRUTH
    while other in (TRUTH, *names):
        other = f"reader {other}"
    return [other if name == TRUTH else name for name in names]


def _cases(images: Sequence[tuple[str, str]]) -> list[str]:
    """The images' names, with their models where two models number their own images alike."""
    alone = len({name for _, name in images}) == len(images)
    return [name if alone or not model else f"{model}/{name}" for model, name in images]


def _imrmc(found: Table, scores: Floats) -> str:
    known = (("truth", case, "truth", truth) for case, truth in zip(found.cases, found.truth, strict=True))
    return table(("readerID", "caseID", "modalityID", "score"), known) + _lines(
        scores,
        (_quoted(found.readers), found.reader),
        (_quoted(found.cases), found.case),
        (_quoted(found.modalities), found.modality),
        (None, scores),
    )


def _mrmcaov(found: Table) -> str:
    return table(("reader", "treatment", "case", "truth", "rating", "answer"), ()) + _lines(
        found.answer,
        (_quoted(found.readers), found.reader),
        (_quoted(found.modalities), found.modality),
        (_quoted(found.cases), found.case),
        (None, found.truth[found.case]),
        (None, found.likert),
        (None, found.answer),
    )


def _rjafroc(found: Table) -> tuple[str, str, str, str]:
    """The sheets FP and TP, the key of their numbers, and the sheet TRUTH, in the order of their files' names.

    RJafroc takes whole numbers for readers, modalities and cases; `key` says whose they are. A case of the positive class has one
    lesion, by which ROC studies are written in that format.
    """
    numbered = ((None, each + 1) for each in (found.reader, found.modality, found.case))
    reader, modality, case = numbered
    score = found.score
    false, true = (np.where(found.truth[found.case] == truth, score, np.nan) for truth in (0, 1))
    one_lesion = (None, np.ones(len(found.case)))
    columns = ("ReaderID", "ModalityID", "CaseID")
    return (
        table((*columns, "FP_Rating"), ()) + _lines(false, reader, modality, case, (None, score)),
        table(("column", "number", "name"), _key(found)),
        table((*columns, "LesionID", "TP_Rating"), ())
        + _lines(true, reader, modality, case, one_lesion, (None, score)),
        table(("CaseID", "LesionID", "Weight", "ReaderID", "ModalityID", "Paradigm"), _truths(found)),
    )


def _key(found: Table) -> Iterable[tuple[str, int, str]]:
    for column, names in (
        ("ReaderID", found.readers),
        ("ModalityID", found.modalities),
        ("CaseID", found.cases),
    ):
        yield from ((column, number, name) for number, name in enumerate(names, 1))


def _truths(found: Table) -> Iterable[tuple[object, ...]]:
    """A row for each case that has a score, with the readers and modalities that it was scored by; the paradigm in the first rows."""
    scored = np.isfinite(found.score)
    case = found.case[scored]
    by_readers, by_modalities = (_who(case, each[scored]) for each in (found.reader, found.modality))
    paradigm = iter(("ROC", "FCTRL"))
    for place in np.unique(case).tolist():
        yield place + 1, found.truth[place], 0, by_readers(place), by_modalities(place), next(paradigm, "")


def _who(case: Ints, scored_by: Ints) -> Callable[[int], str]:
    """The numbers of those who scored a case, such as `1, 2, 5`."""
    met = np.zeros((case.max(initial=0) + 1, scored_by.max(initial=0) + 1), np.bool_)
    met[case, scored_by] = True
    return lambda place: ", ".join(str(who + 1) for who in np.flatnonzero(met[place]).tolist())


def _quoted(names: Sequence[str]) -> list[str]:
    """Each name as a cell of a CSV file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\0").writerows([[cell(name)] for name in names])
    return out.getvalue().split("\0")[:-1]


def _lines(needed: Floats, *columns: tuple[Sequence[str] | None, Floats | Ints]) -> str:
    """A line for each answer of which `needed` is a number: names by their places, or the numbers themselves; NaN is empty.

    By columns, since a row at a time takes most of a large report's time.
    """
    kept = np.isfinite(needed)
    cells = [_cells(names, values[kept]) for names, values in columns]
    return "".join(f"{line}\r\n" for line in map(",".join, zip(*cells, strict=True)))


def _cells(names: Sequence[str] | None, values: Floats | Ints) -> list[str]:
    if names is None:
        numbers, values = np.unique(values, return_inverse=True)
        names = ["" if np.isnan(number) else f"{number:.0f}" for number in numbers]
    cells: list[str] = np.array(names, object)[values.astype(np.intp)].tolist()
    return cells
