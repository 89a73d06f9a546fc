"""A reader's pass through a session: start, rate, go back one, finish. No truth is reachable from here.

Practice items alone carry the feedback that their reader gets, from the freeze on.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.errors import ClosedError, ConflictError, NotFoundError
from app.protocol import breaks
from app.protocol.design import Protocol
from app.services import exposures, orders, presentations, steps, submissions, telling
from app.services.exposures import Seen
from app.services.places import AHEAD, Place
from app.services.presentations import Near, Shown
from app.services.seats import ReaderSeat
from app.services.steps import Step, own
from app.services.submissions import Submission
from app.tables.sessions import Item, Rating, Reading, VttSession
from app.words.catalogues import translate
from app.words.languages import ENGLISH
from app.words.sentence import N_

_UNKNOWN_ITEM = N_("There is no such image in your reading.")
_SAME_KEY = select(Rating.item_id, Rating.answer, Rating.likert).where(
    Rating.reading_id == bindparam("reading"), Rating.key == bindparam("key")
)
_KEEP = insert(Rating)
_MOVE = (
    update(Reading)
    .where(Reading.id == bindparam("reading"))
    .values({name: bindparam(name) for name in ("last_seen_at", "answered", "practised", "finished_at")})
    .execution_options(synchronize_session=False)
)
_END = (
    update(Reading)
    .where(Reading.id == bindparam("reading"))
    .values(confirmed_at=bindparam("at"), last_seen_at=bindparam("at"))
    .execution_options(synchronize_session=False)
)


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the pages around the images show, in the reader's language; `told` are the sentences that are kept with the reading.

    `cues` are the words for marks with their translations; `told_in` is the language in which the reader confirmed the
    instructions last, empty before. `preview_of` is the session that a researcher previews, else empty.
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
    preview_of: str


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
    `breaks` are how many answers are left until each break that is offered within what is held ahead: 0 now.
    `seen` is what is used up of the current image's exposure, where that is limited.
    `whole` says that what is held ahead reaches to the last image.
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
    breaks: tuple[int, ...]
    whole: bool
    seen: Seen | None = None
    feedback: Feedback | None = None


def welcome(db: Session, seat: ReaderSeat, now: datetime, language: str = ENGLISH) -> Welcome:
    """What the pages before and after the images show."""
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    started = reading.started_at is not None
    spoken = protocol.spoken(partial(translate, language))
    return Welcome(
        public_title=session.public_title,
        told=tuple(_told(db, session, spoken, language)),
        protocol=spoken,
        cues=protocol.spoken_cues(partial(translate, language)),
        step=steps.step(reading, session, protocol, now),
        told_in=_told_in(reading),
        started=started,
        practising=started and reading.answered < reading.practised,
        answered=max(0, reading.answered - reading.practised) // protocol.at_once,
        total=(reading.total if started else orders.totals(db, session, [reading.slot])[0])
        // protocol.at_once,
        may_withdraw=started and reading.withdrawn_at is None and session.state in steps.AT_WORK,
        preview_of=session.preview_of or "",
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
    (reading.total,) = orders.totals(db, session, [reading.slot])
    blocks = [len(block) // protocol.at_once for block in orders.in_blocks(db, session, reading.slot)]
    reading.breaks = breaks.places(blocks, protocol.block_size)
    if protocol.practice.images:
        reading.practised = presentations.present_practice(db, session, reading.id, reading.slot, 0)
    else:
        presentations.present_main(db, session, reading.id, reading.slot, 0)


def state(db: Session, place: Place, now: datetime) -> State:
    """The current item and up to ten next ones; raises ConflictError where the reading has not been started."""
    if place.started_at is None:
        raise ConflictError(N_("Please read the instructions first."))
    return _with_seen(db, place, _state(place, presentations.near(db, place)), now)


def _with_seen(db: Session, place: Place, found: State, now: datetime) -> State:
    return replace(found, seen=exposures.seen(db, place, found.current, now))


def _state(place: Place, near: Near) -> State:
    practising, each, images = place.practising, place.protocol.at_once, place.protocol.practice.images
    done = place.answered - place.practised + (images if practising else 0)
    total = images if practising else place.total
    names = near.names(place)
    if not place.undo_open:
        names[:each] = [None] * each
    shown = names[::each]  # the previous one, the current one, the next ones; of pairs the left ones
    return State(
        position=min(done + each, total) // each,
        total=total // each,
        finished=place.finished_at is not None,
        current=shown[1],
        ahead=tuple(name for name in shown[2:] if name),
        beside={left: right for left, right in zip(shown, names[1::2], strict=True) if left and right}
        if each == 2
        else {},
        previous=shown[0],
        waiting=place.closed or None,
        practising=practising,
        breaks=() if practising else _breaks(place, done // each),
        whole=not practising and done + each * (1 + AHEAD) >= total,
    )


def _breaks(place: Place, done: int) -> tuple[int, ...]:
    """How many answers are left until each break that can be reached with what is held ahead."""
    return tuple(at - done for at in place.breaks or () if 0 <= at - done <= 1 + AHEAD)


def finish(db: Session, place: Place, now: datetime) -> None:
    """Leave the last answer as it is, where it could still be changed; done again it changes nothing."""
    if place.finished_at is None:
        raise ConflictError(N_("There are still images to be rated."))
    if place.confirmed_at is None:
        db.execute(_END, {"reading": place.seat.reading_id, "at": now})


def rate(db: Session, place: Place, given: Submission, now: datetime) -> State:
    """Keep an answer and say where the reading stands now.

    Safe to repeat: the same key is the same answer. Raises NotFoundError for an item of anybody else, ConflictError where
    the item has another answer or is not the current one, InvalidError where the answer is incomplete.
    """
    near = presentations.near(db, place)
    shown = near.named(given.item) or presentations.named(db, place, given.item)
    if shown is None:
        raise NotFoundError(_UNKNOWN_ITEM)
    answer = given.answer_under(place.protocol)
    submissions.check(given, place.protocol)
    same = db.execute(_SAME_KEY, {"reading": place.seat.reading_id, "key": given.key}).first()
    if same is None:
        place, near = _kept(db, place, near, shown, answer, given, now)
    elif tuple(same) != (shown.item_id, answer, given.likert):
        raise ConflictError(N_("This key was used for another answer."))
    after = _with_seen(db, place, _state(place, near), now)
    return replace(after, feedback=_feedback(db, place, shown, answer))


def _kept(
    db: Session, place: Place, near: Near, shown: Shown, answer: str, given: Submission, now: datetime
) -> tuple[Place, Near]:
    """Store a new answer; gives where the reading stands after it, and what is around there."""
    if place.closed:
        raise ClosedError(place.closed)
    revision = _revision(db, place, shown, given)
    after = place if given.revises else _gone_on(place, now)
    rating = {
        "reading_id": place.seat.reading_id,
        "item_id": shown.item_id,
        "revision": revision,
        "answer": answer,
        "likert": given.likert,
        "key": given.key,
        "shown_ms": given.shown_ms,
        "first_action_ms": given.first_action_ms,
        "viewport": given.viewport,
        "remark": given.remark or None,
        "marks": [asdict(mark) for mark in given.marks] or None,
        "rated_at": now,
    }
    db.execute(_KEEP, rating)
    if after.practised and place.answered < after.answered == after.practised:
        after = _after_practice(db, after)
        near = presentations.near(db, after)
    progress = {"answered": after.answered, "practised": after.practised, "finished_at": after.finished_at}
    db.execute(_MOVE, {"reading": place.seat.reading_id, "last_seen_at": now, **progress})
    return after, near


def _gone_on(place: Place, now: datetime) -> Place:
    """At the next position; after the last image at the end."""
    answered = place.answered + place.protocol.at_once
    finished = answered >= place.practised + place.total
    return replace(place, answered=answered, finished_at=now if finished else place.finished_at)


def _after_practice(db: Session, place: Place) -> Place:
    """To the images, or to the practice again."""
    session, seat = db.get_one(VttSession, place.seat.session_id), place.seat
    if _attempt(db, place, place.practised).passed:
        presentations.present_main(db, session, seat.reading_id, seat.slot, place.practised)
        return place
    practised = presentations.present_practice(db, session, seat.reading_id, seat.slot, place.practised)
    return replace(place, practised=practised)


def _feedback(db: Session, place: Place, shown: Shown, answer: str) -> Feedback | None:
    if shown.position > place.practised:
        return None
    truth = db.get_one(Item, shown.item_id).feedback or ""
    end = shown.position + place.protocol.at_once - 1
    last = end % place.protocol.practice.images == 0
    attempt = _attempt(db, place, end) if last else None
    return Feedback(right=answer == truth, truth=truth, attempt=attempt)


def _attempt(db: Session, place: Place, end: int) -> Attempt:
    """The attempt at the practice that ended at this position: a practice item has one answer in each attempt."""
    images, needed = place.protocol.practice.images, place.protocol.practice.pass_mark
    query = (
        select(func.count())
        .select_from(Rating)
        .join(Item, Item.id == Rating.item_id)
        .where(
            Rating.reading_id == place.seat.reading_id,
            Rating.revision == end // images,
            Item.feedback == Rating.answer,
        )
    )
    right = db.scalar(query) or 0
    return Attempt(right, images // place.protocol.at_once, needed, right >= needed)


def stimulus(db: Session, place: Place, name: str) -> str:
    """The sha256 of a stimulus: the current one, up to ten next ones, the previous one while it may be changed; so with pairs."""
    found = None if place.withdrawn_at else presentations.stimulus(db, place, name)
    if found is None:
        raise NotFoundError(_UNKNOWN_ITEM)
    return found


def _revision(db: Session, place: Place, shown: Shown, given: Submission) -> int:
    """The number of the answer that is being given; raises ConflictError where none may be."""
    if shown.position == place.answered + 1 and not given.revises:
        if shown.position > place.practised:
            return 1
        return (shown.position - 1) // place.protocol.practice.images + 1
    if shown.position > place.answered:
        raise ConflictError(N_("This image is not the one to be rated now."))
    last_one = shown.position == place.answered + 1 - place.protocol.at_once
    if not (given.revises and last_one and place.undo_open):
        raise ConflictError(N_("This image has been rated already."))
    last = select(func.max(Rating.revision)).where(
        Rating.reading_id == place.seat.reading_id, Rating.item_id == shown.item_id
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
