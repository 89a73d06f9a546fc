"""Mail to a session's readers as its researcher handles it: who is to get one, asked for, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.errors import ConflictError
from app.mail.message import Letter
from app.services import audit, invitations, jobs, letters, sessions, tokens
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.contacts import Contact
from app.tables.jobs import Job
from app.tables.mails import Mail
from app.tables.sessions import Reading, VttSession

MAIL_JOB = "mail"


@dataclass(frozen=True, slots=True)
class MailState:
    """What became of a mail to a reader; `at` is when the server took it, else when it was asked for."""

    kind: str
    status: str
    reason: str
    at: datetime


def states(db: Session, session_id: str) -> dict[str, list[MailState]]:
    """All mails to each reader of a session, by reading, in their order."""
    query = (
        select(Mail)
        .join(Reading, Reading.id == Mail.reading_id)
        .where(Reading.session_id == session_id)
        .order_by(Mail.created_at, Mail.id)
    )
    found: dict[str, list[MailState]] = {}
    for mail in db.scalars(query):
        state = MailState(mail.kind, mail.status, mail.reason, mail.sent_at or mail.created_at)
        found.setdefault(mail.reading_id, []).append(state)
    return found


def last_job(db: Session, session_id: str, now: datetime) -> JobView | None:
    """The job that sends this session's mail, or sent it last."""
    query = (
        select(Job)
        .join(Mail, Mail.job_id == Job.id)
        .join(Reading, Reading.id == Mail.reading_id)
        .where(Reading.session_id == session_id)
        .order_by(Job.created_at.desc(), Job.id)
    )
    job = db.scalars(query.limit(1)).first()
    return jobs.shown(job, now) if job else None


def uninvited(db: Session, session_id: str, *, by_mail: bool) -> list[str]:
    """The readings, in their order, that have not begun and got no invitation; `by_mail`: those alone whose address is known.

    One that an ended job left unsent is to be sent yet; one that was refused is not.
    """
    mailed = select(Mail.reading_id).where(Mail.kind == "invitation", ~left())
    query = select(Reading.id).where(
        Reading.session_id == session_id,
        Reading.link_revoked_at.is_(None),
        Reading.withdrawn_at.is_(None),
        Reading.declined_at.is_(None),
        Reading.started_at.is_(None),
        Reading.id.not_in(mailed),
    )
    if by_mail:
        query = query.join(Contact, Contact.reading_id == Reading.id)
    return list(db.scalars(query.order_by(Reading.slot)))


def send(
    db: Session,
    session: VttSession,
    kind: str,
    reading_ids: Sequence[str],
    *,
    owner_id: str,
    actor: str,
    key: bytes,
    now: datetime,
) -> None:
    """Ask the worker for a mail to each of these readings, in a job of `owner_id`'s; raises ConflictError where there is none."""
    _require(session, reading_ids)
    job_id = jobs.enqueue(db, owner_id, MAIL_JOB, {"session_id": session.id, "actor": actor}, now)
    unsent = select(Mail).where(Mail.kind == kind, Mail.reading_id.in_(reading_ids), left())
    again = {mail.reading_id: mail for mail in db.scalars(unsent)}
    for reading_id in reading_ids:
        mail = again.get(reading_id) or _add(db, reading_id, kind, "waiting", now)
        mail.job_id = job_id
    audit.record(
        db,
        key,
        now=now,
        actor=actor,
        action=f"{kind}s asked for",
        subject=f"session:{session.id}",
        readings=list(reading_ids),
    )


def show(
    db: Session,
    user: SignedIn,
    session: VttSession,
    kind: str,
    reading_ids: Sequence[str],
    base: str,
    key: bytes,
    now: datetime,
) -> list[tuple[str, Letter]]:
    """The letters to these readings, each by its reader's code, for a researcher to send by hand; raises ConflictError where there is none."""
    _require(session, reading_ids)
    mails = [_add(db, reading_id, kind, "shown", now) for reading_id in reading_ids]
    sessions.record(db, key, user, session, f"{kind}s shown", now, readings=list(reading_ids))
    return [letters.write(db, mail, base, key, now) for mail in mails]


def _require(session: VttSession, reading_ids: Sequence[str]) -> None:
    invitations.require_invitable(session)
    if not reading_ids:
        raise ConflictError("There is nobody left to write to.")


def left() -> ColumnElement[bool]:
    """Whether a mail was asked for and its job ended without it."""
    ended = select(Job.id).where(Job.finished_at.is_not(None))
    return (Mail.status == "waiting") & Mail.job_id.in_(ended)


def _add(db: Session, reading_id: str, kind: str, status: str, now: datetime) -> Mail:
    mail = Mail(
        id=tokens.identifier(), reading_id=reading_id, kind=kind, status=status, reason="", created_at=now
    )
    db.add(mail)
    db.flush()
    return mail
