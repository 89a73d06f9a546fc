"""What is kept about one reader, whole, for that person to have: without the truth, and without what would tell it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.protocol.design import Protocol
from app.services import audit, sessions
from app.services.people import SignedIn
from app.services.privacy import reading_of
from app.tables.contacts import Contact
from app.tables.mails import Mail
from app.tables.people import Reader
from app.tables.sessions import Presentation, Rating, Reading, VttSession

GIVEN = "reader's data given out"
_MOMENTS = (
    "invited_at",
    "opened_at",
    "instructed_at",
    "started_at",
    "last_seen_at",
    "finished_at",
    "confirmed_at",
    "declined_at",
    "withdrawn_at",
    "erased_at",
)


def give(
    db: Session, user: SignedIn, session_id: str, reading_id: str, key: bytes, now: datetime
) -> dict[str, Any]:
    """All of it, for a reader of the user's own session; written down. Raises NotFoundError, or ForbiddenError for a colleague."""
    session = sessions.of_owner(db, user, session_id)
    reading = reading_of(db, session, reading_id)
    sessions.record(db, key, user, session, GIVEN, now, reading=reading.id)
    return _headed(db, reading)


def give_by_command(db: Session, reading: Reading, actor: str, key: bytes, now: datetime) -> dict[str, Any]:
    """The same for the command line."""
    subject = f"session:{reading.session_id}"
    audit.record(db, key, now=now, actor=actor, action=GIVEN, subject=subject, reading=reading.id)
    return _headed(db, reading)


def _headed(db: Session, reading: Reading) -> dict[str, Any]:
    """With the audit trail's last entry, which tells that this was given out."""
    return {"audit_head": audit.head(db), **of_reading(db, reading)}


def of_reading(db: Session, reading: Reading) -> dict[str, Any]:
    """Images are named by their place in this reader's order alone."""
    contact = db.get(Contact, reading.id)
    return {
        "code": db.get_one(Reader, reading.reader_id).code,
        "contact": {"email": contact.email, "name": contact.name, "language": contact.language}
        if contact
        else None,
        "moments": {name: _moment(getattr(reading, name)) for name in _MOMENTS},
        "consent": reading.consent,
        "questionnaire": {"before": reading.about, "after": reading.afterwards},
        "display": reading.display,
        "mails": [
            {"kind": mail.kind, "status": mail.status, "sent_at": _moment(mail.sent_at)}
            for mail in db.scalars(
                select(Mail).where(Mail.reading_id == reading.id).order_by(Mail.created_at)
            )
        ],
        "ratings_erased": reading.erased_ratings,
        "ratings": _ratings(db, reading),
    }


def _ratings(db: Session, reading: Reading) -> list[dict[str, Any]]:
    """Each answer once: practice that came again has one answer in each attempt, whose number is the answer's revision."""
    query = (
        select(Rating, Presentation.position)
        .join(
            Presentation,
            (Presentation.reading_id == Rating.reading_id) & (Presentation.item_id == Rating.item_id),
        )
        .where(Rating.reading_id == reading.id)
        .order_by(Presentation.position, Rating.revision)
    )
    images = Protocol.from_json(db.get_one(VttSession, reading.session_id).protocol).practice.images
    return [
        _rating(rating, position)
        for rating, position in db.execute(query)
        if position > reading.practised or (position - 1) // images + 1 == rating.revision
    ]


def _rating(rating: Rating, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "revision": rating.revision,
        "answer": rating.answer,
        "likert": rating.likert,
        "shown_ms": rating.shown_ms,
        "first_action_ms": rating.first_action_ms,
        "viewport": rating.viewport,
        "remark": rating.remark,
        "marks": rating.marks,
        "rated_at": _moment(rating.rated_at),
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
