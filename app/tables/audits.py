"""Blinding audits. Their results are joined with the truth, so code that serves readers never imports this module."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Audit(Table):
    """One audit of a frozen session's bytes; `result` is empty until it has ended, and then stays as it is."""

    __tablename__ = "audits"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("vtt_sessions.id"), index=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    result: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
