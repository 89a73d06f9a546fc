"""A reader's pass through a session: start, rate, go back one, finish. No truth is reachable from here."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError, NotFoundError
from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.protocol.order import order, reader_seed
from app.services.seats import ReaderSeat
from app.tables.sessions import Item, Presentation, Rating, Reading, VttSession

AHEAD = 10
LONGEST_KEY = 64
VIEWPORT = frozenset(
    (
        *("width", "height", "scale", "pixel_ratio"),
        *("zoom", "x", "y", "brightness", "contrast", "changes", "exposed_ms"),
    )
)
"""The window in CSS pixels; CSS pixels an image pixel; how it was looked at last (zoom, place, light), after how many changes."""
_UNKNOWN_ITEM = "There is no such image in your reading."
_NOT_OPEN = {
    "draft": "This reading has not been opened yet. Please come back later with the same link.",
    "frozen": "This reading has not been opened yet. Please come back later with the same link.",
    "closed": "This reading is closed. Every answer that was saved before has been kept. Thank you.",
}


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the first page shows; `told` are the sentences that are kept with the reading."""

    public_title: str
    told: tuple[str, ...]
    likert_labels: tuple[str, ...]
    started: bool
    finished: bool
    answered: int
    total: int
    waiting: str | None
    allow_undo: bool
    fixed_presentation: bool


@dataclass(frozen=True, slots=True)
class State:
    """Where the reading stands, in random names of stimuli.

    `previous` stands only where its answer may still be changed; `waiting` says why nothing can be rated now.
    """

    position: int
    total: int
    finished: bool
    current: str | None
    ahead: tuple[str, ...]
    previous: str | None
    waiting: str | None


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer as the browser sends it; durations in milliseconds of its steady clock.

    `key` names this one act of answering: sent again, it is the same act. `revises` changes the last answer.
    """

    item: str
    answer: str
    likert: int
    key: str
    shown_ms: float
    first_action_ms: float | None = None
    revises: bool = False
    viewport: dict[str, float] = field(default_factory=dict)


def welcome(db: Session, seat: ReaderSeat) -> Welcome:
    """The first page: instructions, or how far the reading is."""
    reading, session = _own(db, seat)
    total, fixed = _total(db, seat), Protocol.from_json(session.protocol)
    return Welcome(
        public_title=session.public_title,
        told=tuple(_told(db, session)),
        likert_labels=fixed.likert_labels,
        started=reading.started_at is not None,
        finished=reading.finished_at is not None,
        answered=_answered(db, seat),
        total=total,
        waiting=None if reading.finished_at else _NOT_OPEN.get(session.state),
        allow_undo=fixed.allow_undo,
        fixed_presentation=fixed.fixed_presentation,
    )


def start(db: Session, seat: ReaderSeat, now: datetime) -> None:
    """Fix the reader's order under random names and keep what was told; starting again changes nothing."""
    reading, session = _own(db, seat)
    _require_open(session)
    if reading.started_at is not None:
        return
    for position, item_id in enumerate(order_of(db, session, seat.slot), start=1):
        db.add(
            Presentation(
                token=secrets.token_hex(16), reading_id=reading.id, position=position, item_id=item_id
            )
        )
    reading.started_at = now
    reading.told = {"sentences": _told(db, session), "likert_labels": session.protocol["likert_labels"]}


def order_of(db: Session, session: VttSession, slot: int) -> list[str]:
    """The ids of a session's items in the order of the reader in `slot`: from ids and the session's secret alone."""
    items = db.scalars(select(Item.id).where(Item.session_id == session.id))
    return order(items, reader_seed(session.order_secret, slot))


def protocol(db: Session, seat: ReaderSeat) -> Protocol:
    return Protocol.from_json(db.get_one(VttSession, seat.session_id).protocol)


def state(db: Session, seat: ReaderSeat) -> State:
    """The current item and up to ten next ones; raises ConflictError where the reading has not been started."""
    reading, session = _own(db, seat)
    if reading.started_at is None:
        raise ConflictError("Please read the instructions first.")
    total, answered = _total(db, seat), _answered(db, seat)
    undo = _undo_open(reading, session) and answered > 0
    near = select(Presentation.position, Presentation.token).where(
        Presentation.reading_id == seat.reading_id,
        Presentation.position.between(answered, answered + 1 + AHEAD),
    )
    names = dict(db.execute(near).all())
    return State(
        position=min(answered + 1, total),
        total=total,
        finished=answered >= total,
        current=names.get(answered + 1),
        ahead=tuple(names[position] for position in sorted(names) if position > answered + 1),
        previous=names.get(answered) if undo else None,
        waiting=None if reading.finished_at else _NOT_OPEN.get(session.state),
    )


def rate(db: Session, seat: ReaderSeat, given: Submission, now: datetime) -> State:
    """Keep an answer and say where the reading stands now.

    Safe to repeat: the same key is the same answer. Raises NotFoundError for an item of anybody else, ConflictError where
    the item has another answer or is not the current one, InvalidError where the answer is incomplete.
    """
    reading, session = _own(db, seat)
    shown = db.scalar(
        select(Presentation).where(
            Presentation.token == given.item, Presentation.reading_id == seat.reading_id
        )
    )
    if shown is None:
        raise NotFoundError(_UNKNOWN_ITEM)
    _require_complete(given)
    same = db.scalar(select(Rating).where(Rating.reading_id == reading.id, Rating.key == given.key))
    if same is not None:
        if (same.item_id, same.answer, same.likert) != (shown.item_id, given.answer, given.likert):
            raise ConflictError("This key was used for another answer.")
        return state(db, seat)
    _require_open(session)
    db.add(
        Rating(
            reading_id=reading.id,
            item_id=shown.item_id,
            revision=_revision(db, reading, session, shown, given, _answered(db, seat)),
            answer=given.answer,
            likert=given.likert,
            key=given.key,
            shown_ms=given.shown_ms,
            first_action_ms=given.first_action_ms,
            viewport=given.viewport,
            rated_at=now,
        )
    )
    reading.last_seen_at = now
    db.flush()
    if _answered(db, seat) >= _total(db, seat):
        reading.finished_at = reading.finished_at or now
    return state(db, seat)


def stimulus(db: Session, seat: ReaderSeat, token: str) -> str:
    """The sha256 of a stimulus: the current one, up to ten next ones, the previous one while it may be changed."""
    reading, session = _own(db, seat)
    answered = _answered(db, seat)
    first = answered if _undo_open(reading, session) else answered + 1
    found = db.scalar(
        select(Item.stimulus_sha256)
        .join(Presentation, Presentation.item_id == Item.id)
        .where(
            Presentation.token == token,
            Presentation.reading_id == seat.reading_id,
            Presentation.position.between(first, answered + 1 + AHEAD),
        )
    )
    if found is None:
        raise NotFoundError(_UNKNOWN_ITEM)
    return found


def _own(db: Session, seat: ReaderSeat) -> tuple[Reading, VttSession]:
    return db.get_one(Reading, seat.reading_id), db.get_one(VttSession, seat.session_id)


def _answered(db: Session, seat: ReaderSeat) -> int:
    """The number of items with an answer; answers are given in order, so it is the last answered position, too."""
    query = select(func.count(Rating.item_id.distinct())).where(Rating.reading_id == seat.reading_id)
    return db.scalar(query) or 0


def _total(db: Session, seat: ReaderSeat) -> int:
    return db.scalar(select(func.count()).select_from(Item).where(Item.session_id == seat.session_id)) or 0


def _undo_open(reading: Reading, session: VttSession) -> bool:
    return bool(session.protocol["allow_undo"]) and session.state == "open" and reading.finished_at is None


def _require_open(session: VttSession) -> None:
    if session.state != "open":
        raise ConflictError(_NOT_OPEN[session.state])


def _require_complete(given: Submission) -> None:
    if given.answer not in {"real", "synthetic"}:
        raise InvalidError("The answer is real or synthetic.")
    if not 1 <= given.likert <= scale.POINTS:
        raise InvalidError(f"The rating of realness is a whole number from 1 to {scale.POINTS}.")
    if not 8 <= len(given.key) <= LONGEST_KEY or not re.fullmatch("[!-~]+", given.key):
        raise InvalidError(f"The key has 8 to {LONGEST_KEY} letters, digits and plain signs.")
    durations = [given.shown_ms, *([given.first_action_ms] if given.first_action_ms is not None else [])]
    if not all(isfinite(duration) and duration >= 0 for duration in durations):
        raise InvalidError("A duration is a number of milliseconds, not below 0.")
    if not VIEWPORT.issuperset(given.viewport) or not all(isfinite(v) for v in given.viewport.values()):
        raise InvalidError("The viewport cannot be used.")


def _revision(
    db: Session,
    reading: Reading,
    session: VttSession,
    shown: Presentation,
    given: Submission,
    answered: int,
) -> int:
    """The number of the answer that is being given; raises ConflictError where none may be."""
    if shown.position == answered + 1 and not given.revises:
        return 1
    if shown.position > answered:
        raise ConflictError("This image is not the one to be rated now.")
    if not (given.revises and shown.position == answered and _undo_open(reading, session)):
        raise ConflictError("This image has been rated already.")
    last = select(func.max(Rating.revision)).where(
        Rating.reading_id == reading.id, Rating.item_id == shown.item_id
    )
    return (db.scalar(last) or 0) + 1


def _told(db: Session, session: VttSession) -> list[str]:
    """The sentences about the task: the instructions, and the mix as far as the protocol tells it."""
    items = db.scalar(select(func.count()).select_from(Item).where(Item.session_id == session.id)) or 0
    fixed = Protocol.from_json(session.protocol)
    return wording.told(fixed.instructions, session.n_real, items, disclose_ratio=fixed.disclose_ratio)
