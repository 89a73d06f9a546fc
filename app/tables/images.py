"""Images and sets. An image says nothing of where it came from: that stands in origins, alone."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Image(Table):
    """Pixels, by the sha256 of their file; nothing that goes with the truth."""

    __tablename__ = "images"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))


class ImageSet(Table):
    """A named set of real images (an import) or of synthetic ones (a sampling job)."""

    __tablename__ = "image_sets"
    __table_args__ = (CheckConstraint("kind IN ('real', 'synthetic')", name="kind"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    pipeline: Mapped[dict[str, object]] = mapped_column(JSON)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class Distance(Table):
    """How far a synthetic set is from a real one by one network's features; `found` is the measurement with all that it takes to repeat it."""

    __tablename__ = "distances"

    image_set_id: Mapped[str] = mapped_column(ForeignKey("image_sets.id"), primary_key=True)
    real_set_id: Mapped[str] = mapped_column(ForeignKey("image_sets.id"), primary_key=True)
    extractor: Mapped[str] = mapped_column(String(120), primary_key=True)
    found: Mapped[dict[str, object]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class Refusal(Table):
    """A file of an import that was not kept: its place in the upload and the reason, never its name."""

    __tablename__ = "refusals"
    __table_args__ = (UniqueConstraint("image_set_id", "place", "frame"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_set_id: Mapped[str] = mapped_column(ForeignKey("image_sets.id", ondelete="CASCADE"))
    place: Mapped[int]
    frame: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
