"""Designs that researchers keep under a name; the built-in ones stand beside them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ConflictError, NotFoundError
from app.protocol import templates as built_in
from app.protocol.design import Protocol
from app.services import imagesets, sessions, tokens
from app.services.people import SignedIn
from app.tables.templates import Template

MOST = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """A template to begin from; `key` stands in addresses, `own` ones can be deleted."""

    key: str
    name: str
    fits: str
    own: bool


def choices(db: Session, user: SignedIn) -> list[Choice]:
    """The user's templates by name, then the built-in ones."""
    query = select(Template).where(Template.owner_id == user.id).order_by(Template.name)
    mine = [
        Choice(found.id, found.name, f"Saved on {found.saved_at:%Y-%m-%d}.", own=True)
        for found in db.scalars(query)
    ]
    return mine + [Choice(one.key, one.name, one.fits, own=False) for one in built_in.BUILT_IN]


def protocol(db: Session, user: SignedIn, key: str) -> Protocol:
    """The protocol of a template; raises NotFoundError."""
    for one in built_in.BUILT_IN:
        if one.key == key:
            return one.protocol
    return Protocol.from_json(_own(db, user, key).protocol)


def save(db: Session, user: SignedIn, session_id: str, name: str, now: datetime) -> None:
    """Keep the protocol of a session under a name; a template of this name is replaced."""
    name, design = imagesets.named(name), sessions.own(db, user, session_id).protocol
    mine = list(db.scalars(select(Template).where(Template.owner_id == user.id)))
    there = next((found for found in mine if found.name == name), None)
    if there:
        there.protocol, there.saved_at = design, now
        return
    if len(mine) >= MOST:
        raise ConflictError(f"There are {MOST} templates already; delete one first.")
    db.add(Template(id=tokens.identifier(), owner_id=user.id, name=name, protocol=design, saved_at=now))
    db.flush()


def discard(db: Session, user: SignedIn, key: str) -> None:
    """Delete a template of one's own; sessions that began from it stay as they are. Raises NotFoundError."""
    db.delete(_own(db, user, key))


def _own(db: Session, user: SignedIn, key: str) -> Template:
    found = db.get(Template, key)
    if found is None or found.owner_id != user.id:
        raise NotFoundError("There is no such template.")
    return found
