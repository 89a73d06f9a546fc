"""A protocol as people type it into a form."""

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Any, cast, get_args

from app.errors import InvalidError
from app.protocol import listed, scale, wording
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

_BUILT_IN: dict[str, dict[str, object]] = {
    "both": {
        "instructions": wording.INSTRUCTIONS,
        "question": wording.LIKERT_QUESTION,
        "likert_labels": scale.LABELS,
    },
    "likert": {
        "instructions": wording.LIKERT_INSTRUCTIONS,
        "question": wording.LIKERT_QUESTION,
        "likert_labels": scale.LABELS,
    },
    "pairs": {
        "instructions": wording.PAIR_INSTRUCTIONS,
        "question": wording.SURE_QUESTION,
        "likert_labels": scale.SURE_LABELS,
    },
}
"""By what readers are asked: the wordings that come with it."""


def protocol(typed: Mapping[str, Sequence[str]]) -> Protocol:
    """The protocol of a form's fields, each with its values; what is left empty is as by default. Raises InvalidError.

    A box that is not ticked is sent by no browser, so a flag that is missing is off.
    """
    given: dict[str, Any] = {name: _first(typed, name) in {"true", "on"} for name in _FLAGS}
    given |= {name: text for name in _TEXTS if (text := _first(typed, name)) or name == "instructions"}
    given |= {
        name: number for name, what in _NUMBERS.items() if (number := _number(typed, name, what)) is not None
    }
    if given.get("answering", "both") not in _BUILT_IN:
        raise InvalidError("Choose what readers are asked.")
    if typed.get("likert_labels") is not None:
        given["likert_labels"] = tuple(label.strip() for label in typed["likert_labels"])
    given |= _wordings(given)
    practice = [_number(typed, name, what) or 0 for name, what in _PRACTICE.items()]
    if text := _first(typed, "margin"):
        given["margin"] = margin(text)
    return Protocol(
        **given,
        cues=listed.read(_first(typed, "cues")),
        mends=tuple(typed.get("mends", ())),
        questions=tuple(_questions(typed)),
        practice=Practice(*practice),
    )


def _wordings(given: Mapping[str, object]) -> dict[str, object]:
    """The wordings that come with what readers are asked, in place of what is missing or came with something else; one's own stay."""
    return {
        name: words
        for name, words in _BUILT_IN[str(given.get("answering", "both"))].items()
        if name not in given or any(given[name] == others[name] for others in _BUILT_IN.values())
    }


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
        choices=listed.read(choices) if kind == "choice" else (),
        required=required == "required",
        after=when == "after",
    )
