"""What stands before and after a session in its study, for its researcher."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.errors import ConflictError
from app.services import phases, sessions
from app.services.people import SignedIn
from app.tables.sessions import VttSession


@dataclass(frozen=True, slots=True)
class Phase:
    """A session beside another one of the same study."""

    id: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The phases just before and just after a session, None where there is none."""

    before: Phase | None
    after: Phase | None


def neighbours(db: Session, user: SignedIn, session_id: str) -> Neighbours:
    """What stands beside a session; raises NotFoundError for one that is not the user's."""
    session = sessions.own(db, user, session_id)
    before = db.get(VttSession, session.follows_id) if session.follows_id else None
    return Neighbours(_phase(before), _phase(phases.following(db, session.id)))


def title(db: Session, user: SignedIn, session_id: str) -> str:
    """The title of a session of the user's; empty for none."""
    session = sessions.of_user(db, user, session_id)
    return session.title if session else ""


def require_free(db: Session, user: SignedIn, follows_id: str, session_id: str = "") -> None:
    """Raise unless the session `follows_id` is the user's, nothing but `session_id` follows it, and it does not follow that: NotFoundError, ConflictError."""
    sessions.of_owner(db, user, follows_id)
    if session_id in {one.id for one in phases.earlier(db, follows_id)}:
        raise ConflictError("A session cannot follow itself, nor one that follows it.")
    there = phases.following(db, follows_id)
    if there is not None and there.id != session_id:
        raise ConflictError(f"“{there.title}” follows that session already; let the new one follow this.")


def _phase(session: VttSession | None) -> Phase | None:
    return Phase(session.id, session.title, session.state) if session else None
