"""Generators: snapshots of training runs, kept as safetensors, and pictures of what they draw."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Experiment(Table):
    """A training run: its checkpoints belong together."""

    __tablename__ = "experiments"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]


class Checkpoint(Table):
    """A generator that was read from a file, or that could not be (then `artifact` is empty and the job says why)."""

    __tablename__ = "checkpoints"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    experiment_id: Mapped[str | None] = mapped_column(ForeignKey("experiments.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    artifact: Mapped[str | None] = mapped_column(String(120))
    facts: Mapped[dict[str, object]] = mapped_column(JSON)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class Picture(Table):
    """What a checkpoint draws, as one PNG file; `facts` say what stands where in it.

    `subject` is the set of real images that neighbours were looked for in, empty for the other kinds.
    """

    __tablename__ = "pictures"
    __table_args__ = (
        CheckConstraint("kind IN ('grid', 'truncation', 'interpolation', 'neighbours')", name="kind"),
    )

    checkpoint_id: Mapped[str] = mapped_column(ForeignKey("checkpoints.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True)
    artifact: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, object]] = mapped_column(JSON)
    created_at: Mapped[datetime]
