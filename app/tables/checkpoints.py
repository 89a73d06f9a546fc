"""Generators: snapshots of training runs, kept as safetensors."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Checkpoint(Table):
    """A generator that was read from a file, or that could not be (then `artifact` is empty and the job says why)."""

    __tablename__ = "checkpoints"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    artifact: Mapped[str | None] = mapped_column(String(120))
    facts: Mapped[dict[str, object]] = mapped_column(JSON)
    preview: Mapped[str | None] = mapped_column(String(120))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]
