"""The practice block: its feedback, and whether an attempt passed. Practice items alone carry their truth for this, from the freeze on."""

from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.services import presentations
from app.services.places import Place
from app.services.presentations import Shown
from app.tables.sessions import Item, Rating, VttSession


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


def after(db: Session, place: Place) -> Place:
    """Where the reading stands after an attempt: at the images, or at the practice again."""
    session, seat = db.get_one(VttSession, place.seat.session_id), place.seat
    if attempt_at(db, place, place.practised).passed:
        presentations.present_main(db, session, seat.reading_id, seat.slot, place.practised)
        return place
    practised = presentations.present_practice(db, session, seat.reading_id, seat.slot, place.practised)
    return replace(place, practised=practised)


def feedback(db: Session, place: Place, shown: Shown, answer: str) -> Feedback | None:
    """How this answer was, where the item is one of the practice block."""
    if shown.position > place.practised:
        return None
    truth = db.get_one(Item, shown.item_id).feedback or ""
    end = shown.position + place.protocol.at_once - 1
    last = end % place.protocol.practice.images == 0
    attempt = attempt_at(db, place, end) if last else None
    return Feedback(right=answer == truth, truth=truth, attempt=attempt)


def attempt_at(db: Session, place: Place, end: int) -> Attempt:
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
