"""Passwords: which are good enough, changing one's own, and choosing one by a link that an admin passes on.

Whoever changes a password ends all logins of that user: a stolen cookie is worth nothing then.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import argon2
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import InvalidError, NotFoundError, UnavailableError
from app.services import audit, tokens, ways_in
from app.tables.people import PasswordLink, User

SHORTEST = 12
LONGEST = 1000
LINK_LASTS = timedelta(days=3)
CHANGED = "password changed"
_GOOD = 3  # of zxcvbn's 0–4: "safely unguessable: moderate protection from offline attacks"
_JUDGED = 72  # characters that zxcvbn looks at: it takes seconds for long ones
_UNKNOWN = "This link is not valid any more. Please ask an admin for a new one."

_hasher = argon2.PasswordHasher()
_AT_ONCE = 4  # each takes 64 MiB, so that a flood of sign-ins from many addresses takes 256 and no more
_WAIT_SECONDS = 3.0
_MOST_WAITING = 8  # so that most of the server's threads stay readers' own
_turns = threading.BoundedSemaphore(_AT_ONCE)
_places = threading.BoundedSemaphore(_AT_ONCE + _MOST_WAITING)
NONE = "none"  # in the place of a hash: no password fits
_BUSY = "Many people are signing in just now. Please try again in a moment."


def hashed(password: str, email: str) -> str:
    """What is stored of a password; raises InvalidError where it is too short, too long or easily guessed."""
    from zxcvbn import zxcvbn  # its lists of words take 50 ms to load, and are needed rarely

    if len(password) < SHORTEST:
        raise InvalidError(f"The password needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise InvalidError(f"The longest password has {LONGEST} characters.")
    known = ["blindread", email, *email.split("@")]
    if zxcvbn(password[:_JUDGED], user_inputs=known)["score"] < _GOOD:
        raise InvalidError("This password is easily guessed; some words that belong to nothing are better.")
    with _turn():
        return _hasher.hash(password)


def chosen(password: str, again: str, email: str) -> str:
    """The same for one that was typed twice; raises InvalidError where the two differ."""
    if password != again:
        raise InvalidError("The two new passwords differ.")
    return hashed(password, email)


def fits(password_hash: str, password: str) -> bool:
    """Whether this is the password; takes long by design. Raises UnavailableError where too many wait to be checked."""
    try:
        with _turn():
            return _hasher.verify(password_hash, password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False


@contextmanager
def _turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise UnavailableError(_BUSY)
    try:
        if not _turns.acquire(timeout=_WAIT_SECONDS):
            raise UnavailableError(_BUSY)
        try:
            yield
        finally:
            _turns.release()
    finally:
        _places.release()


def require(db: Session, user_id: str, password: str) -> User:
    """The user, if this is the password; raises InvalidError."""
    user = db.get_one(User, user_id)
    if not fits(user.password_hash, password):
        raise InvalidError("The present password is wrong; nothing was changed.")
    return user


def change(db: Session, user_id: str, password_hash: str, key: bytes, now: datetime) -> None:
    """Store what `hashed` gave; all logins of the user end, and all tokens."""
    _store(db, db.get_one(User, user_id), password_hash, now)
    _record(db, user_id, "by its user", key, now)


def offer(db: Session, user_id: str, now: datetime) -> str:
    """A link's token by which this user can choose a password once; the link before it ends."""
    db.execute(delete(PasswordLink).where(PasswordLink.user_id == user_id))
    token = tokens.new()
    db.add(PasswordLink(token_hash=tokens.digest(token), user_id=user_id, expires_at=now + LINK_LASTS))
    return token


def of_link(db: Session, token: str, now: datetime) -> str:
    """The address of the user whose link this is; raises NotFoundError."""
    return _linked(db, token, now).email


def choose(db: Session, token: str, password_hash: str, key: bytes, now: datetime) -> None:
    """Store the password that was chosen by a link, which ends with it, as all logins and tokens do; raises NotFoundError."""
    user = _linked(db, token, now)
    _store(db, user, password_hash, now)
    _record(db, user.id, "by a link", key, now)


def _linked(db: Session, token: str, now: datetime) -> User:
    user = db.scalar(
        select(User)
        .join(PasswordLink, PasswordLink.user_id == User.id)
        .where(
            PasswordLink.token_hash == tokens.digest(token),
            PasswordLink.expires_at > now,
            User.disabled_at.is_(None),
        )
    )
    if user is None:
        raise NotFoundError(_UNKNOWN)
    return user


def _store(db: Session, user: User, password_hash: str, now: datetime) -> None:
    user.password_hash = password_hash
    db.execute(delete(PasswordLink).where(PasswordLink.user_id == user.id))
    ways_in.end(db, user.id, now)


def _record(db: Session, user_id: str, how: str, key: bytes, now: datetime) -> None:
    who = f"user:{user_id}"
    audit.record(db, key, now=now, actor=who, action=CHANGED, subject=who, how=how)
