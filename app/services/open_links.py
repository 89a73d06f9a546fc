"""A session's open link as its researcher handles it: made, made anew, closed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.protocol.design import Protocol
from app.services import invitations, sessions, tokens
from app.services.people import SignedIn
from app.tables.open_links import OpenLink
from app.typed import whole_number

MOST = 1000


@dataclass(frozen=True, slots=True)
class OpenLinkView:
    """How far an open link is used, and whether it still takes readers."""

    most: int
    joined: int
    closed: bool


def view(db: Session, session_id: str) -> OpenLinkView | None:
    """The open link of a session; None where there never was one."""
    link = db.get(OpenLink, session_id)
    return OpenLinkView(link.most, link.joined, link.closed_at is not None) if link else None


def make(db: Session, user: SignedIn, session_id: str, most: str, key: bytes, now: datetime) -> str:
    """An open link for so many readers in all, instead of an earlier one; returns its token, shown this once."""
    session = sessions.own(db, user, session_id)
    invitations.require_invitable(session)
    if Protocol.from_json(session.protocol).fresh_readers:
        raise ConflictError(
            "This protocol excludes who has read these sets before, and by an open link nobody is known: invite by e-mail."
        )
    wanted = whole_number(most, 1, MOST)
    if wanted is None:
        raise InvalidError(f"The number of readers is a whole number from 1 to {MOST}.")
    token = tokens.new()
    link = db.get(OpenLink, session.id) or OpenLink(session_id=session.id, joined=0)
    link.token_hash, link.most, link.made_at, link.closed_at = tokens.digest(token), wanted, now, None
    db.add(link)
    sessions.record(db, key, user, session, "open link made", now, most=wanted)
    return token


def close(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Let nobody join any more; who has joined reads on. Closing twice is once."""
    session = sessions.own(db, user, session_id)
    link = db.get(OpenLink, session.id)
    if link is None:
        raise ConflictError("This session has no open link.")
    if link.closed_at is None:
        link.closed_at = now
        sessions.record(db, key, user, session, "open link closed", now, joined=link.joined)
