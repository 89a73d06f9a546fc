"""How a session's readers get on, without any look at truth: how far, how fast, how attentively. No truth is reachable from here."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session

from app.report.study import Turnout
from app.services import invitations
from app.services.invitations import ReaderProgress
from app.tables.sessions import Item, Rating, Reading


@dataclass(frozen=True, slots=True)
class Watched:
    """A reader's progress; `seconds` is the median for an image, None before the first answer; catch items are those seen and called real."""

    reader: ReaderProgress
    seconds: float | None
    catch_seen: int
    catch_missed: int


@dataclass(frozen=True, slots=True)
class Monitor:
    """All readers of a session; `mark` changes whenever anything here does."""

    readers: tuple[Watched, ...]
    turnout: Turnout
    mark: str


def monitor(db: Session, session_id: str) -> Monitor:
    """What there is to see now."""
    seconds, catch = _seconds(db, session_id), _catch(db, session_id)
    readers = tuple(
        Watched(one, seconds.get(one.reading_id), *catch.get(one.reading_id, (0, 0)))
        for one in invitations.progress(db, session_id)
    )
    return Monitor(readers, turnout(db, session_id), mark(db, session_id))


def mark(db: Session, session_id: str) -> str:
    """A short text that is another one as soon as any reader of the session has done anything."""
    moments = (Reading.opened_at, Reading.started_at, Reading.last_seen_at, Reading.finished_at)
    more = (Reading.declined_at, Reading.withdrawn_at, Reading.link_revoked_at, Reading.link_hash)
    query = select(Reading.answered, *moments, *more).where(Reading.session_id == session_id)
    rows = [str(tuple(row)) for row in db.execute(query.order_by(Reading.slot))]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


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


def idle_days(reader: ReaderProgress, now: datetime) -> int:
    """For how many whole days nothing has come from a reader."""
    return (now - max(filter(None, (reader.last_seen_at, reader.opened_at, reader.invited_at)))).days
