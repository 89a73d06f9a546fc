"""Readers' personal links: given out, renewed, revoked; and how far each reader is, without any look at truth."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError, NotFoundError
from app.services import orders, tokens
from app.tables.mails import MailedLink
from app.tables.people import Reader, ReaderLogin
from app.tables.sessions import Reading, VttSession

LINK_LASTS = timedelta(days=180)
LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class Invited:
    """A link that was just made; the token is shown this once."""

    reading_id: str
    code: str
    token: str


@dataclass(frozen=True, slots=True)
class ReaderProgress:
    """How far a reader is."""

    reading_id: str
    code: str
    answered: int
    total: int
    invited_at: datetime
    opened_at: datetime | None
    started_at: datetime | None
    last_seen_at: datetime | None
    finished_at: datetime | None
    consented: bool
    declined: bool
    withdrawn: bool
    revoked: bool
    erased: bool
    expires_at: datetime

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come from this reader."""
        return self.finished_at is not None or self.declined or self.withdrawn or self.revoked


def invite(db: Session, session_id: str, owner_id: str, code: str | None, now: datetime) -> Invited:
    """A reading and its link; raises ConflictError unless the session is frozen or open, or where the reader has one."""
    require_invitable(db.get_one(VttSession, session_id))
    reader = _reader(db, owner_id, code or _next_code(db, session_id), now)
    if db.scalar(select(Reading.id).where(Reading.session_id == session_id, Reading.reader_id == reader.id)):
        raise ConflictError(f"Reader {reader.code} is invited already; renew the link if it was lost.")
    return add(db, session_id, reader, now)


def add(db: Session, session_id: str, reader: Reader, now: datetime) -> Invited:
    """A reading of this reader at the next place of the session's orders."""
    slot = (db.scalar(select(func.max(Reading.slot)).where(Reading.session_id == session_id)) or 0) + 1
    token = tokens.new()
    reading = Reading(
        id=tokens.identifier(),
        session_id=session_id,
        reader_id=reader.id,
        slot=slot,
        link_hash=tokens.digest(token),
        link_expires_at=now + LINK_LASTS,
        invited_at=now,
    )
    db.add(reading)
    db.flush()
    return Invited(reading.id, reader.code, token)


def require_invitable(session: VttSession) -> None:
    """Raise ConflictError unless the session is frozen or open."""
    if session.state not in {"frozen", "open", "paused"}:
        raise ConflictError("Readers can be invited once the session is frozen and until it is closed.")


def checked(code: str) -> str:
    """A reader's code as typed, without blanks around it; raises InvalidError where it cannot be one."""
    code = code.strip()
    if not 1 <= len(code) <= LONGEST_CODE or not code.isprintable():
        raise InvalidError(f"A reader's code has 1 to {LONGEST_CODE} characters.")
    if "@" in code:
        raise InvalidError(
            "Use a code such as R01 for a reader, not an e-mail address: codes stand in exports."
        )
    return code


def renew(db: Session, reading_id: str, now: datetime) -> Invited:
    """A new link for a reading; the old link, and browsers that used it, are out. What was rated stays.

    Raises ConflictError for a reader who was erased: nobody comes back under a pseudonym.
    """
    reading = _reading(db, reading_id)
    if reading.erased_at is not None:
        raise ConflictError("This reader is erased; invite a new one.")
    token = tokens.new()
    reading.link_hash, reading.link_expires_at, reading.link_revoked_at = (
        tokens.digest(token),
        now + LINK_LASTS,
        None,
    )
    _shut_out(db, reading_id)
    return Invited(reading.id, db.get_one(Reader, reading.reader_id).code, token)


def revoke(db: Session, reading_id: str, now: datetime) -> None:
    """Make a link, and browsers that used it, useless; revoking twice is once."""
    reading = _reading(db, reading_id)
    reading.link_revoked_at = reading.link_revoked_at or now
    _shut_out(db, reading_id)


def another_link(db: Session, reading: Reading, now: datetime) -> str:
    """A further link to a reading, for a mail; those that were given out before work on, and all of them so much longer. Returns its token."""
    token = tokens.new()
    db.add(MailedLink(token_hash=tokens.digest(token), reading_id=reading.id))
    reading.link_expires_at = now + LINK_LASTS
    db.flush()
    return token


def progress(db: Session, session_id: str) -> list[ReaderProgress]:
    """Each reader's progress, in the order of invitation."""
    query = (
        select(Reading, Reader.code)
        .join(Reader, Reader.id == Reading.reader_id)
        .where(Reading.session_id == session_id)
        .order_by(Reading.slot)
    )
    found = db.execute(query).all()
    session = db.get_one(VttSession, session_id)
    totals = orders.totals(db, session, [reading.slot for reading, _ in found])
    return [
        ReaderProgress(
            reading_id=reading.id,
            code=code,
            answered=max(0, reading.answered - reading.practised),
            total=total,
            invited_at=reading.invited_at,
            opened_at=reading.opened_at,
            started_at=reading.started_at,
            last_seen_at=reading.last_seen_at,
            finished_at=reading.finished_at,
            consented=reading.consent is not None,
            declined=reading.declined_at is not None,
            withdrawn=reading.withdrawn_at is not None,
            revoked=reading.link_revoked_at is not None,
            erased=reading.erased_at is not None,
            expires_at=reading.link_expires_at,
        )
        for (reading, code), total in zip(found, totals, strict=True)
    ]


def _reader(db: Session, owner_id: str, code: str, now: datetime) -> Reader:
    code = checked(code)
    reader = db.scalar(select(Reader).where(Reader.owner_id == owner_id, Reader.code == code))
    if reader is None:
        reader = Reader(id=tokens.identifier(), owner_id=owner_id, code=code, created_at=now)
        db.add(reader)
        db.flush()
    return reader


def _next_code(db: Session, session_id: str) -> str:
    """R01, R02, …: the first that no reader of this session has."""
    taken = set(
        db.scalars(
            select(Reader.code)
            .join(Reading, Reading.reader_id == Reader.id)
            .where(Reading.session_id == session_id)
        )
    )
    return next(
        code for code in (f"R{number:02d}" for number in range(1, len(taken) + 2)) if code not in taken
    )


def _shut_out(db: Session, reading_id: str) -> None:
    """End what was given out before: links in mails, and browsers that used a link."""
    db.execute(delete(MailedLink).where(MailedLink.reading_id == reading_id))
    db.execute(delete(ReaderLogin).where(ReaderLogin.reading_id == reading_id))


def _reading(db: Session, reading_id: str) -> Reading:
    reading = db.get(Reading, reading_id)
    if reading is None:
        raise NotFoundError("There is no such reader in this session.")
    return reading
