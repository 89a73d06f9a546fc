"""A session in work: paused, closed, opened again; each step is written to the audit trail, with its reason where it needs one."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import ConflictError
from app.services import audit, reasons, sessions
from app.services.people import SignedIn


def pause(db: Session, user: SignedIn, session_id: str, reason: str, key: bytes, now: datetime) -> None:
    """Let nobody rate for now; readers are told, and their pages keep what is under way. Raises ConflictError unless it is open."""
    session = sessions.own(db, user, session_id)
    if session.state == "paused":
        return
    if session.state != "open":
        raise ConflictError("Only an open session can be paused.")
    session.state = "paused"
    sessions.record(db, key, user, session, audit.PAUSED, now, reason=reasons.checked(reason))


def resume(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Go on after a pause; raises ConflictError unless it is paused."""
    session = sessions.own(db, user, session_id)
    if session.state == "open":
        return
    if session.state != "paused":
        raise ConflictError("Only a paused session goes on.")
    session.state = "open"
    sessions.record(db, key, user, session, audit.RESUMED, now)


def close(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """End the rating; closing twice is once. Raises ConflictError unless readers were at work."""
    session = sessions.own(db, user, session_id)
    if session.state == "closed":
        return
    if session.state not in {"open", "paused"}:
        raise ConflictError("Only an open session can be closed.")
    session.state, session.closed_at = "closed", now
    sessions.record(db, key, user, session, "session closed", now)


def reopen(db: Session, user: SignedIn, session_id: str, reason: str, key: bytes, now: datetime) -> None:
    """Let readers rate again in a closed session; the report says so from then on. Raises ConflictError unless it is closed."""
    session = sessions.own(db, user, session_id)
    if session.state == "open":
        return
    if session.state != "closed":
        raise ConflictError("Only a closed session can be opened again.")
    session.state = "open"
    sessions.record(db, key, user, session, audit.REOPENED, now, reason=reasons.checked(reason))
