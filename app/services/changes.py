"""What of a design was changed from what to what, as the audit trail tells it: long texts by their sha256, for they may name people."""

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.services import sessions
from app.tables.sessions import VttSession

_LONGEST = 120  # characters that are told as they are


def design(db: Session, session: VttSession) -> dict[str, object]:
    """A draft's fields by name."""
    arms = [[arm.image_set_id, arm.label, arm.n_synthetic] for arm in sessions.arms_of(db, session.id)]
    fields = ("title", "public_title", "real_set_id", "n_real", "follows_id")
    return {name: getattr(session, name) for name in fields} | session.protocol | {"arms": arms}


def between(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """The fields that differ, each with what it was and what it is."""
    names = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    return {name: {"old": told(old.get(name)), "new": told(new.get(name))} for name in names}


def told(value: object) -> object:
    """A short value as it is; of a long one its sha256."""
    return value if len(json.dumps(value)) <= _LONGEST else digest(value)


def digest(value: object) -> str:
    """What tells a text from another without saying it."""
    return f"sha256:{hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()}"
