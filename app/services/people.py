"""Users: adding them, signing in and out. Passwords stand in passwords.py, second factors in second_factor.py."""

import functools
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError, SignInRequiredError
from app.services import passwords, persons, tokens
from app.tables.people import Login, User

LOGIN_LASTS = timedelta(hours=12)
IDLE_LASTS = timedelta(hours=2)
USE_NOTED = timedelta(minutes=5)  # a login's use is written down at most this often
ROLES = ("admin", "researcher")
ERASED = "erased-"  # begins what stands in the place of an address that was erased


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and whether they have a second factor. `noted` is when that was written down last, None where it need not be."""

    id: str
    email: str
    role: str
    second_factor: bool
    noted: datetime | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def pseudonym(self) -> str:
        return f"user:{self.id}"


def add(db: Session, email: str, role: str, password: str | None, now: datetime) -> str:
    """Add a user; raises InvalidError or, where the address is taken, ConflictError. Returns the id.

    Without a password nobody can sign in until one was chosen by a link.
    """
    email = email.strip().lower()
    if not persons.is_address(email):
        raise InvalidError(f"“{email[: persons.LONGEST_ADDRESS]}” is not an e-mail address.")
    require_role(role)
    if db.scalar(select(User.id).where(User.email == email)):
        raise ConflictError(f"There is a user {email} already.")
    chosen = secrets.token_urlsafe(32) if password is None else password
    password_hash = passwords.hashed(chosen, email)
    user = User(id=tokens.identifier(), email=email, role=role, password_hash=password_hash, created_at=now)
    db.add(user)
    db.flush()
    return user.id


def require_role(role: str) -> None:
    """Raise InvalidError for a role that is none."""
    if role not in ROLES:
        raise InvalidError(f"The role is admin or researcher, not “{role}”.")


def check_password(db: Session, email: str, password: str) -> str:
    """The user's id; raises SignInRequiredError in the same words and time for an unknown address and a wrong password."""
    user = db.scalar(select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None)))
    right = passwords.fits(user.password_hash if user else _nobody(), password)
    if user is None or not right:
        raise SignInRequiredError("The e-mail address or the password is wrong.")
    return user.id


@functools.cache
def _nobody() -> str:
    """A hash to check against where there is no user, so that an unknown address takes as long as a known one."""
    return passwords.hashed(secrets.token_urlsafe(32), "")


def sign_in(db: Session, user_id: str, now: datetime, before: str = "") -> str:
    """Start a login and return its token for the browser's cookie; ended logins are swept, and the one that the browser had `before`."""
    ended = or_(
        Login.expires_at < now, Login.used_at < now - IDLE_LASTS, Login.token_hash == tokens.digest(before)
    )
    db.execute(delete(Login).where(ended))
    token = tokens.new()
    db.add(
        Login(
            token_hash=tokens.digest(token),
            user_id=user_id,
            created_at=now,
            used_at=now,
            expires_at=now + LOGIN_LASTS,
        )
    )
    return token


def who(db: Session, token: str, now: datetime) -> SignedIn:
    """The user behind a cookie; raises SignInRequiredError."""
    found = db.execute(
        select(User, Login.used_at, Login.created_at)
        .join(Login, Login.user_id == User.id)
        .where(Login.token_hash == tokens.digest(token), Login.expires_at > now, User.disabled_at.is_(None))
    ).first()
    if found is None:
        raise SignInRequiredError("Please sign in.")
    user, used_at, created_at = found
    used = used_at or created_at
    if used < now - IDLE_LASTS:
        raise SignInRequiredError("Nothing was done for two hours; please sign in again.")
    return signed_in(user, used if used < now - USE_NOTED else None)


def note_use(db: Session, token: str, now: datetime) -> None:
    """Write down that a login is in use."""
    db.execute(update(Login).where(Login.token_hash == tokens.digest(token)).values(used_at=now))


def sign_out(db: Session, token: str) -> None:
    """End a login; nothing happens where there is none."""
    db.execute(delete(Login).where(Login.token_hash == tokens.digest(token)))


def sign_out_elsewhere(db: Session, user: SignedIn, token: str) -> None:
    """End all logins of this user but this one."""
    db.execute(delete(Login).where(Login.user_id == user.id, Login.token_hash != tokens.digest(token)))


def logins(db: Session, user: SignedIn, now: datetime) -> int:
    """In how many browsers this user is signed in."""
    alive = (Login.user_id == user.id, Login.expires_at > now, Login.used_at > now - IDLE_LASTS)
    return len(list(db.scalars(select(Login.token_hash).where(*alive))))


def by_email(db: Session, email: str) -> SignedIn | None:
    user = db.scalar(select(User).where(User.email == email.strip().lower()))
    return signed_in(user) if user else None


def by_id(db: Session, user_id: str) -> SignedIn:
    """The user for whom work is done."""
    return signed_in(db.get_one(User, user_id))


def signed_in(user: User, noted: datetime | None = None) -> SignedIn:
    """What the rest of the program knows of a user."""
    return SignedIn(user.id, user.email, user.role, user.second_factor_at is not None, noted)


def is_erased(email: str) -> bool:
    """Whether this is no address, but what stands in the place of one that was erased."""
    return email.startswith(ERASED) and "@" not in email
