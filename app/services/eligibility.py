"""Who may not read a session: who has seen the truth about its images, and where the protocol says so, who has read images of its sets before.

People are compared by the fingerprints of their addresses, so nobody has to know who they are.
"""

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.errors import ForbiddenError
from app.protocol.design import Protocol
from app.services import knowing, persons, phases
from app.services.seats import SAW_THE_TRUTH, ReaderSeat
from app.tables.contacts import Person
from app.tables.people import ReaderLogin, User
from app.tables.sessions import Reading, SessionShare, VttSession
from app.words.sentence import N_

_KNOWS = "This person owns or shares this session or has seen the truth about images of its sets, and cannot be its reader."
_HAS_READ = "This person has already read images of this set."
_YOU_HAVE_READ = N_(
    "This study is for readers who have not seen its images before, and you have read some of them in another study. Please tell the person who invited you."
)


def hindrance(db: Session, session: VttSession, fingerprint: str, key: bytes) -> str:
    """Why this person cannot be invited, in words that tell nothing of any other session; empty where nothing speaks against it."""
    if _knows(db, session, fingerprint, key):
        return _KNOWS
    if _wants_fresh(session) and _has_read(db, session, fingerprint):
        return _HAS_READ
    return ""


def require(db: Session, seat: ReaderSeat, key: bytes) -> None:
    """Raise ForbiddenError for a reader who has seen the truth since the invitation, or read elsewhere before beginning here.

    Readers are known by the addresses that they were invited by; of others nothing can be said.
    """
    person, session = db.get(Person, seat.reading_id), db.get_one(VttSession, seat.session_id)
    if person is None:
        return
    if _knows(db, session, person.fingerprint, key):
        raise ForbiddenError(SAW_THE_TRUTH)
    begun = db.get_one(Reading, seat.reading_id).started_at is not None
    if not begun and _wants_fresh(session) and _has_read(db, session, person.fingerprint):
        raise ForbiddenError(_YOU_HAVE_READ)


def end_seats(db: Session, session_id: str, actor: str, key: bytes) -> None:
    """Let somebody who now knows the truth read on nowhere where it is about the same sets; answers that were saved stay.

    Ended are the browsers of readings by the account's own address, and those in which the account was signed in.
    """
    user = db.get(User, actor.removeprefix("user:"))
    if user is None:
        return
    readings = select(Reading.id).where(Reading.session_id.in_(knowing.sharing(db, session_id)))
    own = select(Person.reading_id).where(Person.fingerprint == persons.fingerprint(key, user.email))
    db.execute(
        delete(ReaderLogin).where(
            ReaderLogin.reading_id.in_(readings),
            or_(ReaderLogin.account == actor, ReaderLogin.reading_id.in_(own)),
        )
    )


def _knows(db: Session, session: VttSession, fingerprint: str, key: bytes) -> bool:
    looked = knowing.knowers(db, session.id)
    colleagues = db.scalars(select(SessionShare.user_id).where(SessionShare.session_id == session.id))
    ids = {session.owner_id, *colleagues, *(actor.removeprefix("user:") for actor in looked)}
    emails = db.scalars(select(User.email).where(User.id.in_(ids)))
    return fingerprint in {persons.fingerprint(key, email) for email in emails}


def _wants_fresh(session: VttSession) -> bool:
    return Protocol.from_json(session.protocol).fresh_readers


def _has_read(db: Session, session: VttSession, fingerprint: str) -> bool:
    """Whether this person was shown images in a session of another study that has a set in common with this one."""
    of_study = {session.id, *(one.id for one in phases.earlier(db, session.follows_id))}
    others = set(knowing.sharing(db, session.id)) - of_study
    query = (
        select(Reading.id)
        .join(Person, Person.reading_id == Reading.id)
        .where(
            Person.fingerprint == fingerprint,
            Reading.started_at.is_not(None),
            Reading.session_id.in_(others),
        )
    )
    return db.scalar(query.limit(1)) is not None
