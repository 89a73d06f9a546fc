"""Who may not read a session: who has seen its truth, and where the protocol says so, who has read images of its sets before.

People are compared by the fingerprints of their addresses, so nobody has to know who they are.
"""

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.errors import ForbiddenError
from app.protocol.design import Protocol
from app.services import audit, persons
from app.services.seats import SAW_THE_TRUTH, ReaderSeat
from app.tables.contacts import Person
from app.tables.people import User
from app.tables.sessions import Arm, Reading, VttSession

_KNOWS = "This person owns this session or has seen its truth, and cannot be its reader."
_HAS_READ = "This person has already read images of this set."


def hindrance(db: Session, session: VttSession, fingerprint: str, key: bytes) -> str:
    """Why this person cannot be invited, in words that tell nothing of any other session; empty where nothing speaks against it."""
    if _knows(db, session, fingerprint, key):
        return _KNOWS
    if Protocol.from_json(session.protocol).fresh_readers and _has_read(db, session, fingerprint):
        return _HAS_READ
    return ""


def require_blind(db: Session, seat: ReaderSeat, key: bytes) -> None:
    """Raise ForbiddenError for a reader whose address is that of an account that has seen the truth since the invitation."""
    person = db.get(Person, seat.reading_id)
    if person and _knows(db, db.get_one(VttSession, seat.session_id), person.fingerprint, key):
        raise ForbiddenError(SAW_THE_TRUTH)


def _knows(db: Session, session: VttSession, fingerprint: str, key: bytes) -> bool:
    subject = f"session:{session.id}"
    looked = {actor for act in audit.LOOKS for actor in audit.actors(db, act, subject)}
    ids = {session.owner_id, *(actor.removeprefix("user:") for actor in looked)}
    emails = db.scalars(select(User.email).where(User.id.in_(ids)))
    return fingerprint in {persons.fingerprint(key, email) for email in emails}


def _has_read(db: Session, session: VttSession, fingerprint: str) -> bool:
    """Whether this person was shown images in another session that has a set in common with this one."""
    sets = _sets(db, session)
    sharing = select(Arm.session_id).where(Arm.image_set_id.in_(sets))
    query = (
        select(Reading.id)
        .join(Person, Person.reading_id == Reading.id)
        .join(VttSession, VttSession.id == Reading.session_id)
        .where(
            Person.fingerprint == fingerprint,
            Reading.started_at.is_not(None),
            VttSession.id != session.id,
            or_(VttSession.real_set_id.in_(sets), VttSession.id.in_(sharing)),
        )
    )
    return db.scalar(query.limit(1)) is not None


def _sets(db: Session, session: VttSession) -> Iterable[str]:
    arms = db.scalars(select(Arm.image_set_id).where(Arm.session_id == session.id))
    return {session.real_set_id, *arms}
