"""What a reader's browser sends as an answer, and why one cannot be kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InvalidError
from app.protocol import scale
from app.protocol.design import Protocol
from app.services.places import Place
from app.services.presentations import Shown
from app.tables.sessions import Rating
from app.words.sentence import N_

LONGEST_KEY = 64
LONGEST_REMARK = 1000
MOST_MARKS = 20
LONGEST_MS = 1e10
"""Some 115 days: no page is open for longer, and a mean over readers stays one."""
VIEWPORT = {
    **dict.fromkeys(("width", "height"), (0.0, 1e5)),
    **dict.fromkeys(("scale", "pixel_ratio", "zoom", "brightness", "contrast"), (0.0, 1e5)),
    **dict.fromkeys(("x", "y"), (-1e7, 1e7)),
    **dict.fromkeys(("changes", "views"), (0.0, 1e9)),
    **dict.fromkeys(("exposed_ms", "first_view_ms"), (0.0, LONGEST_MS)),
}
"""The window in CSS pixels; CSS pixels an image pixel; how it was looked at last (zoom, place, light), after how many changes; how often, and how long at first.

Each with the least and the most that is kept.
"""


_SIDES = {"real": "left", "synthetic": "right"}
"""Which image of a pair is said to be the real one, by what that says of the left one."""


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
            asked = {side: answer for answer, side in _SIDES.items()}
        else:
            asked = {"real": "real", "synthetic": "synthetic"}
        if self.answer not in asked:
            raise InvalidError(N_("This answer is not one of those that this study asks for."))
        return asked[self.answer]


@dataclass(frozen=True, slots=True)
class Given:
    """What a reader said of an image, in the words of a submission, to be changed."""

    answer: str
    likert: int
    remark: str
    marks: tuple[dict[str, object], ...]


def kept(db: Session, place: Place, shown: Shown | None) -> Given | None:
    """The last answer to this image, None without one."""
    if shown is None:
        return None
    query = (
        select(Rating)
        .where(Rating.reading_id == place.seat.reading_id, Rating.item_id == shown.item_id)
        .order_by(Rating.revision.desc())
        .limit(1)
    )
    rating = db.scalar(query)
    if rating is None:
        return None
    said = {"likert": "", "pairs": _SIDES.get(rating.answer, "")}.get(place.protocol.answering, rating.answer)
    return Given(said, rating.likert, rating.remark or "", tuple(rating.marks or ()))


def check(given: Submission, protocol: Protocol) -> None:
    """Raise InvalidError for what cannot be kept, besides the answer itself."""
    if not 8 <= len(given.key) <= LONGEST_KEY or not re.fullmatch("[!-~]+", given.key):
        raise InvalidError(N_("The key has 8 to {most} letters, digits and plain signs.", most=LONGEST_KEY))
    durations = [given.shown_ms, *([given.first_action_ms] if given.first_action_ms is not None else [])]
    if not all(0 <= duration <= LONGEST_MS for duration in durations):
        raise InvalidError(N_("A duration is a number of milliseconds, not below 0."))
    if not all(name in VIEWPORT and _within(VIEWPORT[name], v) for name, v in given.viewport.items()):
        raise InvalidError(N_("The viewport cannot be used."))
    if given.remark and not protocol.remarks:
        raise InvalidError(N_("This study does not ask for remarks."))
    if len(given.remark) > LONGEST_REMARK:
        raise InvalidError(N_("A remark has at most {most} characters.", most=LONGEST_REMARK))
    _check_marks(given.marks, protocol.cues)


def _within(bounds: tuple[float, float], value: float) -> bool:
    least, most = bounds
    return least <= value <= most


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
