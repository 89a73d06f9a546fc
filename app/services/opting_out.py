"""A reader ends reminders, without signing in to anything, once and for good."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.services import audit, persons
from app.tables.contacts import Person
from app.tables.mails import NoReminders
from app.tables.sessions import Reading, VttSession
from app.words.sentence import N_


def title(db: Session, token: str, key: bytes) -> str:
    """What the reading is called, for the page behind the link in a reminder; changes nothing. Raises NotFoundError."""
    return db.get_one(VttSession, _reading(db, token, key).session_id).public_title


def refuse(db: Session, token: str, key: bytes, now: datetime) -> str:
    """No reminder goes to this person any more, of this or another session; again is the same. Returns the title."""
    reading = _reading(db, token, key)
    wanted = who(db, reading.id)
    if db.get(NoReminders, wanted) is None:
        db.add(NoReminders(who=wanted, at=now))
        audit.record(
            db,
            key,
            now=now,
            actor=f"reader:{reading.reader_id}",
            action="reminders refused",
            subject=f"session:{reading.session_id}",
            reading=reading.id,
        )
    return db.get_one(VttSession, reading.session_id).public_title


def who(db: Session, reading_id: str) -> str:
    """The person behind a reading, by the fingerprint; the reading itself where that was never known."""
    person = db.get(Person, reading_id)
    return person.fingerprint if person else reading_id


def _reading(db: Session, token: str, key: bytes) -> Reading:
    reading_id = persons.opting_out(key, token)
    reading = db.get(Reading, reading_id) if reading_id else None
    if reading is None:
        raise NotFoundError(
            N_("This link is not valid. Please ask the person who invited you for a new one.")
        )
    return reading
