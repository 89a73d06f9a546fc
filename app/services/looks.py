"""Looks at the truth: who may, who did, and what a report has to say of it. Each is in the audit trail before anything is shown.

Who looks while readers are at work sees one moment, a snapshot: answers that come later need another look, with a reason of its own.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError
from app.services import audit, eligibility, reasons
from app.tables.audit import AuditEvent
from app.tables.sessions import Rating, Reading, VttSession


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an early look sees: the stored answers (revisions) up to and with the number `last`."""

    at: datetime
    answers: int
    last: int


def require_allowed(db: Session, session: VttSession, actor: str) -> None:
    """Raise ConflictError while readers may still rate, unless this person has looked early, with a reason."""
    if session.state != "closed" and not audit.happened(db, audit.EARLY, _subject(session), actor):
        raise ConflictError("Close the session first: nobody looks at the truth while readers are at work.")


def look(db: Session, session: VttSession, *, actor: str, what: str, key: bytes, now: datetime) -> None:
    """Log a look at truth, after which this person reads on nowhere; raises ConflictError where `require_allowed` does."""
    require_allowed(db, session, actor)
    audit.record(db, key, now=now, actor=actor, action=audit.UNBLINDING, subject=_subject(session), what=what)
    eligibility.end_seats(db, session.id, actor, key)


def look_early(
    db: Session, session: VttSession, *, actor: str, reason: str, key: bytes, now: datetime
) -> None:
    """Log that a person looks at truth while readers may still rate, and why; the report says so from then on.

    Raises ConflictError unless readers are at work, InvalidError without a reason.
    """
    if session.state not in {"open", "paused"}:
        raise ConflictError("Only while readers are at work there is something to see before closing.")
    answers, last = given(db, session)
    audit.record(
        db,
        key,
        now=now,
        actor=actor,
        action=audit.EARLY,
        subject=_subject(session),
        reason=reasons.checked(reason),
        answers=answers,
        last=last,
    )


def given(db: Session, session: VttSession, until: Snapshot | None = None) -> tuple[int, int]:
    """How many answers (revisions) are stored, up to the snapshot where there is one, and the number of the last (0: none)."""
    query = (
        select(func.count(), func.coalesce(func.max(Rating.id), 0))
        .join(Reading, Reading.id == Rating.reading_id)
        .where(Reading.session_id == session.id)
    )
    if until:
        query = query.where(Rating.id <= until.last)
    answers, last = db.execute(query).one()
    return answers, last


def snapshot(db: Session, session: VttSession) -> Snapshot | None:
    """What the last early look saw, while readers may still rate; None where all answers count."""
    early = [] if session.state == "closed" else audit.events(db, audit.EARLY, _subject(session))
    return _seen(early[-1]) if early else None


def marks(db: Session, session: VttSession) -> tuple[str, ...]:
    """What a report has to say of how the session was closed and unblinded, a sentence each; usually nothing."""
    subject = _subject(session)
    said = [
        f"The truth was looked at on {event.at:%Y-%m-%d} while readers could still rate, after {event.details['answers']} answers "
        f"of all readers: “{event.details['reason']}”"
        for event in audit.events(db, audit.EARLY, subject)
    ]
    first_look = next((event.at for event in audit.events(db, audit.UNBLINDING, subject)), None)
    for event in audit.events(db, audit.REOPENED, subject):
        seen = first_look is not None and first_look < event.at
        after = " after the truth had been looked at" if seen else ""
        said.append(
            f"The session was closed and opened again on {event.at:%Y-%m-%d}{after}: “{event.details['reason']}”"
        )
    until = snapshot(db, session)
    if until:
        said.insert(0, f"This is an interim report of {until.at:%Y-%m-%d %H:%M} UTC: readers may still rate.")
    return tuple(said)


def looked(db: Session, session_id: str, actor: str) -> bool:
    """Whether this person has looked at this session's truth before."""
    return audit.happened(db, audit.UNBLINDING, f"session:{session_id}", actor)


def _seen(event: AuditEvent) -> Snapshot:
    return Snapshot(event.at, int(str(event.details["answers"])), int(str(event.details["last"])))


def _subject(session: VttSession) -> str:
    return f"session:{session.id}"
