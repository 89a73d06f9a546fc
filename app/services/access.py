"""Whose a session is: its owner's, and that of the colleagues with whom it is shared; an admin's, too."""

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.errors import ForbiddenError, InvalidError
from app.services import audit, remembering
from app.services.people import SignedIn
from app.tables.people import User
from app.tables.sessions import SessionShare, VttSession

NOT_OWNER = "Only the owner of this session can do this; it is shared with you."


def may_handle(db: Session, user: SignedIn, session: VttSession) -> bool:
    """Whether this user may see and conduct the session."""
    return is_owner(user, session) or db.get(SessionShare, (session.id, user.id)) is not None


def is_owner(user: SignedIn, session: VttSession) -> bool:
    """Whether it is this user's own; an admin counts as everybody's owner."""
    return user.is_admin or session.owner_id == user.id


def require_owner(user: SignedIn, session: VttSession) -> None:
    """Raise ForbiddenError for a colleague; what needs the owner's own image sets, or gives access away, is not shared."""
    if not is_owner(user, session):
        raise ForbiddenError(NOT_OWNER)


def theirs(user: SignedIn) -> ColumnElement[bool]:
    """The condition on sessions that a user who is no admin may handle."""
    shared = select(SessionShare.session_id).where(SessionShare.user_id == user.id)
    return or_(VttSession.owner_id == user.id, VttSession.id.in_(shared))


def colleagues(db: Session, session: VttSession) -> list[tuple[str, str]]:
    """(id, address) of those with whom it is shared, in the order of their addresses."""
    query = (
        select(User.id, User.email)
        .join(SessionShare, SessionShare.user_id == User.id)
        .where(SessionShare.session_id == session.id)
        .order_by(User.email)
    )
    return [(key, email) for key, email in db.execute(query)]


def share(db: Session, user: SignedIn, session: VttSession, email: str, key: bytes, now: datetime) -> None:
    """Let a colleague handle this session, too; raises InvalidError where there is no such user."""
    require_owner(user, session)
    email = email.strip().lower()
    other = db.scalar(select(User).where(User.email == email, User.disabled_at.is_(None)))
    if other is None:
        raise InvalidError(f"There is no user {email}. An admin adds users.")
    if other.id == session.owner_id:
        raise InvalidError("That is the owner of this session.")
    if db.get(SessionShare, (session.id, other.id)) is None:
        db.add(SessionShare(session_id=session.id, user_id=other.id, shared_at=now))
        _record(db, user, session, "session shared", other.id, key, now)


def stop_sharing(
    db: Session, user: SignedIn, session: VttSession, user_id: str, key: bytes, now: datetime
) -> None:
    """Share it with this colleague no more; a colleague may leave by themselves."""
    if user_id != user.id:
        require_owner(user, session)
    found = db.get(SessionShare, (session.id, user_id))
    if found is not None:
        db.delete(found)
        remembering.forget_contents(db, user_id)
        _record(db, user, session, "session shared no more", user_id, key, now)


def _record(
    db: Session, user: SignedIn, session: VttSession, action: str, other: str, key: bytes, now: datetime
) -> None:
    subject = f"session:{session.id}"
    audit.record(
        db, key, now=now, actor=user.pseudonym, action=action, subject=subject, colleague=f"user:{other}"
    )
