"""Who reads: a personal link, confirmed once in a browser, becomes a cookie that stands for a reading."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFoundError, SignInRequiredError
from app.services import tokens
from app.tables.people import ReaderLogin
from app.tables.sessions import Reading, VttSession

LOGIN_LASTS = timedelta(days=30)
_UNKNOWN_LINK = "This link is not valid. Please ask the person who invited you for a new one."


@dataclass(frozen=True, slots=True)
class Landing:
    """What a personal link's page says before it is confirmed."""

    public_title: str


@dataclass(frozen=True, slots=True)
class ReaderSeat:
    """The reading behind a reader's cookie."""

    reading_id: str
    session_id: str
    slot: int


def open_link(db: Session, token: str, now: datetime) -> Landing:
    """The page of a link; changes nothing, since mail scanners open links, too. Raises NotFoundError."""
    session = db.get_one(VttSession, _linked(db, token, now).session_id)
    return Landing(session.public_title)


def confirm(db: Session, token: str, now: datetime) -> str:
    """Open the reading in this browser; returns the token for its cookie. The link works again on other devices."""
    reading = _linked(db, token, now)
    reading.opened_at = reading.opened_at or now
    cookie = tokens.new()
    db.add(
        ReaderLogin(
            token_hash=tokens.digest(cookie),
            reading_id=reading.id,
            created_at=now,
            expires_at=now + LOGIN_LASTS,
        )
    )
    return cookie


def seat(db: Session, cookie: str, now: datetime) -> ReaderSeat:
    """Who is behind a cookie; raises SignInRequiredError where the link was revoked, renewed or has expired."""
    reading = db.scalar(
        select(Reading)
        .join(ReaderLogin, ReaderLogin.reading_id == Reading.id)
        .where(
            ReaderLogin.token_hash == tokens.digest(cookie),
            ReaderLogin.expires_at > now,
            Reading.link_revoked_at.is_(None),
            Reading.link_expires_at > now,
        )
    )
    if reading is None:
        raise SignInRequiredError("Please open your personal link again. What you rated is kept.")
    return ReaderSeat(reading.id, reading.session_id, reading.slot)


def _linked(db: Session, token: str, now: datetime) -> Reading:
    reading = db.scalar(select(Reading).where(Reading.link_hash == tokens.digest(token)))
    if reading is None or reading.link_revoked_at is not None or reading.link_expires_at <= now:
        raise NotFoundError(_UNKNOWN_LINK)
    return reading
