"""What a reader's browser sends as an answer, and why one cannot be kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

from app.errors import InvalidError
from app.protocol import scale
from app.protocol.design import Protocol
from app.words.sentence import N_

LONGEST_KEY = 64
LONGEST_REMARK = 1000
MOST_MARKS = 20
VIEWPORT = frozenset(
    (
        *("width", "height", "scale", "pixel_ratio"),
        *("zoom", "x", "y", "brightness", "contrast", "changes", "exposed_ms"),
        *("first_view_ms", "views"),
    )
)
"""The window in CSS pixels; CSS pixels an image pixel; how it was looked at last (zoom, place, light), after how many changes; how often, and how long at first."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an image gave itself away: a box in fractions of its width and height (0 wide and high: a point), and a word for it."""

    cue: str
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer as the browser sends it; durations in milliseconds of its steady clock.

    `shown_ms` is the time in view over all views of the image up to this answer, as far as this browser knows; `first_action_ms` is of the last view.
    `key` names this one act of answering: sent again, it is the same act. `revises` changes the last answer.
    `answer` is empty where the protocol asks for the scale alone, left or right where two images are compared; `item` is then the left one.
    """

    item: str
    likert: int
    key: str
    shown_ms: float
    answer: str = ""
    first_action_ms: float | None = None
    revises: bool = False
    viewport: dict[str, float] = field(default_factory=dict)
    remark: str = ""
    marks: tuple[Mark, ...] = ()

    def answer_under(self, protocol: Protocol) -> str:
        """Real or synthetic: as said, what the rating stands for, or what a choice says of the left image. Raises InvalidError where neither can be told."""
        if not 1 <= self.likert <= scale.POINTS:
            raise InvalidError(N_("The rating is a whole number from 1 to {points}.", points=scale.POINTS))
        if protocol.answering == "likert":
            asked = {"": protocol.counted_as(self.likert)}
        elif protocol.answering == "pairs":
            asked = {"left": "real", "right": "synthetic"}
        else:
            asked = {"real": "real", "synthetic": "synthetic"}
        if self.answer not in asked:
            raise InvalidError(N_("This answer is not one of those that this study asks for."))
        return asked[self.answer]


def check(given: Submission, protocol: Protocol) -> None:
    """Raise InvalidError for what cannot be kept, besides the answer itself."""
    if not 8 <= len(given.key) <= LONGEST_KEY or not re.fullmatch("[!-~]+", given.key):
        raise InvalidError(N_("The key has 8 to {most} letters, digits and plain signs.", most=LONGEST_KEY))
    durations = [given.shown_ms, *([given.first_action_ms] if given.first_action_ms is not None else [])]
    if not all(isfinite(duration) and duration >= 0 for duration in durations):
        raise InvalidError(N_("A duration is a number of milliseconds, not below 0."))
    if not VIEWPORT.issuperset(given.viewport) or not all(isfinite(v) for v in given.viewport.values()):
        raise InvalidError(N_("The viewport cannot be used."))
    if given.remark and not protocol.remarks:
        raise InvalidError(N_("This study does not ask for remarks."))
    if len(given.remark) > LONGEST_REMARK:
        raise InvalidError(N_("A remark has at most {most} characters.", most=LONGEST_REMARK))
    _check_marks(given.marks, protocol.cues)


def _check_marks(marks: Sequence[Mark], cues: Sequence[str]) -> None:
    if len(marks) > MOST_MARKS:
        raise InvalidError(N_("An image can have at most {most} marks.", most=MOST_MARKS))
    for mark in marks:
        if mark.cue not in cues:
            raise InvalidError(N_("This study has no such word for a mark."))
        ends = (mark.x, mark.y, mark.x + mark.width, mark.y + mark.height)
        if (
            not all(isfinite(end) and -1e-6 <= end <= 1 + 1e-6 for end in ends)
            or min(mark.width, mark.height) < 0
        ):
            raise InvalidError(N_("A mark lies within the image."))
