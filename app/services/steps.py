"""What a reader does before and after the images: consent, questionnaire, display check, debrief, withdrawal.

Each step is kept once; done again it changes nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Protocol as Shape

from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.protocol import questions
from app.protocol.design import Protocol
from app.protocol.questions import Question
from app.services.seats import ReaderSeat
from app.tables.sessions import Reading, VttSession
from app.words.sentence import N_

INSTRUCTED_FOR = timedelta(days=1)
_NOT_YET = N_("This reading has not been opened yet. Please come back later with the same link.")
NOT_OPEN = {
    "draft": _NOT_YET,
    "frozen": _NOT_YET,
    "paused": N_(
        "This study is paused for now. What you saved is kept; please come back later with the same link."
    ),
    "closed": N_("This reading is closed. Every answer that was saved before has been kept. Thank you."),
}
AT_WORK = frozenset(("open", "paused"))
"""States in which readers have begun and may still withdraw."""
WITHDRAWN = N_("You have withdrawn your answers from this study.")
UNUSABLE_DISPLAY = N_("What the browser says of the display cannot be used.")
DISPLAY = frozenset(
    ("screen_width", "screen_height", "window_width", "window_height", "pixel_ratio", "depth")
)
"""CSS pixels; device pixels a CSS pixel; bits of colour."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a reader stands: `name` is consent, questionnaire, display, instructions, waiting, ending, afterwards, finished or withdrawn.

    `instructed` says that the instructions were confirmed within the last day, so that the images can be gone on with.
    """

    name: str
    instructed: bool
    waiting: str


class HasEnd(Shape):
    """What has been read to its end, and left so."""

    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def confirmed_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Agreement:
    """The consent text, its version, and whether this reader said no to it."""

    text: str
    version: str
    declined: bool


def step(reading: Reading, session: VttSession, protocol: Protocol, now: datetime) -> Step:
    """What comes next for this reader."""
    instructed = reading.instructed_at is not None and now - _last_seen(reading) < INSTRUCTED_FOR
    waiting = "" if over(reading, protocol) else NOT_OPEN.get(session.state, "")
    return Step(_name(reading, session, protocol), instructed, waiting)


def over(reading: HasEnd, protocol: Protocol) -> bool:
    """Whether every image is answered, and the last answer cannot be changed any more."""
    return reading.finished_at is not None and (reading.confirmed_at is not None or not protocol.allow_undo)


def _name(reading: Reading, session: VttSession, protocol: Protocol) -> str:
    if reading.withdrawn_at:
        return "withdrawn"
    is_open = session.state == "open"
    if reading.finished_at and session.state in AT_WORK and not over(reading, protocol):
        return "ending" if is_open else "waiting"
    if reading.finished_at:
        asked = reading.afterwards is None and any(question.after for question in protocol.questions)
        return "afterwards" if asked and is_open else "finished"
    due = {
        "waiting": not is_open,
        "consent": bool(protocol.consent) and reading.consent is None,
        "questionnaire": reading.about is None and any(not one.after for one in protocol.questions),
        "display": protocol.display_check and reading.display is None,
        "instructions": True,
    }
    return next(name for name, is_due in due.items() if is_due)


def _last_seen(reading: Reading) -> datetime:
    return max(at for at in (reading.instructed_at, reading.last_seen_at) if at is not None)


def version(text: str) -> str:
    """The version of a consent text: the beginning of its sha256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def agreement(db: Session, seat: ReaderSeat) -> Agreement:
    """The text that this study asks consent to; empty for none."""
    reading, session = own(db, seat)
    text = Protocol.from_json(session.protocol).consent
    return Agreement(text, version(text), reading.declined_at is not None)


def consent(db: Session, seat: ReaderSeat, given_version: str, now: datetime, *, agrees: bool) -> None:
    """Keep that the reader agreed to this version of the text, or declined; who declined may agree later."""
    reading, protocol = _at(db, seat, "consent", "consent", now)
    if reading.consent is not None:
        return
    if given_version != version(protocol.consent):
        raise ConflictError(N_("This text is not the one that this study has. Please read it again."))
    if not agrees:
        reading.declined_at = now
        return
    reading.declined_at = None
    reading.consent = {"text": protocol.consent, "version": given_version, "at": now.isoformat()}


def asked(protocol: Protocol, *, after: bool) -> list[tuple[str, Question]]:
    """The questions of a page, each by the name of its field."""
    return [
        (f"q{number}", question)
        for number, question in enumerate(protocol.questions, start=1)
        if question.after == after
    ]


def answer(db: Session, seat: ReaderSeat, given: Mapping[str, str], now: datetime, *, after: bool) -> None:
    """Keep a filled-in questionnaire; raises InvalidError where an answer is missing or cannot be one."""
    field = "afterwards" if after else "about"
    reading, protocol = _at(db, seat, "afterwards" if after else "questionnaire", field, now)
    if getattr(reading, field) is None:
        setattr(reading, field, questions.answers(protocol.questions, given, after=after))


def check_display(
    db: Session, seat: ReaderSeat, measured: Mapping[str, float], now: datetime, *, all_seen: bool
) -> None:
    """Keep what the display is; raises InvalidError where the study cannot be read on it."""
    reading, protocol = _at(db, seat, "display", "display", now)
    if reading.display is not None:
        return
    if not DISPLAY.issuperset(measured) or not all(
        isfinite(value) and value >= 0 for value in measured.values()
    ):
        raise InvalidError(UNUSABLE_DISPLAY)
    if not all_seen:
        raise InvalidError(
            N_(
                "Please raise the brightness, or darken the room, until you can tell all steps apart; or use another display."
            )
        )
    width, height = measured.get("window_width", 0), measured.get("window_height", 0)
    if width < protocol.smallest_width or height < protocol.smallest_height:
        raise InvalidError(
            N_(
                "This window has {window} pixels, which is too small for the study. Please enlarge it or use a larger display.",
                window=f"{width:.0f} × {height:.0f}",
            )
        )
    reading.display = {**measured, "at": now.isoformat()}


def withdraw(db: Session, seat: ReaderSeat, now: datetime) -> None:
    """Take this reader's answers out of the study: they stay stored, flagged, and are never analysed."""
    reading, session = own(db, seat)
    if reading.withdrawn_at is not None:
        return
    if session.state not in AT_WORK:
        raise ConflictError(
            N_(
                "This study is closed, so answers can no longer be withdrawn here. Please ask the person who invited you."
            )
        )
    reading.withdrawn_at = now


def own(db: Session, seat: ReaderSeat) -> tuple[Reading, VttSession]:
    return db.get_one(Reading, seat.reading_id), db.get_one(VttSession, seat.session_id)


def _at(db: Session, seat: ReaderSeat, name: str, field: str, now: datetime) -> tuple[Reading, Protocol]:
    """The reading, if it stands at this step or has done it already; raises ConflictError."""
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    found = step(reading, session, protocol, now)
    if found.name != name and getattr(reading, field) is None:
        raise ConflictError(
            found.waiting or N_("This step is not the one to be done now. Please open your link again.")
        )
    return reading, protocol
