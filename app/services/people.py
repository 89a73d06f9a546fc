"""Users: adding them, signing in and out."""

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta

import argon2
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError, SignInRequiredError
from app.services import tokens
from app.tables.people import Login, User

LOGIN_LASTS = timedelta(hours=12)
SHORTEST_PASSWORD = 12
ROLES = ("admin", "researcher")

_hasher = argon2.PasswordHasher()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in."""

    id: str
    email: str
    role: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def pseudonym(self) -> str:
        return f"user:{self.id}"


def add(db: Session, email: str, role: str, password: str, now: datetime) -> str:
    """Add a user; raises InvalidError or, where the address is taken, ConflictError. Returns the id."""
    email = email.strip().lower()
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@") or len(email) > 254:
        raise InvalidError(f"“{email}” is not an e-mail address.")
    if role not in ROLES:
        raise InvalidError(f"The role is admin or researcher, not “{role}”.")
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidError(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    if db.scalar(select(User.id).where(User.email == email)):
        raise ConflictError(f"There is a user {email} already.")
    user = User(
        id=tokens.identifier(), email=email, role=role, password_hash=_hasher.hash(password), created_at=now
    )
    db.add(user)
    db.flush()
    return user.id


def check_password(db: Session, email: str, password: str) -> str:
    """The user's id; raises SignInRequiredError in the same words and time for an unknown address and a wrong password."""
    user = db.scalar(select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None)))
    try:
        _hasher.verify(user.password_hash if user else _nobody(), password)
    except argon2.exceptions.VerifyMismatchError:
        user = None
    if user is None:
        raise SignInRequiredError("The e-mail address or the password is wrong.")
    return user.id


@functools.cache
def _nobody() -> str:
    """A hash to check against where there is no user, so that an unknown address takes as long as a known one."""
    return _hasher.hash("the password of nobody")


def sign_in(db: Session, user_id: str, now: datetime) -> str:
    """Start a login and return its token for the browser's cookie; ended logins are swept."""
    db.execute(delete(Login).where(Login.expires_at < now))
    token = tokens.new()
    db.add(
        Login(token_hash=tokens.digest(token), user_id=user_id, created_at=now, expires_at=now + LOGIN_LASTS)
    )
    return token


def who(db: Session, token: str, now: datetime) -> SignedIn:
    """The user behind a cookie; raises SignInRequiredError."""
    user = db.scalar(
        select(User)
        .join(Login, Login.user_id == User.id)
        .where(Login.token_hash == tokens.digest(token), Login.expires_at > now, User.disabled_at.is_(None))
    )
    if user is None:
        raise SignInRequiredError("Please sign in.")
    return SignedIn(user.id, user.email, user.role)


def sign_out(db: Session, token: str) -> None:
    """End a login; nothing happens where there is none."""
    db.execute(delete(Login).where(Login.token_hash == tokens.digest(token)))


def by_email(db: Session, email: str) -> SignedIn | None:
    user = db.scalar(select(User).where(User.email == email.strip().lower()))
    return SignedIn(user.id, user.email, user.role) if user else None
