"""Check that what was fixed is still as it was: the audit trail, stimuli and manifests."""

import hashlib
import json

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import InvalidError
from app.services import audit
from app.tables.audit import AuditEvent
from app.tables.sessions import Item, VttSession


def audit_trail(db: Session, key: bytes) -> int:
    """The number of entries; raises InvalidError naming the first that does not fit."""
    broken = audit.first_break(db, key)
    if broken is not None:
        raise InvalidError(f"The audit trail was changed: entry {broken} does not fit the one before it.")
    return db.scalar(select(func.count()).select_from(AuditEvent)) or 0


def frozen_sessions(db: Session) -> list[str]:
    """The sessions whose bytes are fixed."""
    query = select(VttSession.id).where(VttSession.frozen_at.is_not(None)).order_by(VttSession.frozen_at)
    return list(db.scalars(query))


def session(db: Session, artifacts: Artifacts, session_id: str) -> int:
    """The number of stimuli that are as the manifest says; raises InvalidError naming the first that is not."""
    row = db.get_one(VttSession, session_id)
    if row.manifest_sha256 is None:
        raise InvalidError("This session is not frozen, so there is nothing to verify.")
    raw = _bytes(artifacts, f"manifests/{session_id}.json", "The manifest is gone.")
    if hashlib.sha256(raw).hexdigest() != row.manifest_sha256:
        raise InvalidError("The manifest was changed: its sha256 is not the frozen one.")
    promised = {entry["number"]: entry["sha256"] for entry in json.loads(raw)["stimuli"]}
    items = list(db.scalars(select(Item).where(Item.session_id == session_id).order_by(Item.number)))
    if promised != {item.number: item.stimulus_sha256 for item in items}:
        raise InvalidError("The session's items are not those of its manifest.")
    for number, digest in promised.items():
        data = _bytes(artifacts, f"stimuli/{digest[:2]}/{digest}.png", f"Stimulus {number} is gone.")
        if hashlib.sha256(data).hexdigest() != digest:
            raise InvalidError(f"Stimulus {number} was changed: its sha256 is not the frozen one.")
    return len(items)


def _bytes(artifacts: Artifacts, name: str, sentence: str) -> bytes:
    try:
        return artifacts.get(name)
    except FileNotFoundError as error:
        raise InvalidError(sentence) from error
