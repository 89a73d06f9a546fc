"""Addresses by which anybody can become a reader of a session."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class OpenLink(Table):
    """A session's open link (only its hash): at most `most` readers join by it, `joined` have, until it is closed."""

    __tablename__ = "open_links"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("vtt_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    most: Mapped[int]
    joined: Mapped[int]
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
