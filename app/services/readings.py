"""A reader's pass through a session: start, rate, go back one, finish. No truth is reachable from here.

Practice items alone carry the feedback that their reader gets, from the freeze on.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import ClosedError, ConflictError, NotFoundError
from app.protocol.design import Protocol
from app.services import orders, steps, submissions, telling
from app.services.seats import ReaderSeat
from app.services.steps import NOT_OPEN, WITHDRAWN, Step, own
from app.services.submissions import Submission
from app.tables.sessions import Item, Presentation, Rating, Reading, VttSession
from app.words.catalogues import translate
from app.words.languages import ENGLISH
from app.words.sentence import N_

AHEAD = 10
_UNKNOWN_ITEM = N_("There is no such image in your reading.")


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the pages around the images show, in the reader's language; `told` are the sentences that are kept with the reading.

    `cues` are the words for marks with their translations; `told_in` is the language in which the reader confirmed the
    instructions last, empty before.
    """

    public_title: str
    told: tuple[str, ...]
    protocol: Protocol
    cues: tuple[tuple[str, str], ...]
    step: Step
    told_in: str
    started: bool
    practising: bool
    answered: int
    total: int
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Feedback:
    """How a practice answer was; `attempt` stands with the last one of an attempt."""

    right: bool
    truth: str
    attempt: "Attempt | None"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt at the practice block ended."""

    right: int
    images: int
    needed: int
    passed: bool


@dataclass(frozen=True, slots=True)
class State:
    """Where the reading stands, in random names of stimuli; positions are counted from 1 within practice or within the rest.

    `beside` has the image at the right of each of these where two are compared.
    `previous` stands only where its answer may still be changed; `waiting` says why nothing can be rated now.
    `until_break` is how many answers are left until a break is offered: 0 now, None never.
    """

    position: int
    total: int
    finished: bool
    current: str | None
    ahead: tuple[str, ...]
    beside: dict[str, str]
    previous: str | None
    waiting: str | None
    practising: bool
    until_break: int | None
    feedback: Feedback | None = None


def welcome(db: Session, seat: ReaderSeat, now: datetime, language: str = ENGLISH) -> Welcome:
    """What the pages before and after the images show."""
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    here = _state(db, reading, session, protocol) if reading.started_at else None
    spoken = protocol.spoken(partial(translate, language))
    return Welcome(
        public_title=session.public_title,
        told=tuple(_told(db, session, spoken, language)),
        protocol=spoken,
        cues=protocol.spoken_cues(partial(translate, language)),
        step=steps.step(reading, session, protocol, now),
        told_in=_told_in(reading),
        started=here is not None,
        practising=here is not None and here.practising,
        answered=max(0, reading.answered - reading.practised) // protocol.at_once,
        total=(reading.total if here else _total(db, session)) // protocol.at_once,
        may_withdraw=here is not None and reading.withdrawn_at is None and session.state == "open",
    )


def start(db: Session, seat: ReaderSeat, now: datetime, language: str = ENGLISH) -> None:
    """Confirm the instructions and keep what was told; the first time, fix the reader's order under random names."""
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    found = steps.step(reading, session, protocol, now)
    if found.waiting:
        raise ConflictError(found.waiting)
    if found.name != "instructions":
        if reading.started_at is not None:
            return
        raise ConflictError(N_("Please answer what comes before the images first."))
    reading.instructed_at = now
    _keep_told(db, reading, session, protocol, language, now)
    if reading.started_at is not None:
        return
    reading.started_at = now
    reading.total = _total(db, session)
    if protocol.practice.images:
        _present_practice(db, reading, session, protocol)
    else:
        _present(db, reading, orders.main(db, session, reading.slot), 1)


def _present(db: Session, reading: Reading, items: Sequence[str], first: int) -> None:
    for position, item_id in enumerate(items, start=first):
        name = secrets.token_hex(16)
        db.add(Presentation(token=name, reading_id=reading.id, position=position, item_id=item_id))
    db.flush()


def _present_practice(db: Session, reading: Reading, session: VttSession, protocol: Protocol) -> None:
    attempt = reading.practised // protocol.practice.images + 1
    _present(db, reading, orders.practice(db, session, reading.slot, attempt), reading.practised + 1)
    reading.practised += protocol.practice.images


def protocol(db: Session, seat: ReaderSeat) -> Protocol:
    return Protocol.from_json(db.get_one(VttSession, seat.session_id).protocol)


def state(db: Session, seat: ReaderSeat) -> State:
    """The current item and up to ten next ones; raises ConflictError where the reading has not been started."""
    reading, session = own(db, seat)
    if reading.started_at is None:
        raise ConflictError(N_("Please read the instructions first."))
    return _state(db, reading, session, Protocol.from_json(session.protocol))


def _state(db: Session, reading: Reading, session: VttSession, protocol: Protocol) -> State:
    answered, practising, each = reading.answered, reading.answered < reading.practised, protocol.at_once
    done = answered - reading.practised + (protocol.practice.images if practising else 0)
    total = protocol.practice.images if practising else reading.total
    names = _names(db, reading, each)
    if not _undo_open(reading, session, protocol):
        names[:each] = [None] * each
    shown = names[::each]  # the previous one, the current one, the next ones; of pairs the left ones
    return State(
        position=min(done + each, total) // each,
        total=total // each,
        finished=reading.finished_at is not None,
        current=shown[1],
        ahead=tuple(name for name in shown[2:] if name),
        beside={left: right for left, right in zip(shown, names[1::2], strict=True) if left and right}
        if each == 2
        else {},
        previous=shown[0],
        waiting=_closed(reading, session) or None,
        practising=practising,
        until_break=None if practising else _until_break(done // each, protocol.block_size, total // each),
    )


def _names(db: Session, reading: Reading, each: int) -> list[str | None]:
    """The random names around the current place, from the answered image (or pair) before it on; None where there is none."""
    first, last = reading.answered + 1 - each, reading.answered + each * (1 + AHEAD)
    near = select(Presentation.position, Presentation.token).where(
        Presentation.reading_id == reading.id, Presentation.position.between(first, last)
    )
    found = dict(db.execute(near).all())
    return [found.get(position) for position in range(first, last + 1)]


def _until_break(done: int, block_size: int, total: int) -> int | None:
    """How many answers are left until a break; there is none before the first image and none after the last."""
    if not block_size:
        return None
    left = -done % block_size if done else block_size
    return left if done + left < total else None


def rate(db: Session, seat: ReaderSeat, given: Submission, now: datetime) -> State:
    """Keep an answer and say where the reading stands now.

    Safe to repeat: the same key is the same answer. Raises NotFoundError for an item of anybody else, ConflictError where
    the item has another answer or is not the current one, InvalidError where the answer is incomplete.
    """
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    shown = db.scalar(
        select(Presentation).where(
            Presentation.token == given.item, Presentation.reading_id == seat.reading_id
        )
    )
    if shown is None:
        raise NotFoundError(_UNKNOWN_ITEM)
    answer = given.answer_under(protocol)
    submissions.check(given, protocol)
    same = db.scalar(select(Rating).where(Rating.reading_id == reading.id, Rating.key == given.key))
    if same is not None:
        if (same.item_id, same.answer, same.likert) != (shown.item_id, answer, given.likert):
            raise ConflictError(N_("This key was used for another answer."))
    else:
        if closed := _closed(reading, session):
            raise ClosedError(closed)
        revision = _revision(db, reading, session, protocol, shown, given)
        db.add(_rating(reading, shown, answer, revision, given, now))
        reading.last_seen_at = now
        db.flush()
        if not given.revises:
            _go_on(db, reading, session, protocol, now)
    feedback = _feedback(db, reading, protocol, shown, answer)
    return replace(_state(db, reading, session, protocol), feedback=feedback)


def _rating(
    reading: Reading, shown: Presentation, answer: str, revision: int, given: Submission, now: datetime
) -> Rating:
    return Rating(
        reading_id=reading.id,
        item_id=shown.item_id,
        revision=revision,
        answer=answer,
        likert=given.likert,
        key=given.key,
        shown_ms=given.shown_ms,
        first_action_ms=given.first_action_ms,
        viewport=given.viewport,
        remark=given.remark or None,
        marks=[asdict(mark) for mark in given.marks] or None,
        rated_at=now,
    )


def _go_on(db: Session, reading: Reading, session: VttSession, protocol: Protocol, now: datetime) -> None:
    """To the next position; after practice to the images, or to the practice again; after the last image to the end."""
    reading.answered += protocol.at_once
    if reading.answered >= reading.practised + reading.total:
        reading.finished_at = now
    elif reading.practised and reading.answered == reading.practised:
        if _attempt(db, reading, protocol, reading.practised).passed:
            _present(db, reading, orders.main(db, session, reading.slot), reading.practised + 1)
        else:
            _present_practice(db, reading, session, protocol)


def _feedback(
    db: Session, reading: Reading, protocol: Protocol, shown: Presentation, answer: str
) -> Feedback | None:
    truth = db.get_one(Item, shown.item_id).feedback
    if truth is None:
        return None
    end = shown.position + protocol.at_once - 1
    last = end % protocol.practice.images == 0
    attempt = _attempt(db, reading, protocol, end) if last else None
    return Feedback(right=answer == truth, truth=truth, attempt=attempt)


def _attempt(db: Session, reading: Reading, protocol: Protocol, end: int) -> Attempt:
    """The attempt at the practice that ended at this position: a practice item has one answer in each attempt."""
    images, needed = protocol.practice.images, protocol.practice.pass_mark
    query = (
        select(func.count())
        .select_from(Rating)
        .join(Item, Item.id == Rating.item_id)
        .where(
            Rating.reading_id == reading.id,
            Rating.revision == end // images,
            Item.feedback == Rating.answer,
        )
    )
    right = db.scalar(query) or 0
    return Attempt(right, images // protocol.at_once, needed, right >= needed)


def stimulus(db: Session, seat: ReaderSeat, token: str) -> str:
    """The sha256 of a stimulus: the current one, up to ten next ones, the previous one while it may be changed; so with pairs."""
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    undo = _undo_open(reading, session, protocol)
    found = db.scalar(
        select(Item.stimulus_sha256)
        .join(Presentation, Presentation.item_id == Item.id)
        .where(
            Presentation.token == token,
            Presentation.reading_id == seat.reading_id,
            Presentation.position.between(
                reading.answered + 1 - (protocol.at_once if undo else 0),
                reading.answered + protocol.at_once * (1 + AHEAD),
            ),
        )
    )
    if found is None or reading.withdrawn_at is not None:
        raise NotFoundError(_UNKNOWN_ITEM)
    return found


def _closed(reading: Reading, session: VttSession) -> str:
    """Why nothing can be rated now; empty where it can, and for a reading that is finished."""
    if reading.withdrawn_at:
        return WITHDRAWN
    return "" if reading.finished_at else NOT_OPEN.get(session.state, "")


def _total(db: Session, session: VttSession) -> int:
    query = (
        select(func.count()).select_from(Item).where(Item.session_id == session.id, Item.kind != "practice")
    )
    return db.scalar(query) or 0


def _undo_open(reading: Reading, session: VttSession, protocol: Protocol) -> bool:
    """Whether the last answer may be changed; one that got feedback may not."""
    return (
        protocol.allow_undo
        and session.state == "open"
        and reading.finished_at is None
        and reading.withdrawn_at is None
        and reading.answered > reading.practised
    )


def _revision(
    db: Session,
    reading: Reading,
    session: VttSession,
    protocol: Protocol,
    shown: Presentation,
    given: Submission,
) -> int:
    """The number of the answer that is being given; raises ConflictError where none may be."""
    if shown.position == reading.answered + 1 and not given.revises:
        if shown.position > reading.practised:
            return 1
        return (shown.position - 1) // protocol.practice.images + 1
    if shown.position > reading.answered:
        raise ConflictError(N_("This image is not the one to be rated now."))
    last_one = shown.position == reading.answered + 1 - protocol.at_once
    if not (given.revises and last_one and _undo_open(reading, session, protocol)):
        raise ConflictError(N_("This image has been rated already."))
    last = select(func.max(Rating.revision)).where(
        Rating.reading_id == reading.id, Rating.item_id == shown.item_id
    )
    return (db.scalar(last) or 0) + 1


def _keep_told(
    db: Session, reading: Reading, session: VttSession, protocol: Protocol, language: str, now: datetime
) -> None:
    """Keep what the instructions' page said, unless the last time it said it in the same language."""
    if _told_in(reading) == language:
        return
    spoken = protocol.spoken(partial(translate, language))
    said = telling.told(_told(db, session, spoken, language), spoken.likert_labels, language)
    reading.told = telling.also(reading.told, said, now) if reading.told else said


def _told_in(reading: Reading) -> str:
    return next(reversed(telling.languages(reading.told)), "")


def _told(db: Session, session: VttSession, protocol: Protocol, language: str) -> list[str]:
    """The sentences about the task; the mix, where it is told, is that of the images that count."""
    query = select(func.count()).select_from(Item).where(Item.session_id == session.id, Item.kind == "main")
    return [translate(language, one) for one in protocol.told(session.n_real, db.scalar(query) or 0)]
