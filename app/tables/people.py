"""Who uses the system: users with passwords, and readers who are known by a code alone."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class User(Table):
    """A researcher or an admin."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('admin', 'researcher')", name="role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Login(Table):
    """A browser in which a user is signed in; only the hash of its cookie is kept."""

    __tablename__ = "logins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Reader(Table):
    """A clinician, known to a researcher by a code; names and addresses are not kept."""

    __tablename__ = "readers"
    __table_args__ = (UniqueConstraint("owner_id", "code"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    code: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class ReaderLogin(Table):
    """A browser in which a reader confirmed a personal link; only the hash of its cookie is kept.

    `account` is the pseudonym of the researcher or admin who was signed in in the same browser then, or later.
    """

    __tablename__ = "reader_logins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reading_id: Mapped[str] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    account: Mapped[str | None] = mapped_column(String(64))
