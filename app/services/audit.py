"""Write the audit trail, and check that it is whole.

Each entry's MAC covers its content and the MAC before it, under a key that is not in the database: who changes,
drops or reorders entries without the key breaks the chain. Actors are pseudonyms ("user:<id>", "reader:<id>").
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.tables.audit import AuditEvent

_START = "0" * 64
UNBLINDING = "unblinding"  # truth joined to ratings was looked at
EARLY = "unblinding before closing"  # the same, while readers could still rate; with a reason
TRUTH_SEEN = "truth seen"  # the truth about single images was looked at
LOOKS = (UNBLINDING, TRUTH_SEEN)
PAUSED = "session paused"
RESUMED = "session resumed"
REOPENED = "session opened again"


def record(
    db: Session, key: bytes, *, now: datetime, actor: str, action: str, subject: str, **details: object
) -> None:
    """Append one entry; call it in the transaction that does what it tells of."""
    last = db.scalars(select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1)).first()
    event = AuditEvent(
        number=last.number + 1 if last else 1,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        details=details,
        mac="",
    )
    event.mac = _mac(key, last.mac if last else _START, event)
    db.add(event)
    db.flush()


def head(db: Session) -> dict[str, object]:
    """The last entry's number and MAC, copied into every export so that a cut tail shows later."""
    last = db.scalars(select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1)).first()
    return {"number": last.number, "mac": last.mac} if last else {"number": 0, "mac": _START}


def happened(db: Session, action: str, subject: str, actor: str) -> bool:
    """Whether this actor did this to this subject before."""
    query = select(AuditEvent.number).where(
        AuditEvent.action == action, AuditEvent.subject == subject, AuditEvent.actor == actor
    )
    return db.scalar(query.limit(1)) is not None


def events(db: Session, action: str, subject: str) -> list[AuditEvent]:
    """What was done to this subject in this way, in its order."""
    query = select(AuditEvent).where(AuditEvent.action == action, AuditEvent.subject == subject)
    return list(db.scalars(query.order_by(AuditEvent.number)))


def actors(db: Session, actions: Iterable[str], subjects: Iterable[str]) -> list[str]:
    """Who did any of this to any of these subjects, each once."""
    query = select(AuditEvent.actor).where(
        AuditEvent.action.in_(actions), AuditEvent.subject.in_(list(subjects))
    )
    return sorted(set(db.scalars(query)))


def last(db: Session, actions: Iterable[str], subject: str) -> datetime | None:
    """When any of this was done to this subject last; None for never."""
    query = select(func.max(AuditEvent.at)).where(
        AuditEvent.action.in_(actions), AuditEvent.subject == subject
    )
    return db.scalar(query)


def first_break(db: Session, key: bytes) -> int | None:
    """The number of the first entry that does not fit the chain, or None where it is whole."""
    previous, expected = _START, 1
    for event in db.scalars(select(AuditEvent).order_by(AuditEvent.number)):
        if event.number != expected or not hmac.compare_digest(event.mac, _mac(key, previous, event)):
            return expected
        previous, expected = event.mac, expected + 1
    return None


def _mac(key: bytes, previous: str, event: AuditEvent) -> str:
    content: Mapping[str, object] = {
        "number": event.number,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "details": event.details,
    }
    text = previous + json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
