"""Who uses the system: users with passwords, and readers who are known by a code alone."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class User(Table):
    """A researcher or an admin.

    The secret of the second factor is not stored: it follows from the installation's key and `second_factor_salt`. It is asked for
    from `second_factor_at` on; the time step of the last code taken is `second_factor_step`, so that no code is taken twice.
    """

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('admin', 'researcher')", name="role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    second_factor_salt: Mapped[str | None] = mapped_column(String(32))
    second_factor_at: Mapped[datetime | None]
    second_factor_step: Mapped[int] = mapped_column(default=0, server_default="0")


class Login(Table):
    """A browser in which a user is signed in; only the hash of its cookie is kept. `used_at` is right to some minutes."""

    __tablename__ = "logins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class PasswordLink(Table):
    """A link by which a user chooses a password, once; only its hash is kept."""

    __tablename__ = "password_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    expires_at: Mapped[datetime]


class RecoveryCode(Table):
    """A code that stands in for the second factor, once; only its hash is kept."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


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
