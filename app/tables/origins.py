"""The truth, alone: where each image came from. Few services may import this module (see pyproject.toml)."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Origin(Table):
    """Whether an image is real or synthetic, and whatever goes with that."""

    __tablename__ = "origins"
    __table_args__ = (
        CheckConstraint("kind IN ('real', 'synthetic')", name="kind"),
        Index("uq_origins_sampled", "image_set_id", "seed", unique=True),
        Index("uq_origins_imported", "image_set_id", "place", "frame", unique=True),
    )

    image_id: Mapped[str] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    image_set_id: Mapped[str] = mapped_column(ForeignKey("image_sets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]
    height: Mapped[int]
    mode: Mapped[str] = mapped_column(String(4))
    # real: its place in the import, the patient's random group, the allow-listed facts
    place: Mapped[int | None]
    frame: Mapped[int | None]
    patient_group: Mapped[int | None]
    # real: whether its pixels may hold writing (why and where: in the facts), and who said that it identifies nobody
    text_suspected: Mapped[bool] = mapped_column(default=False)
    text_cleared_by: Mapped[str | None] = mapped_column(String(64))
    text_cleared_at: Mapped[datetime | None]
    # synthetic: what renders it again
    checkpoint_id: Mapped[str | None] = mapped_column(ForeignKey("checkpoints.id"))
    seed: Mapped[int | None]
    facts: Mapped[dict[str, object]] = mapped_column(JSON)
