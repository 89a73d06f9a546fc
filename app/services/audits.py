"""Blinding audits as the program keeps them: asked for, finished, and what they allow. No item's truth stands in a verdict."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.services import audit, jobs, tokens, unblinding
from app.tables.audits import Audit
from app.tables.sessions import VttSession

AUDIT_JOB = "audit"
SHORTEST_REASON, LONGEST_REASON = 10, 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a finished audit: `blocks` forbid opening, `findings` need a reason, `warnings` are told."""

    audit_id: str
    blocks: tuple[str, ...]
    findings: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def may_open(self) -> bool:
        return not self.blocks


def request(db: Session, session: VttSession, owner_id: str, actor: str, now: datetime) -> str:
    """Ask the worker for an audit of a frozen session's bytes; returns the audit's id, of the one in work where there is one.

    Raises ConflictError for a draft.
    """
    newest = newest_of(db, session.id)
    working = jobs.shown_by_id(db, newest.job_id, now) if newest else None
    if newest and newest.finished_at is None and working and not working.ended:
        return newest.id
    audit_id = begin(db, session, now)
    payload: dict[str, object] = {"audit_id": audit_id, "session_id": session.id, "actor": actor}
    db.get_one(Audit, audit_id).job_id = jobs.enqueue(db, owner_id, AUDIT_JOB, payload, now)
    db.flush()
    return audit_id


def begin(db: Session, session: VttSession, now: datetime) -> str:
    """An audit without a result yet; returns its id. Raises ConflictError for a draft."""
    if session.manifest_sha256 is None:
        raise ConflictError(
            "Freeze the session first: the audit looks at the very bytes that readers will get."
        )
    made = Audit(
        id=tokens.identifier(), session_id=session.id, manifest_sha256=session.manifest_sha256, asked_at=now
    )
    db.add(made)
    db.flush()
    return made.id


def newest_of(db: Session, session_id: str) -> Audit | None:
    """The audit that was asked for last, finished or not."""
    query = select(Audit).where(Audit.session_id == session_id).order_by(Audit.asked_at.desc(), Audit.id)
    return db.scalars(query.limit(1)).first()


def finished_of(db: Session, session: VttSession) -> Audit | None:
    """The last finished audit of the bytes as they are frozen."""
    query = (
        select(Audit)
        .where(
            Audit.session_id == session.id,
            Audit.manifest_sha256 == session.manifest_sha256,
            Audit.finished_at.is_not(None),
        )
        .order_by(Audit.finished_at.desc(), Audit.id)
    )
    return db.scalars(query.limit(1)).first()


def session_of(db: Session, audit_id: str) -> VttSession:
    """The session that an audit is of."""
    return db.get_one(VttSession, db.get_one(Audit, audit_id).session_id)


def finish(
    db: Session, audit_id: str, result: Mapping[str, Any], *, actor: str, key: bytes, now: datetime
) -> None:
    """Keep a result, for ever; a second call for a finished audit does nothing."""
    made = db.get_one(Audit, audit_id)
    if made.finished_at is not None:
        return
    made.result, made.finished_at = dict(result), now
    db.flush()
    told = verdict(made)
    audit.record(
        db,
        key,
        now=now,
        actor=actor,
        action="session audited",
        subject=f"session:{made.session_id}",
        audit=made.id,
        result_sha256=hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest(),
        blocks=list(told.blocks),
        findings=list(told.findings),
    )


def verdict(made: Audit) -> Verdict:
    """What follows from a finished audit."""
    result = cast("dict[str, Any]", made.result)
    transport, pixels = result["transport"], result["pixels"]
    findings = [result["unmeasured"]] if pixels is None else [found["title"] for found in pixels["findings"]]
    if pixels is not None and pixels["alarms"] and not findings:
        findings.append("Classifier")
    return Verdict(
        made.id,
        tuple(transport["blocks"]),
        tuple(findings),
        (*transport["warnings"], *result["warnings"]),
    )


def require(db: Session, session: VttSession, reason: str) -> dict[str, object]:
    """What the audit trail keeps of the audit when a session is opened.

    Raises ConflictError where there is no finished audit or one that blocks, InvalidError where findings need a reason.
    """
    made = finished_of(db, session)
    if made is None:
        raise ConflictError("The blinding audit has not been finished; a session is opened only after it.")
    told, reason = verdict(made), reason.strip()
    if told.blocks:
        raise ConflictError(f"The blinding audit forbids opening: {' '.join(told.blocks)}")
    if not told.findings:
        return {"audit": made.id}
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise InvalidError(
            "The blinding audit found what may give images away; to open all the same, write why, "
            f"in {SHORTEST_REASON} to {LONGEST_REASON} characters."
        )
    return {"audit": made.id, "findings": list(told.findings), "reason": reason}


def looked(db: Session, session_id: str, actor: str) -> bool:
    """Whether this person has seen which single images of this session are synthetic."""
    return audit.happened(db, audit.TRUTH_SEEN, f"session:{session_id}", actor)


def truths(db: Session, session_id: str) -> dict[int, str]:
    """The truth about each item by its number; only for who has looked."""
    return dict(enumerate(unblinding.truth(db, session_id), start=1))


def aggregate(db: Session, audit_id: str) -> dict[str, Any]:
    """A finished audit's result without anything about single images: no numbers, no pairs."""
    made = db.get_one(Audit, audit_id)
    result = json.loads(json.dumps(made.result))
    del result["neighbours"]["pairs"]
    if result["pixels"] is not None:
        result["pixels"]["duplicates"] = len(result["pixels"]["duplicates"])
        for found in result["pixels"]["findings"]:
            del found["images"]
    told = verdict(made)
    return {
        "session": made.session_id,
        "manifest_sha256": made.manifest_sha256,
        "may_open": told.may_open,
        "blocks": list(told.blocks),
        "need_a_reason": list(told.findings),
        "warnings": list(told.warnings),
        **result,
    }
