"""Erasures as they stand in the audit trail, copied outside the database, so that restoring an older backup brings nobody back."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import erasure_ledger
from app.db import FOLDER
from app.erasure_ledger import Line
from app.errors import UnavailableError
from app.tables.audit import AuditEvent

IDENTITY, RATINGS = "reader erased, ratings kept", "reader erased with all ratings"
USER = "user erased"


def note(db: Session, key: bytes) -> None:
    """Have every erasure of the audit trail in the ledger, this block's own too: on disk before the block is committed.

    So nobody is told of an erasure that a restore would not do again. Raises UnavailableError where the ledger cannot be written.
    """
    folder: Path | None = db.info.get(FOLDER)
    if folder is None:
        return
    query = (
        select(AuditEvent).where(AuditEvent.action.in_((IDENTITY, RATINGS, USER))).order_by(AuditEvent.number)
    )
    lines = [_line(event) for event in db.scalars(query)]
    try:
        erasure_ledger.add(folder, key, lines)
    except OSError as error:
        raise UnavailableError(
            f"The erasure cannot be written down beside the database, so nothing was erased: {error.strerror}."
        ) from error


def _line(event: AuditEvent) -> Line:
    """A user's line names no session, and the user where others name the reading."""
    if event.action == USER:
        return Line(event.at.isoformat(), USER, "", event.subject.removeprefix("user:"))
    session_id = event.subject.removeprefix("session:")
    return Line(event.at.isoformat(), event.action, session_id, str(event.details["reading"]))
