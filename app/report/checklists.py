"""Reporting checklists: each item with what the stored study and the numbers say of it; all else is the author's to fill in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.report import headline, methods, reading, results, sensitivity
from app.report.build import Report
from app.report.cells import table
from app.report.checklist_items import ITEMS
from app.report.study import Study
from app.report.words import many

AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Filled:
    """An item; `text` is what the system knows of it, `author` where that is nothing."""

    checklist: str
    item: str
    about: str
    text: str


def filled(report: Report) -> list[Filled]:
    """Every item of the three checklists, in their order."""
    known = {name: _said(report, name) for _, _, _, name in ITEMS if name}
    return [
        Filled(checklist, item, about, known.get(name) or AUTHOR) for checklist, item, about, name in ITEMS
    ]


def csv(report: Report) -> str:
    """checklists.csv."""
    lines = ((each.checklist, each.item, each.about, each.text) for each in filled(report))
    return table(("checklist", "item", "about", "text"), lines)


def by_name(report: Report) -> list[tuple[str, list[Filled]]]:
    """The items of each checklist, for a page."""
    found = filled(report)
    return [
        (name, [f for f in found if f.checklist == name])
        for name in dict.fromkeys(f.checklist for f in found)
    ]


def _said(report: Report, name: str) -> str:
    if name in _OF_NUMBERS:
        return _OF_NUMBERS[name](report)
    return _OF_STUDY[name](report.study) if report.study else ""


def _drawn(study: Study) -> str:
    return next(reading.images(study)) + " How readers were found is for the author to say."


def _planned(study: Study) -> str:
    return f"Images and protocol were fixed on {study.frozen}, before the answers; the images themselves existed by then."


def _dates(study: Study) -> str:
    return f"The reading was open from {study.opened} to {study.closed}. Places are for the author to say."


def _independent(_study: Study) -> str:
    return "Each reader used a personal link and saw no answer of another; who sat beside them is for the author to say."


_OF_STUDY: Mapping[str, Callable[[Study], str]] = {
    "planned": _planned,
    "dates": _dates,
    "drawn": _drawn,
    "independent": _independent,
    "reading": lambda study: " ".join(
        (*reading.task(study.protocol), *reading.order(study), *reading.looking(study.protocol))
    ),
    "blinding": lambda study: " ".join(reading.blinding(study)),
    "process": lambda study: " ".join(
        (*reading.task(study.protocol), *reading.blinding(study), *reading.around(study))
    ),
    "origin": lambda _: (
        "An image is real where it was imported, synthetic where a registered generator drew it; the program stored which."
    ),
    "standard": lambda _: (
        "The origin of each image is known with certainty, because the program made or imported it."
    ),
    "positive_origin": lambda _: "An imported image is real; a sampled one is synthetic.",
    "standard_blind": lambda study: (
        f"Origins were stored before the reading; a commitment to them was frozen on {study.frozen}."
    ),
    "standard_time": lambda _: "Does not apply: an image’s origin does not change.",
    "unclear": lambda _: "Does not apply: no answer but the offered ones could be given.",
    "preparation": lambda study: f"Real images: {study.preparation}. All: {study.size}.",
    "deidentified": lambda _: (
        "Of imported files only pixels and a short list of facts were kept; writing in the pixels was looked for."
    ),
    "sampling": lambda study: (
        " ".join(f"{arm.label}: sampled with {arm.sampling}." for arm in study.arms)
        + " Architecture and training are for the author to say."
    ),
    "protocol": lambda _: "manifest.json holds protocol, wording and image hashes.",
    "positive": lambda study: (
        "“Real” is positive."
        + (
            f" A rating of {study.protocol.real_from} or more counts as “real”, fixed before the reading."
            if study.protocol.answering == "likert"
            else ""
        )
    ),
    "turnout": results.turnout,
}


ANALYSIS = (
    "The drafted methods (methods.md) name every estimate, interval and test, what was adjusted for how many, "
    "and what was done where answers are missing."
)


def _missing(report: Report) -> str:
    if not report.n_ratings:
        return ""
    found = [c.found.correct for c in report.comparisons] or [
        f for m in report.models for f in (m.fpr, m.fnr)
    ]
    if all(one.answers == one.readers * one.images for one in found):
        return "Every reader who was analysed answered every image."
    return "Some readers did not answer every image; all answers that there are were analysed."


def _sensitivity(report: Report) -> str:
    done = dict.fromkeys(each.name for each in report.sensitivity if each.answers)
    other = [name for name in done if name != sensitivity.PRIMARY]
    return f"FPR and FNR are given again for parts of the answers: {'; '.join(other)}." if other else ""


def _crossed(report: Report) -> str:
    if not report.n_ratings or report.comparisons:
        return ""
    return "per_reader.csv gives TP, FN, FP and TN of each reader and model."


def _agreement(report: Report) -> str:
    said = [sentence for model in report.models for sentence in results.agreement(model)]
    return " ".join((*said, *results.again(report)))


def _failures(report: Report) -> str:
    return "images.csv tells how many readers were wrong about each image." if report.images else ""


def _numbers(report: Report) -> str:
    if not report.n_ratings:
        return ""
    again = f"; {many(report.repeats[-1].pairs, 'answer')} to images shown again" if report.repeats else ""
    return f"{many(report.n_readers, 'reader')}, {many(report.n_ratings, 'answer')}{again}."


_OF_NUMBERS: Mapping[str, Callable[[Report], str]] = {
    "analysis": lambda report: ANALYSIS if any(methods.analysis(report)) else "",
    "missing": _missing,
    "sensitivity": _sensitivity,
    "crossed": _crossed,
    "estimates": lambda report: " ".join(headline.sentences(report)) if report.n_ratings else "",
    "agreement": _agreement,
    "failures": _failures,
    "numbers": _numbers,
    "software": lambda report: (
        methods.software(report) + " What the generator was made and trained with is for the author to say."
    ),
    "details": lambda report: (
        "Answers, readers and images stand in the CSV files beside this report." if report.n_ratings else ""
    ),
}
