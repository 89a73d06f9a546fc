"""Remind readers who stalled: at most three times each, three days apart, and nobody who wants none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.mail.message import Letter
from app.services import idleness, mailing, opting_out, sessions
from app.services.people import SignedIn
from app.tables.contacts import Contact
from app.tables.mails import AutomaticReminders, Mail, NoReminders
from app.tables.people import Reader
from app.tables.sessions import Reading, VttSession
from app.typed import whole_number

MOST = 3
REST = timedelta(days=3)
MOST_DAYS = 365
USUAL_DAYS = 7
WHOM = ("all", "not_begun", "begun")
TIMER = "timer"  # who the audit trail says asked for automatic reminders


@dataclass(frozen=True, slots=True)
class Stalled:
    """A reader who has not finished and did nothing since `since`; `hindrance` says why no reminder goes there, empty where one may."""

    reading_id: str
    code: str
    begun: bool
    since: datetime
    hindrance: str


def days_of(text: str, least: int = 1) -> int:
    """A number of days as typed; raises InvalidError."""
    days = whole_number(text, least, MOST_DAYS)
    if days is None:
        raise InvalidError(f"The number of days is a whole number from {least} to {MOST_DAYS}.")
    return days


def stalled(
    db: Session, session: VttSession, whom: str, days: int, now: datetime, *, by_mail: bool
) -> list[Stalled]:
    """The readers who were idle for so many days: those who have not begun, those who have, or all; in the order of invitation.

    `by_mail`: those without an address cannot be reached. Nobody is stalled in a session that is not open.
    """
    if session.state != "open":
        return []
    query = (
        select(Reading, Reader.code)
        .join(Reader, Reader.id == Reading.reader_id)
        .where(
            Reading.session_id == session.id,
            Reading.finished_at.is_(None),
            Reading.declined_at.is_(None),
            Reading.withdrawn_at.is_(None),
            Reading.link_revoked_at.is_(None),
        )
        .order_by(Reading.slot)
    )
    found, let_rate = [], idleness.let_rate_at(db, session)
    for reading, code in db.execute(query):
        begun, since = reading.started_at is not None, idleness.since(reading, let_rate)
        if whom in {"all", "begun" if begun else "not_begun"} and now - since >= timedelta(days=days):
            hindrance = _hindrance(db, reading.id, now, by_mail=by_mail)
            found.append(Stalled(reading.id, code, begun, since, hindrance))
    return found


def remind(
    db: Session, user: SignedIn, session_id: str, chosen: Collection[str], key: bytes, now: datetime
) -> None:
    """Ask for a reminder to each of these readings, unless it has gone on or may not be reminded; raises ConflictError for none."""
    session = sessions.own(db, user, session_id)
    ids = _still(db, session, chosen, now, by_mail=True)
    mailing.send(db, session, "reminder", ids, owner_id=user.id, actor=user.pseudonym, key=key, now=now)


def show(
    db: Session,
    user: SignedIn,
    session_id: str,
    chosen: Collection[str],
    base: str,
    key: bytes,
    now: datetime,
) -> list[tuple[str, Letter]]:
    """The same as texts to be sent by hand; they count as reminders."""
    session = sessions.own(db, user, session_id)
    ids = _still(db, session, chosen, now, by_mail=False)
    return mailing.show(db, user, session, "reminder", ids, base, key, now)


def automatic(db: Session, session_id: str) -> int:
    """After how many idle days readers are reminded without anybody asking; 0 for never."""
    kept = db.get(AutomaticReminders, session_id)
    return kept.days if kept else 0


def set_automatic(db: Session, user: SignedIn, session_id: str, days: int, key: bytes, now: datetime) -> None:
    """Have readers reminded after so many idle days, or with 0 not."""
    session = sessions.own(db, user, session_id)
    kept = db.get(AutomaticReminders, session.id)
    old = kept.days if kept else 0
    if days and kept:
        kept.days = days
    elif days:
        db.add(AutomaticReminders(session_id=session.id, days=days))
    elif kept:
        db.delete(kept)
    sessions.record(db, key, user, session, "automatic reminders set", now, old=old, new=days)


def due(db: Session, now: datetime) -> list[tuple[VttSession, list[str]]]:
    """The sessions that remind by themselves and have readers to be reminded now, with their readings."""
    query = select(VttSession, AutomaticReminders.days).join(
        AutomaticReminders, AutomaticReminders.session_id == VttSession.id
    )
    found = [
        (session, _free(stalled(db, session, "all", days, now, by_mail=True)))
        for session, days in db.execute(query.order_by(VttSession.id))
    ]
    return [(session, ids) for session, ids in found if ids]


def send_due(db: Session, key: bytes, now: datetime) -> int:
    """Ask for the reminders that are due; returns how many."""
    sessions_due = due(db, now)
    for session, ids in sessions_due:
        mailing.send(db, session, "reminder", ids, owner_id=session.owner_id, actor=TIMER, key=key, now=now)
    return sum(len(ids) for _, ids in sessions_due)


def _hindrance(db: Session, reading_id: str, now: datetime, *, by_mail: bool) -> str:
    if db.get(NoReminders, opting_out.who(db, reading_id)):
        return "wants no reminders"
    if by_mail and db.get(Contact, reading_id) is None:
        return "no e-mail address"
    query = select(Mail).where(
        Mail.reading_id == reading_id,
        Mail.kind == "reminder",
        Mail.status != "refused",
        ~mailing.left(),
    )
    times = [mail.sent_at or mail.created_at for mail in db.scalars(query)]
    if len(times) >= MOST:
        return f"reminded {MOST} times already"
    if times and now - max(times) < REST:
        return f"reminded less than {REST.days} days ago"
    return ""


def _free(found: list[Stalled]) -> list[str]:
    return [one.reading_id for one in found if not one.hindrance]


def _still(
    db: Session, session: VttSession, chosen: Collection[str], now: datetime, *, by_mail: bool
) -> list[str]:
    """Those of the chosen that may be reminded now; the page on which they were chosen may be old."""
    if session.state != "open":
        raise ConflictError("Readers are reminded while the session is open.")
    return [one for one in _free(stalled(db, session, "all", 0, now, by_mail=by_mail)) if one in chosen]
