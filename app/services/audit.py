"""Write the audit trail, and check that it is whole.

Each entry's MAC covers its content and the MAC before it, under a key that is not in the database: who changes,
drops or reorders entries without the key breaks the chain. Actors are pseudonyms ("user:<id>", "reader:<id>").
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import audit_head
from app.audit_head import Head
from app.db import FOLDER, after_commit
from app.errors import InvalidError
from app.tables.audit import AuditEvent

log = structlog.get_logger()
_START = "0" * 64
_KEEPING, _BEFORE = "audit head", "audit trail before"
_ROWS = text("SELECT number, at, actor, action, subject, details, mac FROM audit_events ORDER BY number")
UNBLINDING = "unblinding"  # truth joined to ratings was looked at
EARLY = "unblinding before closing"  # the same, while readers could still rate; with a reason
TRUTH_SEEN = "truth seen"  # the truth about single images was looked at
LOOKS = (UNBLINDING, TRUTH_SEEN)
PAUSED = "session paused"
RESUMED = "session resumed"
REOPENED = "session opened again"

FROZEN = "session frozen"
"""The action without which no session is frozen: a trail that lacks it was taken away."""


def record(
    db: Session, key: bytes, *, now: datetime, actor: str, action: str, subject: str, **details: object
) -> None:
    """Append one entry; call it in the transaction that does what it tells of. What changes is told as `old` and `new`."""
    last = _last(db)
    entry = _Entry(last.number + 1, now, actor, action, subject, details)
    mac = _mac(key, last.mac, entry)
    if mac is None:
        raise TypeError("an audit entry holds what JSON cannot")
    content = {"at": now, "actor": actor, "action": action, "subject": subject, "details": details}
    db.add(AuditEvent(number=entry.number, **content, mac=mac))
    db.flush()
    _keep_outside(db, key, last, Head(entry.number, mac))


def head(db: Session) -> dict[str, object]:
    """The last entry's number and MAC, copied into every export so that a cut tail shows later."""
    return asdict(_last(db))


def renew_head(db: Session, key: bytes, *, now: datetime, actor: str, reason: str) -> None:
    """Take the trail as it is, and go on from its end: for a database that was put back by other means. Raises InvalidError."""
    folder = db.info[FOLDER]
    try:
        kept = audit_head.read(folder, key)
        old: object = asdict(kept) if kept else None
    except InvalidError as error:
        old = error.sentence
    new = head(db)
    record(
        db,
        key,
        now=now,
        actor=actor,
        action="audit head renewed",
        subject="audit trail",
        old=old,
        new=new,
        reason=reason,
    )
    last = _last(db)
    after_commit(db, _KEEPING, lambda: audit_head.write(folder, key, last))


def _last(db: Session) -> Head:
    found = db.execute(
        select(AuditEvent.number, AuditEvent.mac).order_by(AuditEvent.number.desc()).limit(1)
    ).first()
    return Head(*found) if found else Head(0, _START)


def _keep_outside(db: Session, key: bytes, before: Head, new: Head) -> None:
    """Once the entry is kept, move the file on: only where it says what the trail said before, so that no cut is papered over."""
    folder = db.info.get(FOLDER)
    if folder is None:
        return
    first = db.info.setdefault(_BEFORE, before).number == 0
    if first or _agrees(db, key, folder):
        after_commit(db, _KEEPING, lambda: _keep(folder, key, new, first=first))
    else:
        log.error("the audit trail does not continue what audit.head says; run blindread verify")


def _agrees(db: Session, key: bytes, folder: Path) -> bool:
    try:
        kept = audit_head.read(folder, key)
    except InvalidError:
        return False
    return kept is not None and holds(db, kept)


def holds(db: Session, head: Head) -> bool:
    """Whether the trail has this entry."""
    found = db.scalar(select(AuditEvent.mac).where(AuditEvent.number == head.number))
    return head == Head(0, _START) or found == head.mac


def _keep(folder: Path, key: bytes, new: Head, *, first: bool) -> None:
    try:
        audit_head.advance(folder, key, new, first=first)
    except OSError as error:  # the next entry moves it on
        log.warning("audit.head lags behind", reason=error.strerror)


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
    """The number of the first entry that does not fit the chain, or None where it is whole.

    Rows are read as the database holds them, so that an entry which the program could not even read is found as well.
    """
    previous, expected = _START, 1
    for row in db.execute(_ROWS):
        entry = _entry(row)
        mac = _mac(key, previous, entry) if entry and entry.number == expected else None
        if mac is None or row.mac != mac:
            return expected
        previous, expected = mac, expected + 1
    return None


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, object]


def _entry(row: Any) -> _Entry | None:
    """A row's content; None where it is not written as the program writes it."""
    try:
        at = datetime.fromisoformat(row.at) if isinstance(row.at, str) else row.at
        details = json.loads(row.details) if isinstance(row.details, str) else row.details
        written = not isinstance(row.at, str) or at.isoformat(" ", "microseconds") == row.at
        written &= not isinstance(row.details, str) or json.dumps(details) == row.details
        return (
            _Entry(row.number, at.replace(tzinfo=UTC), row.actor, row.action, row.subject, details)
            if written
            else None
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _mac(key: bytes, previous: str, entry: _Entry) -> str | None:
    """None for values of a kind that the program never writes."""
    try:
        content = asdict(entry) | {"at": entry.at.astimezone(UTC).isoformat()}
        said = previous + json.dumps(content, sort_keys=True, separators=(",", ":"))
    except (TypeError, RecursionError):
        return None
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
