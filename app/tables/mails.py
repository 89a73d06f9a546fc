"""Mail to readers: its wording in a session, what was sent, and the links in it. No column here holds a name or an address."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Mail(Table):
    """A mail to a reader. `waiting` for its job, `sent` (the server took it), `refused`, or `shown` to be copied by hand."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("kind IN ('invitation', 'reminder')", name="kind"),
        CheckConstraint("status IN ('waiting', 'sent', 'refused', 'shown')", name="status"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    reading_id: Mapped[str] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class MailedLink(Table):
    """A link to a reading that stands in a mail, besides the reading's own; only its hash is kept."""

    __tablename__ = "mailed_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reading_id: Mapped[str] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"), index=True)


class MailWording(Table):
    """A researcher's own wording of a session's mails of one kind."""

    __tablename__ = "mail_wordings"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("vtt_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(150))
    body: Mapped[str] = mapped_column(Text)


class NoReminders(Table):
    """Somebody who wants no reminders: the fingerprint of a person, or the reading of one whose address was never known."""

    __tablename__ = "no_reminders"

    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class AutomaticReminders(Table):
    """A session whose stalled readers the worker reminds by itself after so many idle days."""

    __tablename__ = "automatic_reminders"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("vtt_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    days: Mapped[int]
