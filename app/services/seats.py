"""Who reads: a personal link, confirmed once in a browser, becomes a cookie that stands for a reading."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVarTuple

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from app.errors import ForbiddenError, NotFoundError, SignInRequiredError
from app.prepared import Selection
from app.services import knowing, tokens
from app.tables.mails import MailedLink
from app.tables.people import Reader, ReaderLogin
from app.tables.sessions import Reading, VttSession
from app.words.sentence import N_

Columns = TypeVarTuple("Columns")

LOGIN_LASTS = timedelta(days=30)
UNKNOWN_LINK = N_("This link is not valid. Please ask the person who invited you for a new one.")
SAW_THE_TRUTH = N_(
    "This browser is signed in as somebody who has seen the answers to this reading, and cannot be its reader."
)


@dataclass(frozen=True, slots=True)
class Landing:
    """What a personal link's page says before it is confirmed; after the day `valid_until` the link is no more."""

    public_title: str
    valid_until: date


@dataclass(frozen=True, slots=True)
class ReaderSeat:
    """The reading behind a reader's cookie."""

    reading_id: str
    session_id: str
    slot: int
    code: str

    @property
    def tag(self) -> str:
        """A name of the reading for its own pages, so that a page of one reading never speaks for another."""
        return tokens.digest(f"page of {self.reading_id}")[:16]


def open_link(db: Session, token: str, now: datetime) -> Landing:
    """The page of a link; changes nothing, since mail scanners open links, too. Raises NotFoundError."""
    reading = _linked(db, token, now)
    return Landing(db.get_one(VttSession, reading.session_id).public_title, reading.link_expires_at.date())


def confirm(db: Session, token: str, now: datetime, actor: str | None = None) -> str:
    """Open the reading in this browser; returns the token for its cookie. The link works again on other devices.

    `actor` is the researcher who is signed in there, if any; raises ForbiddenError for one who has seen the truth about its images.
    """
    return take(db, _linked(db, token, now), now, actor)


def take(db: Session, reading: Reading, now: datetime, actor: str | None) -> str:
    """The same for a reading whose reader is known already."""
    if actor and actor in knowing.knowers(db, reading.session_id):
        raise ForbiddenError(SAW_THE_TRUTH)
    reading.opened_at = reading.opened_at or now
    cookie = tokens.new()
    db.add(
        ReaderLogin(
            token_hash=tokens.digest(cookie),
            reading_id=reading.id,
            created_at=now,
            expires_at=now + LOGIN_LASTS,
            account=actor,
        )
    )
    return cookie


def sign_in_beside(db: Session, cookie: str, actor: str, now: datetime) -> None:
    """Somebody signs in in a browser that is a reader's: note who, so that a look at the truth ends the reading there; end it where they have looked.

    Nothing happens where the cookie is nobody's any more.
    """
    try:
        sat = seat(db, cookie, now)
    except SignInRequiredError:
        return
    login = db.get_one(ReaderLogin, tokens.digest(cookie))
    if actor in knowing.knowers(db, sat.session_id):
        db.delete(login)
    else:
        login.account = actor


def seat(db: Session, cookie: str, now: datetime) -> ReaderSeat:
    """Who is behind a cookie; raises SignInRequiredError where the link was revoked, renewed or has expired."""
    return ReaderSeat(*allowed(db, _SEAT, cookie, now))


def behind_cookie(query: Select[*Columns]) -> Selection[*Columns]:
    """A query of a reading, confined to the one that is behind a cookie; for `allowed`."""
    return Selection(
        query.join(ReaderLogin, ReaderLogin.reading_id == Reading.id).where(
            ReaderLogin.token_hash == bindparam("cookie"),
            ReaderLogin.expires_at > bindparam("now"),
            Reading.link_revoked_at.is_(None),
            Reading.link_expires_at > bindparam("now"),
        )
    )


def allowed(db: Session, query: Selection[*Columns], cookie: str, now: datetime) -> tuple[*Columns]:
    """The row of such a query; raises SignInRequiredError as `seat` does."""
    found = query.first(db, {"cookie": tokens.digest(cookie), "now": now})
    if found is None:
        raise SignInRequiredError(
            N_("Please open your personal link again. What is not saved yet waits in this browser.")
        )
    return found


_SEAT = behind_cookie(
    select(Reading.id, Reading.session_id, Reading.slot, Reader.code).join(
        Reader, Reader.id == Reading.reader_id
    )
)


def _linked(db: Session, token: str, now: datetime) -> Reading:
    found = tokens.digest(token)
    mailed = select(MailedLink.reading_id).where(MailedLink.token_hash == found)
    reading = db.scalar(select(Reading).where(or_(Reading.link_hash == found, Reading.id.in_(mailed))))
    if reading is None or reading.link_revoked_at is not None or reading.link_expires_at <= now:
        raise NotFoundError(UNKNOWN_LINK)
    return reading
