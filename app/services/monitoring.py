"""How a session's readers get on, without any look at truth: how far, how fast, how attentively. No truth is reachable from here."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session

from app.report.study import Turnout
from app.services import idleness, invitations
from app.services.invitations import ReaderProgress
from app.tables.sessions import Item, Rating, Reading, VttSession


@dataclass(frozen=True, slots=True)
class Watched:
    """A reader's progress; `seconds` is the median for an image, None before the first answer; catch items are those seen and called real.

    `idle_days` counts the whole days for which nothing came, as long as something could: 0 unless the session is open.
    """

    reader: ReaderProgress
    idle_days: int
    seconds: float | None
    catch_seen: int
    catch_missed: int


@dataclass(frozen=True, slots=True)
class Monitor:
    """All readers of a session; `mark` changes whenever anything here does, or the session's state."""

    readers: tuple[Watched, ...]
    turnout: Turnout
    mark: str


def monitor(db: Session, session: VttSession, now: datetime) -> Monitor:
    """What there is to see now."""
    seconds, catch = _seconds(db, session.id), _catch(db, session.id)
    progress = invitations.progress(db, session.id)
    idle = _idle_days(db, session, progress, now)
    readers = tuple(
        Watched(one, days, seconds.get(one.reading_id), *catch.get(one.reading_id, (0, 0)))
        for one, days in zip(progress, idle, strict=True)
    )
    return Monitor(readers, turnout(db, session.id), _mark(db, session, idle))


def mark(db: Session, session: VttSession, now: datetime) -> str:
    """A short text that is another one as soon as a reader did anything, has been idle for a day more, or the session's state changed."""
    progress = invitations.progress(db, session.id)
    return _mark(db, session, _idle_days(db, session, progress, now))


def _mark(db: Session, session: VttSession, idle: Sequence[int]) -> str:
    moments = (Reading.opened_at, Reading.started_at, Reading.last_seen_at, Reading.finished_at)
    more = (
        Reading.consent.is_not(None),
        Reading.declined_at,
        Reading.withdrawn_at,
        Reading.link_revoked_at,
        Reading.link_hash,
    )
    query = select(Reading.answered, *moments, *more).where(Reading.session_id == session.id)
    rows = [str(tuple(row)) for row in db.execute(query.order_by(Reading.slot))]
    return hashlib.sha256("\n".join((session.state, str(idle), *rows)).encode()).hexdigest()[:16]


def _idle_days(
    db: Session, session: VttSession, readers: Sequence[ReaderProgress], now: datetime
) -> list[int]:
    if session.state != "open":
        return [0] * len(readers)
    let_rate = idleness.let_rate_at(db, session)
    return [0 if one.ended else (now - idleness.since(one, let_rate)).days for one in readers]


def turnout(db: Session, session_id: str) -> Turnout:
    """How many readers got how far; who finished and withdrew counts as withdrawn."""
    kept = Reading.withdrawn_at.is_(None)
    counted = (
        Reading.started_at.is_not(None),
        Reading.finished_at.is_not(None) & kept,
        Reading.withdrawn_at.is_not(None),
        Reading.declined_at.is_not(None),
        Reading.opened_at.is_not(None),
        (Reading.answered > Reading.practised) & kept,
    )
    sums = [func.coalesce(func.sum(cast(case((one, 1), else_=0), Integer)), 0) for one in counted]
    query = select(func.count(), *sums).where(Reading.session_id == session_id)
    numbers: list[int] = list(db.execute(query).one())
    return Turnout(*numbers)


def _seconds(db: Session, session_id: str) -> Mapping[str, float]:
    """The median time for a main image, by reading."""
    query = (
        select(Rating.reading_id, Rating.shown_ms)
        .join(Item, Item.id == Rating.item_id)
        .where(Item.session_id == session_id, Item.kind == "main")
    )
    times: dict[str, list[float]] = defaultdict(list)
    for reading_id, shown_ms in db.execute(query):
        times[reading_id].append(shown_ms)
    return {reading_id: median(each) / 1000 for reading_id, each in times.items()}


def _catch(db: Session, session_id: str) -> Mapping[str, tuple[int, int]]:
    """(seen, called real) by reading; of a changed answer the last one counts. That catch items are synthetic is their design."""
    query = (
        select(Rating.reading_id, Rating.item_id, Rating.answer)
        .join(Item, Item.id == Rating.item_id)
        .where(Item.session_id == session_id, Item.kind == "catch")
        .order_by(Rating.revision)
    )
    last = {(reading_id, item_id): answer for reading_id, item_id, answer in db.execute(query)}
    counts: dict[str, tuple[int, int]] = {}
    for (reading_id, _), answer in last.items():
        seen, missed = counts.get(reading_id, (0, 0))
        counts[reading_id] = seen + 1, missed + (answer == "real")
    return counts
