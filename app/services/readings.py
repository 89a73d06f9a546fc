"""A reader's pass through the images: where it stands, rate, go back one, finish. No truth is reachable from here."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.errors import ClosedError, ConflictError, NotFoundError
from app.prepared import Change, Selection
from app.services import exposures, practice, presentations, submissions
from app.services.exposures import Seen
from app.services.places import AHEAD, Place
from app.services.practice import Feedback
from app.services.presentations import Near, Shown
from app.services.submissions import Given, Submission
from app.tables.sessions import Rating, Reading
from app.words.sentence import N_

_UNKNOWN_ITEM = N_("There is no such image in your reading.")
_SAME_KEY = Selection(
    select(Rating.item_id, Rating.answer, Rating.likert, Rating.remark, Rating.marks).where(
        Rating.reading_id == bindparam("reading"), Rating.key == bindparam("key")
    )
)
_KEEP = Change(
    insert(Rating)
    .inline()
    .values(
        {column.name: bindparam(column.name) for column in Rating.__table__.columns if not column.primary_key}
    )
)
_MOVE = Change(
    update(Reading)
    .where(Reading.id == bindparam("reading"))
    .values({name: bindparam(name) for name in ("last_seen_at", "answered", "practised", "finished_at")})
)
_END = (
    update(Reading)
    .where(Reading.id == bindparam("reading"))
    .values(confirmed_at=bindparam("at"), last_seen_at=bindparam("at"))
    .execution_options(synchronize_session=False)
)


@dataclass(frozen=True, slots=True)
class State:
    """Where the reading stands, in random names of stimuli; positions are counted from 1 within practice or within the rest.

    `beside` has the image at the right of each of these where two are compared.
    `previous` stands only where its answer may still be changed; `waiting` says why nothing can be rated now.
    `breaks` are how many answers are left until each break that is offered within what is held ahead: 0 now.
    `seen` is what is used up of the current image's exposure, where that is limited.
    `whole` says that what is held ahead reaches to the last image.
    `given` is what was said of the previous one, where a browser asks that may not have been the one that said it.
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
    given: Given | None = None


def state(db: Session, place: Place, now: datetime) -> State:
    """The current item and up to ten next ones; raises ConflictError where the reading has not been started."""
    if place.started_at is None:
        raise ConflictError(N_("Please read the instructions first."))
    near = presentations.near(db, place)
    found = _state(place, near)
    given = submissions.kept(db, place, near.named(found.previous or ""))
    return replace(_with_seen(db, place, found, now), given=given)


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
    same = _SAME_KEY.first(db, {"reading": place.seat.reading_id, "key": given.key})
    if same is None:
        place, near = _kept(db, place, near, shown, answer, given, now)
    elif same != (shown.item_id, answer, given.likert, *_said(given)):
        raise ConflictError(N_("This key was used for another answer."))
    after = _with_seen(db, place, _state(place, near), now)
    return replace(after, feedback=practice.feedback(db, place, shown, answer))


def _kept(
    db: Session, place: Place, near: Near, shown: Shown, answer: str, given: Submission, now: datetime
) -> tuple[Place, Near]:
    """Store a new answer; gives where the reading stands after it, and what is around there."""
    if place.closed:
        raise ClosedError(place.closed)
    revision = _revision(db, place, shown, given)
    remark, marks = _said(given)
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
        "remark": remark,
        "marks": marks,
        "rated_at": now,
    }
    _KEEP.run(db, rating)
    if after.practised and place.answered < after.answered == after.practised:
        after = practice.after(db, after)
        near = presentations.near(db, after)
    progress = {"answered": after.answered, "practised": after.practised, "finished_at": after.finished_at}
    _MOVE.run(db, {"reading": place.seat.reading_id, "last_seen_at": now, **progress})
    return after, near


def _said(given: Submission) -> tuple[str | None, list[dict[str, object]] | None]:
    """Remark and marks as they are stored."""
    return given.remark or None, [asdict(mark) for mark in given.marks] or None


def _gone_on(place: Place, now: datetime) -> Place:
    """At the next position; after the last image at the end."""
    answered = place.answered + place.protocol.at_once
    finished = answered >= place.practised + place.total
    return replace(place, answered=answered, finished_at=now if finished else place.finished_at)


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
