"""VTT sessions, their items, readings and ratings. No column here tells an item's truth."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class VttSession(Table):
    """A visual Turing test: draft, frozen, open, paused or closed. `preview_of` names the session that this one only shows to its researcher,
    `follows_id` the phase of the study before it.
    """

    __tablename__ = "vtt_sessions"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'frozen', 'open', 'paused', 'closed')", name="state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    public_title: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    real_set_id: Mapped[str] = mapped_column(ForeignKey("image_sets.id"))
    n_real: Mapped[int]
    protocol: Mapped[dict[str, object]] = mapped_column(JSON)
    order_secret: Mapped[str] = mapped_column(String(64))
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    preview_of: Mapped[str | None] = mapped_column(String(32), index=True)
    follows_id: Mapped[str | None] = mapped_column(String(32), index=True, unique=True)
    report_job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class SessionShare(Table):
    """A colleague with whom the owner of a session shares it."""

    __tablename__ = "session_shares"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("vtt_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    shared_at: Mapped[datetime]


class Arm(Table):
    """A checkpoint under test: the synthetic set that is mixed with the real one."""

    __tablename__ = "arms"
    __table_args__ = (UniqueConstraint("session_id", "image_set_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("vtt_sessions.id", ondelete="CASCADE"))
    image_set_id: Mapped[str] = mapped_column(ForeignKey("image_sets.id"))
    label: Mapped[str] = mapped_column(String(120))
    n_synthetic: Mapped[int]


class Item(Table):
    """An image of a frozen session. Numbers are given in a random order, so they tell nothing.

    A practice item carries the feedback that its reader gets after answering; no other item has any. A repeat has the image of
    the item that it repeats. A block holds real images and those of one model, or all of them. Where readers read some of the images, part 1, 2, …
    is that of the item, and part 0 is for all readers.
    """

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("session_id", "number"),
        CheckConstraint("kind IN ('main', 'practice', 'repeat', 'catch', 'anchor')", name="kind"),
        CheckConstraint("feedback IS NULL OR kind = 'practice'", name="feedback"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("vtt_sessions.id"))
    image_id: Mapped[str] = mapped_column(ForeignKey("images.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    block: Mapped[int] = mapped_column(default=1, server_default="1")
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    stimulus_sha256: Mapped[str] = mapped_column(String(64))
    feedback: Mapped[str | None] = mapped_column(String(16))


class Reading(Table):
    """One reader's pass through a session, and the personal link to it (only its hash).

    `answered` is the last answered position, of which the first `practised` are practice; `total` counts those after them, and
    a break is offered after so many answers to these as each of `breaks` says. `finished_at` is when the last image was answered, `confirmed_at` when its reader left that answer as it is, where it could still be changed.
    Where a reader was erased, `erased_at` is when, and `erased_ratings` how many ratings went, None where they were kept.
    `consent` holds the text that was agreed to, by its sha256, and when; `about` and
    `afterwards` the answers to the questionnaire; `display` what the display check found. Who withdrew is not analysed.
    """

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("session_id", "reader_id"), UniqueConstraint("session_id", "slot"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("vtt_sessions.id"))
    reader_id: Mapped[str] = mapped_column(ForeignKey("readers.id"))
    slot: Mapped[int]
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)
    link_expires_at: Mapped[datetime]
    link_revoked_at: Mapped[datetime | None]
    invited_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    told: Mapped[dict[str, object] | None] = mapped_column(JSON)
    answered: Mapped[int] = mapped_column(default=0)
    practised: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    breaks: Mapped[list[int] | None] = mapped_column(JSON)
    consent: Mapped[dict[str, object] | None] = mapped_column(JSON)
    declined_at: Mapped[datetime | None]
    about: Mapped[list[dict[str, object]] | None] = mapped_column(JSON)
    afterwards: Mapped[list[dict[str, object]] | None] = mapped_column(JSON)
    display: Mapped[dict[str, object] | None] = mapped_column(JSON)
    instructed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    erased_ratings: Mapped[int | None]


class Presentation(Table):
    """An item at its position in one reading, under a random name of its own. Practice that was not passed is presented again."""

    __tablename__ = "presentations"
    __table_args__ = (UniqueConstraint("reading_id", "position"),)

    token: Mapped[str] = mapped_column(String(32), primary_key=True)
    reading_id: Mapped[str] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"))
    position: Mapped[int]
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))


class Exposure(Table):
    """What a reader has seen of an image whose exposure is limited: `seen_ms` before the view that began at `since`, if one is going on."""

    __tablename__ = "exposures"

    token: Mapped[str] = mapped_column(
        ForeignKey("presentations.token", ondelete="CASCADE"), primary_key=True
    )
    seen_ms: Mapped[float]
    since: Mapped[datetime | None]


class Rating(Table):
    """An answer to one item; a correction is a further revision, nothing is overwritten."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("reading_id", "item_id", "revision"),
        UniqueConstraint("reading_id", "key"),
        CheckConstraint("answer IN ('real', 'synthetic')", name="answer"),
        CheckConstraint("likert >= 1", name="likert"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reading_id: Mapped[str] = mapped_column(ForeignKey("readings.id"))
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))
    revision: Mapped[int]
    answer: Mapped[str] = mapped_column(String(16))
    likert: Mapped[int]
    key: Mapped[str] = mapped_column(String(64))
    shown_ms: Mapped[float]
    first_action_ms: Mapped[float | None]
    viewport: Mapped[dict[str, object]] = mapped_column(JSON)
    remark: Mapped[str | None] = mapped_column(Text)
    marks: Mapped[list[dict[str, object]] | None] = mapped_column(JSON)
    rated_at: Mapped[datetime]
