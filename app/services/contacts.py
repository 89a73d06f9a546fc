"""The mapping of codes to persons: kept for inviting and reminding, seen by the session's researcher alone, deletable for good."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, NotFoundError
from app.services import persons, sessions
from app.services.people import SignedIn
from app.tables.contacts import Contact, Person
from app.tables.people import Reader
from app.tables.sessions import Reading


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A reader and who that is; the last three are empty where nobody wrote it down, or where it was deleted."""

    reading_id: str
    code: str
    email: str
    name: str
    language: str


def keep(db: Session, key: bytes, reading_id: str, *, email: str, name: str, language: str) -> None:
    """Write down who a reading was invited as."""
    db.add(Contact(reading_id=reading_id, email=email, name=name, language=language))
    db.add(Person(reading_id=reading_id, fingerprint=persons.fingerprint(key, email)))
    db.flush()


def known(db: Session, reading_id: str) -> bool:
    """Whether it is written down who a reading was invited as."""
    return db.get(Contact, reading_id) is not None


def of_session(db: Session, session_id: str) -> list[ContactRow]:
    """All readers of a session in the order of invitation, each with what is known of the person."""
    query = (
        select(Reading.id, Reader.code, Contact)
        .join(Reader, Reader.id == Reading.reader_id)
        .outerjoin(Contact, Contact.reading_id == Reading.id)
        .where(Reading.session_id == session_id)
        .order_by(Reading.slot)
    )
    return [
        ContactRow(reading_id, code, contact.email, contact.name, contact.language)
        if contact
        else ContactRow(reading_id, code, "", "", "")
        for reading_id, code, contact in db.execute(query)
    ]


def fingerprints(db: Session, session_id: str) -> dict[str, str]:
    """The fingerprints of a session's readers by their codes; those whose address is not known have none."""
    query = (
        select(Reader.code, Person.fingerprint)
        .join(Reading, Reading.reader_id == Reader.id)
        .join(Person, Person.reading_id == Reading.id)
        .where(Reading.session_id == session_id)
    )
    return dict(db.execute(query).all())


def forget(db: Session, user: SignedIn, session_id: str, reading_id: str, key: bytes, now: datetime) -> None:
    """Delete one reader's name and address; readings, ratings and the fingerprint stay. Raises NotFoundError."""
    session = sessions.own(db, user, session_id)
    contact = db.get(Contact, reading_id)
    if contact is None or db.get_one(Reading, reading_id).session_id != session.id:
        raise NotFoundError("No name or address is kept of this reader.")
    db.delete(contact)
    sessions.record(db, key, user, session, "contact deleted", now, reading=reading_id)


def forget_all(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Delete all names and addresses of a session; raises ConflictError before it is closed."""
    session = sessions.own(db, user, session_id)
    if session.state != "closed":
        raise ConflictError("Close the session first: until then readers may have to be reached.")
    readings = select(Reading.id).where(Reading.session_id == session.id)
    gone = db.scalars(
        delete(Contact).where(Contact.reading_id.in_(readings)).returning(Contact.reading_id)
    ).all()
    sessions.record(db, key, user, session, "contacts deleted", now, contacts=len(gone))
