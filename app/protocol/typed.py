"""A protocol as people type it into a form."""

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Any, cast, get_args

from app.errors import InvalidError
from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.protocol.practice import Practice
from app.protocol.questions import Kind, Question
from app.typed import whole_number

_FLAGS = (
    *("purpose_hidden", "disclose_ratio", "show_progress", "allow_undo"),
    *("fixed_presentation", "remarks", "display_check", "arm_blocks", "fresh_readers"),
)
_TEXTS = ("instructions", "answering", "question", "consent", "debrief")
_NUMBERS = {
    "real_from": "The point of the scale that counts as “real”",
    "exposure_ms": "The exposure limit in milliseconds",
    "block_size": "The number of images in a block",
    "repeats": "The number of repeated images",
    "repeat_lag": "The least distance of a repeat",
    "catch": "The number of degraded images",
    "anchors": "The number of anchors",
    "parts": "The number of parts",
    "parts_read": "The number of parts that each reader reads",
    "smallest_width": "The smallest width",
    "smallest_height": "The smallest height",
}
_PRACTICE = {
    "practice_real": "The number of real practice images",
    "practice_synthetic": "The number of synthetic practice images",
    "practice_pass_mark": "The pass mark of the practice",
}

_OF_PAIRS: dict[str, tuple[object, object]] = {
    "instructions": (wording.INSTRUCTIONS, wording.PAIR_INSTRUCTIONS),
    "question": (wording.LIKERT_QUESTION, wording.SURE_QUESTION),
    "likert_labels": (scale.LABELS, scale.SURE_LABELS),
}
"""What a form holds by itself, and what it means where pairs are compared."""


def protocol(typed: Mapping[str, Sequence[str]]) -> Protocol:
    """The protocol of a form's fields, each with its values; what is left empty is as by default. Raises InvalidError.

    A box that is not ticked is sent by no browser, so a flag that is missing is off.
    """
    given: dict[str, Any] = {name: _first(typed, name) in {"true", "on"} for name in _FLAGS}
    given |= {name: text for name in _TEXTS if (text := _first(typed, name)) or name == "instructions"}
    given |= {
        name: number for name, what in _NUMBERS.items() if (number := _number(typed, name, what)) is not None
    }
    if given.get("answering", "both") not in {"both", "likert", "pairs"}:
        raise InvalidError("Choose what readers are asked.")
    if typed.get("likert_labels") is not None:
        given["likert_labels"] = tuple(label.strip() for label in typed["likert_labels"])
    if given.get("answering") == "likert" and given["instructions"] == wording.INSTRUCTIONS:
        given["instructions"] = wording.LIKERT_INSTRUCTIONS
    if given.get("answering") == "pairs":
        given |= {
            name: words for name, (usual, words) in _OF_PAIRS.items() if given.get(name, usual) == usual
        }
    practice = [_number(typed, name, what) or 0 for name, what in _PRACTICE.items()]
    if text := _first(typed, "margin"):
        given["margin"] = margin(text)
    return Protocol(
        **given,
        cues=_words(_first(typed, "cues")),
        mends=tuple(typed.get("mends", ())),
        questions=tuple(_questions(typed)),
        practice=Practice(*practice),
    )


def _first(typed: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(typed.get(name) or ("",))).strip()


def _number(typed: Mapping[str, Sequence[str]], name: str, what: str) -> int | None:
    text = _first(typed, name)
    if not text:
        return None
    found = whole_number(text, 0, 10**6)
    if found is None:
        raise InvalidError(f"{what} is a whole number, not “{text[:40]}”.")
    return found


def margin(text: str) -> float:
    """The margin of equivalence, from percentage points to a fraction; raises InvalidError."""
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = nan
    if not isfinite(points):
        raise InvalidError(f"The margin of equivalence is a number of percentage points, not “{text[:40]}”.")
    return round(points / 100, 12)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _questions(typed: Mapping[str, Sequence[str]]) -> list[Question]:
    """One question for each row that has a text."""
    names = ("question_text", "question_kind", "question_choices", "question_required", "question_when")
    rows = zip(*(typed.get(name, ()) for name in names), strict=False)
    return [_question(*(cell.strip() for cell in row)) for row in rows if row[0].strip()]


def _question(text: str, kind: str, choices: str, required: str, when: str) -> Question:
    if kind not in get_args(Kind):
        raise InvalidError(f"Choose how the question “{text[:40]}” is answered.")
    return Question(
        text=text,
        kind=cast("Kind", kind),
        choices=_words(choices) if kind == "choice" else (),
        required=required == "required",
        after=when == "after",
    )
