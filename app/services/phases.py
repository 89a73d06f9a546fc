"""Phases of a study: sessions that follow one another, each with what its readers are told, and with images of its own."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tables.sessions import Item, VttSession


def following(db: Session, session_id: str) -> VttSession | None:
    """The phase after this session."""
    return db.scalar(select(VttSession).where(VttSession.follows_id == session_id))


def earlier(db: Session, follows_id: str | None) -> Iterator[VttSession]:
    """The session that is followed and those before it, the last one first."""
    while follows_id:
        session = db.get_one(VttSession, follows_id)
        follows_id = session.follows_id
        yield session


def shown(db: Session, follows_id: str | None) -> frozenset[str]:
    """The ids of the images that these have shown, or will, for whatever purpose."""
    ids = [session.id for session in earlier(db, follows_id)]
    return (
        frozenset(db.scalars(select(Item.image_id).where(Item.session_id.in_(ids)))) if ids else frozenset()
    )
