"""From one phase of a study to the next: who has finished goes on by the same personal link, under the same code."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ConflictError, ForbiddenError, NotFoundError
from app.protocol.design import Protocol
from app.services import audit, invitations, phases, seats, steps
from app.services.seats import ReaderSeat
from app.services.steps import own
from app.tables.contacts import Contact, Person
from app.tables.people import Reader
from app.tables.sessions import Reading
from app.words.sentence import N_

COMING = frozenset(("open", "frozen", "paused"))


def next_for(db: Session, seat: ReaderSeat) -> str:
    """The state of the phase that comes after a reader's, where it is open or will be; empty for none."""
    after = phases.following(db, seat.session_id)
    return after.state if after is not None and after.state in COMING else ""


def go_on(db: Session, seat: ReaderSeat, actor: str | None, key: bytes, now: datetime) -> str:
    """Into the next phase; returns the token for its cookie. Doing it again comes back to the same reading.

    Raises ConflictError before this phase is finished or the next one open, NotFoundError where there is none, ForbiddenError for a
    reader whom the researcher shut out of it.
    """
    reading, session = own(db, seat)
    after = phases.following(db, session.id)
    if after is None:
        raise NotFoundError(N_("No further part follows."))
    if steps.step(reading, session, Protocol.from_json(session.protocol), now).name != "finished":
        raise ConflictError(N_("Please finish this part first."))
    if after.state != "open":
        raise ConflictError(N_("The next part is not open yet. Please come back later with the same link."))
    further = _reading_of(db, after.id, reading.reader_id) or _begun(db, after.id, reading, key, now)
    if further.link_revoked_at is not None:
        raise ForbiddenError(seats.UNKNOWN_LINK)
    further.link_expires_at = max(further.link_expires_at, reading.link_expires_at)
    return seats.take(db, further, now, actor)


def _reading_of(db: Session, session_id: str, reader_id: str) -> Reading | None:
    return db.scalar(select(Reading).where(Reading.session_id == session_id, Reading.reader_id == reader_id))


def _begun(db: Session, session_id: str, before: Reading, key: bytes, now: datetime) -> Reading:
    """A reading of the next phase for the reader of this one; who that is, is known there, too."""
    invited = invitations.add(db, session_id, db.get_one(Reader, before.reader_id), now)
    _carry(db, before.id, invited.reading_id)
    audit.record(
        db,
        key,
        now=now,
        actor=f"reader:{before.reader_id}",
        action="reader went on",
        subject=f"session:{session_id}",
        reading=invited.reading_id,
    )
    return db.get_one(Reading, invited.reading_id)


def _carry(db: Session, from_reading: str, to_reading: str) -> None:
    """Who a reading was invited as holds for another one of the same reader, too."""
    contact, person = db.get(Contact, from_reading), db.get(Person, from_reading)
    if contact:
        db.add(
            Contact(reading_id=to_reading, email=contact.email, name=contact.name, language=contact.language)
        )
    if person:
        db.add(Person(reading_id=to_reading, fingerprint=person.fingerprint))
