"""The answers as R's iMRMC, MRMCaov and RJafroc read them. Real is the positive class: its truth is 1.

Each model is a modality (treatment); a real image that all models share stands in each of them. A score is the Likert rating, and
the answer (1 real, 0 synthetic) in a table without ratings.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from app.report.answers import Answers
from app.report.cells import cell, table
from app.report.columns import UNNAMED, Columns, of_model

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


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """Of each answer the names as cells."""

    reader: list[str]
    modality: list[str]
    case: list[str]


def files(answers: Answers) -> dict[str, str]:
    """Every file by its name; answers about pairs are in none of them."""
    found = _table(answers.columns, answers.models or (UNNAMED,))
    named = _Named(
        _by_place(_quoted(found.readers), found.reader),
        _by_place(_quoted(found.modalities), found.modality),
        _by_place(_quoted(found.cases), found.case),
    )
    texts = (_imrmc(found, named, found.score), _imrmc(found, named, found.answer), _mrmcaov(found, named))
    return dict(zip(NAMES, (*texts, *_rjafroc(found)), strict=True))


def _table(columns: Columns, names: Sequence[str]) -> Table:
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


def _imrmc(found: Table, named: _Named, scores: Floats) -> str:
    known = (("truth", case, "truth", truth) for case, truth in zip(found.cases, found.truth, strict=True))
    return table(("readerID", "caseID", "modalityID", "score"), known) + _lines(
        scores, named.reader, named.case, named.modality, _numbers(scores)
    )


def _mrmcaov(found: Table, named: _Named) -> str:
    numbers = (_numbers(each) for each in (found.truth[found.case], found.likert, found.answer))
    return table(("reader", "treatment", "case", "truth", "rating", "answer"), ()) + _lines(
        found.answer, named.reader, named.modality, named.case, *numbers
    )


def _rjafroc(found: Table) -> tuple[str, str, str, str]:
    """The sheets FP and TP, the key of their numbers, and the sheet TRUTH, in the order of their files' names.

    RJafroc takes whole numbers for readers, modalities and cases; `key` says whose they are. A case of the positive class has one
    lesion, by which ROC studies are written in that format.
    """
    numbered = [_numbers(each + 1) for each in (found.reader, found.modality, found.case)]
    score = found.score
    false, true = (np.where(found.truth[found.case] == truth, score, np.nan) for truth in (0, 1))
    one_lesion, scores = ["1"] * len(found.case), _numbers(score)
    columns = ("ReaderID", "ModalityID", "CaseID")
    return (
        table((*columns, "FP_Rating"), ()) + _lines(false, *numbered, scores),
        table(("column", "number", "name"), _key(found)),
        table((*columns, "LesionID", "TP_Rating"), ()) + _lines(true, *numbered, one_lesion, scores),
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


def _lines(needed: Floats, *columns: list[str]) -> str:
    """A line for each answer of which `needed` is a number. By columns, since a row at a time takes most of a large report's time."""
    kept = np.isfinite(needed).tolist()
    lines = map(",".join, zip(*columns, strict=True))
    return "".join(f"{line}\r\n" for line in (lines if all(kept) else compress(lines, kept)))


def _by_place(cells: Sequence[str], places: Ints) -> list[str]:
    found: list[str] = np.array(cells, object)[places].tolist()
    return found


def _numbers(values: Floats | Ints) -> list[str]:
    """Whole numbers as cells; NaN is empty."""
    numbers, places = np.unique(values, return_inverse=True)
    return _by_place(["" if np.isnan(number) else f"{number:.0f}" for number in numbers], places)
