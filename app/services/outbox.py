"""The mails of a job, one by one: written at the last moment, and ticked off as soon as the mail server has them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail.message import Letter
from app.services import audit, letters, opting_out
from app.tables.contacts import Contact
from app.tables.mails import Mail, NoReminders
from app.tables.sessions import Reading, VttSession


def waiting(db: Session, job_id: str) -> list[str]:
    """The mails of a job that the server has not taken yet, in their order."""
    query = select(Mail.id).where(Mail.job_id == job_id, Mail.status == "waiting")
    return list(db.scalars(query.order_by(Mail.created_at, Mail.id)))


def write(db: Session, mail_id: str, base: str, key: bytes, now: datetime) -> Letter | None:
    """The letter to be sent now; None, with the reason kept, where there is nobody any more whom it could serve."""
    mail = db.get_one(Mail, mail_id)
    reason = _pointless(db, mail)
    if reason:
        mail.status, mail.reason = "refused", reason
        return None
    return letters.write(db, mail, base, key, now)[1]


def tick_off(db: Session, mail_id: str, actor: str, key: bytes, now: datetime) -> None:
    """Write down that the server took a mail over."""
    mail = db.get_one(Mail, mail_id)
    mail.status, mail.sent_at, mail.reason = "sent", now, ""
    session_id = db.get_one(Reading, mail.reading_id).session_id
    audit.record(
        db,
        key,
        now=now,
        actor=actor,
        action=f"{mail.kind} sent",
        subject=f"session:{session_id}",
        reading=mail.reading_id,
        mail=mail.id,
    )


def refuse(db: Session, mail_id: str, reason: str) -> None:
    """Write down that the server will never take a mail."""
    mail = db.get_one(Mail, mail_id)
    mail.status, mail.reason = "refused", reason


def _pointless(db: Session, mail: Mail) -> str:
    reading = db.get_one(Reading, mail.reading_id)
    if db.get(Contact, reading.id) is None:
        return "The address was deleted before the mail was sent."
    if reading.link_revoked_at or reading.withdrawn_at or reading.declined_at or reading.finished_at:
        return "The reader had finished, or was out, before the mail was sent."
    state = db.get_one(VttSession, reading.session_id).state
    if state == "closed":
        return "The session was closed before the mail was sent."
    if mail.kind == "reminder" and state != "open":
        return "The session was paused before the mail was sent; the reader can be reminded when it goes on."
    unwanted = db.get(NoReminders, opting_out.who(db, reading.id))
    if mail.kind == "reminder" and unwanted is not None:
        return "The reader wanted no more reminders before the mail was sent."
    return ""
