"""Become a reader by an open link: a fresh code, and a personal link of one's own."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ClosedError, NotFoundError
from app.services import audit, invitations, tokens
from app.services.invitations import Invited
from app.tables.open_links import OpenLink
from app.tables.sessions import VttSession
from app.words.sentence import N_

_UNKNOWN = N_("This address is not valid. Please ask whoever gave it to you for a new one.")
_FULL = N_("This reading has all the readers that it needs. Thank you for your interest.")
_NOT_OPEN = N_("This reading is not open just now. Please come back later with the same link.")


def title(db: Session, token: str) -> tuple[str, str]:
    """The session of an open link and what readers know it by; raises NotFoundError, or ClosedError where nobody can join."""
    _, session = _open(db, token)
    return session.id, session.public_title


def join(db: Session, token: str, key: bytes, now: datetime) -> Invited:
    """A fresh reader with the next free code; raises as `title` does."""
    link, session = _open(db, token)
    invited = invitations.invite(db, session.id, session.owner_id, None, now)
    link.joined += 1
    audit.record(
        db,
        key,
        now=now,
        actor=f"reading:{invited.reading_id}",
        action="reader joined",
        subject=f"session:{session.id}",
        reading=invited.reading_id,
    )
    return invited


def _open(db: Session, token: str) -> tuple[OpenLink, VttSession]:
    link = db.scalar(select(OpenLink).where(OpenLink.token_hash == tokens.digest(token)))
    if link is None or link.closed_at is not None:
        raise NotFoundError(_UNKNOWN)
    session = db.get_one(VttSession, link.session_id)
    if session.state != "open":
        raise ClosedError(_NOT_OPEN)
    if link.joined >= link.most:
        raise ClosedError(_FULL)
    return link, session
