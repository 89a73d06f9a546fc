"""Generators: snapshots of training runs, kept as safetensors, and pictures of what they draw."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Experiment(Table):
    """A training run: its checkpoints belong together.

    `facts` are what its owner typed; `run` is what its folder told at `read_at`, without the ticks, which stand in the artifact `course`.
    """

    __tablename__ = "experiments"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    run: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))
    course: Mapped[str | None] = mapped_column(String(120))
    read_at: Mapped[datetime | None]
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class Comparison(Table):
    """Experiments side by side: what was `asked`, and what the worker `made` of it, files by their names."""

    __tablename__ = "comparisons"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    asked: Mapped[dict[str, object]] = mapped_column(JSON)
    made: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class Checkpoint(Table):
    """A generator that was read from a file, or that could not be (then `artifact` is empty and the job says why).

    `snapshot` is the file's name in its run's folder, where it came from one.
    """

    __tablename__ = "checkpoints"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    experiment_id: Mapped[str | None] = mapped_column(ForeignKey("experiments.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    artifact: Mapped[str | None] = mapped_column(String(120))
    snapshot: Mapped[str | None] = mapped_column(String(160))
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
