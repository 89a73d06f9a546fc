"""What goes by itself once it is no longer needed: names and addresses some days after a study was closed, and whatever has run out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from app.services import audit, remembering
from app.tables.api import RememberedAnswer
from app.tables.contacts import Contact, Person
from app.tables.people import Login, PasswordLink, ReaderLogin
from app.tables.sessions import Reading, VttSession

ACTOR = "retention"
CONTACTS, FINGERPRINTS = "contacts deleted", "fingerprints deleted"
_RUN_OUT = (Login, PasswordLink, ReaderLogin)


@dataclass(frozen=True, slots=True)
class Periods:
    """Days after a session was closed; 0 keeps for good."""

    contacts: int
    fingerprints: int


def due(db: Session, periods: Periods, now: datetime) -> bool:
    """Whether anything is to go: asked in a reading block, so that nobody's answer waits where nothing is."""
    if any(db.scalar(select(ended.token_hash).where(ended.expires_at < now).limit(1)) for ended in _RUN_OUT):
        return True
    if db.scalar(select(RememberedAnswer.key_hash).where(_forgotten(now)).limit(1)):
        return True
    return any(_closed_with(db, table, days, now) for table, days, _ in _kinds(periods))


def apply(db: Session, periods: Periods, key: bytes, now: datetime) -> int:
    """Let go what is due; returns how many names, addresses and fingerprints went. Each session's part is an entry of the audit trail."""
    for ended in _RUN_OUT:
        db.execute(delete(ended).where(ended.expires_at < now))
    db.execute(delete(RememberedAnswer).where(_forgotten(now)))
    gone = 0
    for table, days, action in _kinds(periods):
        for session_id in _closed_with(db, table, days, now):
            readings = select(Reading.id).where(Reading.session_id == session_id)
            taken = db.scalars(
                delete(table).where(table.reading_id.in_(readings)).returning(table.reading_id)
            ).all()
            gone += len(taken)
            audit.record(
                db,
                key,
                now=now,
                actor=ACTOR,
                action=action,
                subject=f"session:{session_id}",
                deleted=len(taken),
                reason=f"{days} days after closing",
            )
    return gone


def _forgotten(now: datetime) -> ColumnElement[bool]:
    return RememberedAnswer.made_at <= now - remembering.LASTS


def _kinds(periods: Periods) -> list[tuple[type[Contact] | type[Person], int, str]]:
    kinds = ((Contact, periods.contacts, CONTACTS), (Person, periods.fingerprints, FINGERPRINTS))
    return [(table, days, action) for table, days, action in kinds if days]


def _closed_with(db: Session, table: type[Contact] | type[Person], days: int, now: datetime) -> list[str]:
    """Sessions that are closed, and have been for so many days, of whose readers such rows are kept."""
    query = (
        select(VttSession.id)
        .join(Reading, Reading.session_id == VttSession.id)
        .join(table, table.reading_id == Reading.id)
        .where(VttSession.state == "closed", VttSession.closed_at < now - timedelta(days=days))
    )
    return sorted(set(db.scalars(query)))
