"""Check that what was fixed is still as it was: the audit trail, stimuli, truth, orders and manifests."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.audit_head import Head
from app.errors import InvalidError
from app.protocol.design import Protocol
from app.services import audit, manifests, orders, stimuli, triggers, unblinding
from app.services.stimuli import Source
from app.tables.audit import AuditEvent
from app.tables.images import Image
from app.tables.sessions import Item, Presentation, Reading, VttSession


def audit_trail(db: Session, key: bytes, kept: Head | None) -> int:
    """The number of entries; `kept` is the end that stood outside the database before this block began.

    Raises InvalidError naming the first entry that does not fit, or telling that the trail was cut.
    """
    broken = audit.first_break(db, key)
    if broken is not None:
        raise InvalidError(f"The audit trail was changed: entry {broken} does not fit the one before it.")
    entries = db.scalar(select(func.count()).select_from(AuditEvent)) or 0
    if kept is None and entries:
        raise InvalidError(
            "The file audit.head is missing, so a cut end of the audit trail would not show. Where you know why, "
            "`blindread verify --renew-head REASON` makes it anew."
        )
    _knows_its_sessions(db)
    if kept is not None:
        known_head(db, kept)
    return entries


def _knows_its_sessions(db: Session) -> None:
    """Raise InvalidError where a session was frozen and no entry says so: then a trail was taken away whole, and its head with it."""
    known = select(AuditEvent.subject).where(AuditEvent.action == audit.FROZEN)
    subjects = set(db.scalars(known))
    for session_id in frozen_sessions(db):
        if f"session:{session_id}" not in subjects:
            raise InvalidError(
                f"The audit trail was taken away: session {session_id} is frozen, and no entry tells of that."
            )


def known_head(db: Session, head: Head) -> None:
    """Raise InvalidError where the trail does not go back to this entry, which was known outside the database."""
    entries = db.scalar(select(func.max(AuditEvent.number))) or 0
    if entries < head.number:
        raise InvalidError(
            f"The audit trail was cut: it ends with entry {entries}, and entry {head.number} is known outside the database."
        )
    if not audit.holds(db, head):
        raise InvalidError(
            f"The audit trail was changed: entry {head.number} is not the one that is known outside the database."
        )


def refusals(db: Session) -> int:
    """The number of triggers by which the database refuses changes; raises InvalidError naming those that are gone or switched off."""
    gone = triggers.missing(db)
    if gone:
        raise InvalidError(
            f"The database does not refuse every change any more: it lacks {', '.join(gone)}. What these guard could be "
            "changed since; restore a backup that has them."
        )
    return len(triggers.standing(db))


def frozen_sessions(db: Session) -> list[str]:
    """The sessions whose bytes are fixed."""
    query = select(VttSession.id).where(VttSession.frozen_at.is_not(None)).order_by(VttSession.frozen_at)
    return list(db.scalars(query))


def session(db: Session, artifacts: Artifacts, session_id: str) -> int:
    """The number of stimuli that are as the manifest says; raises InvalidError naming the first that is not.

    Checked are the manifest, its items, the stimuli's bytes, that the stored images still give those bytes, that truth and secret
    are the ones it committed to, and that each reader's order is the one which the secret gives.
    """
    row = db.get_one(VttSession, session_id)
    if row.manifest_sha256 is None:
        raise InvalidError("This session is not frozen, so there is nothing to verify.")
    raw = _bytes(artifacts, f"manifests/{session_id}.json", "The manifest is gone.")
    if hashlib.sha256(raw).hexdigest() != row.manifest_sha256:
        raise InvalidError("The manifest was changed: its sha256 is not the frozen one.")
    manifest = json.loads(raw)
    promised = {entry["number"]: entry["sha256"] for entry in manifest["stimuli"]}
    items = list(db.scalars(select(Item).where(Item.session_id == session_id).order_by(Item.number)))
    if promised != {item.number: item.stimulus_sha256 for item in items}:
        raise InvalidError("The session's items are not those of its manifest.")
    for number, digest in promised.items():
        data = _bytes(artifacts, f"stimuli/{digest[:2]}/{digest}.png", f"Stimulus {number} is gone.")
        if hashlib.sha256(data).hexdigest() != digest:
            raise InvalidError(f"Stimulus {number} was changed: its sha256 is not the frozen one.")
    _derive_again(db, artifacts, row, items)
    _check_commitments(db, row, manifest)
    _check_orders(db, row)
    return len(items)


def _derive_again(db: Session, artifacts: Artifacts, row: VttSession, items: Sequence[Item]) -> None:
    stored = dict(
        db.execute(
            select(Item.id, Image.sha256)
            .join(Image, Image.id == Item.image_id)
            .where(Item.session_id == row.id)
        ).all()
    )
    sources = [Source(stored[item.id], item.kind) for item in items]
    again = stimuli.derived(artifacts, sources, Protocol.from_json(row.protocol).mends)
    try:
        for item, encoded in zip(items, again, strict=True):
            if hashlib.sha256(encoded).hexdigest() != item.stimulus_sha256:
                raise InvalidError(f"Stimulus {item.number} is not what its stored image gives.")
    except (OSError, ValueError) as error:
        raise InvalidError("An image that a stimulus was made from is gone or damaged.") from error


def _check_commitments(db: Session, row: VttSession, manifest: Mapping[str, Any]) -> None:
    secret = row.order_secret
    if manifest["truth_commitment"] != manifests.truth_commitment(secret, unblinding.truth(db, row.id)):
        raise InvalidError("The truth is not the one that the manifest committed to.")
    if "order" in manifest and manifest["order"]["commitment"] != manifests.order_commitment(secret):
        raise InvalidError("The orders' secret is not the one that the manifest committed to.")


def _check_orders(db: Session, row: VttSession) -> None:
    for reading in db.scalars(select(Reading).where(Reading.session_id == row.id).order_by(Reading.slot)):
        shown = list(
            db.scalars(
                select(Presentation.item_id)
                .where(Presentation.reading_id == reading.id)
                .order_by(Presentation.position)
            )
        )
        drawn = orders.whole(db, row, reading.slot, reading.practised)
        if shown != drawn[: len(shown)]:
            raise InvalidError(
                f"The order of reader number {reading.slot} is not the one drawn at the freeze."
            )


def _bytes(artifacts: Artifacts, name: str, sentence: str) -> bytes:
    try:
        return artifacts.get(name)
    except FileNotFoundError as error:
        raise InvalidError(sentence) from error
