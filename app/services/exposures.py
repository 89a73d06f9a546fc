"""What a reader has seen of an image whose exposure is limited, on whatever device."""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from sqlalchemy.orm import Session

from app.errors import InvalidError, NotFoundError
from app.services import presentations
from app.services.places import Place
from app.tables.sessions import Exposure
from app.words.sentence import N_


@dataclass(frozen=True, slots=True)
class Seen:
    """Milliseconds of the exposure that are used up; `running` says that a view began whose end was not told yet."""

    ms: float
    running: bool


def note(db: Session, place: Place, name: str, seen_ms: float, now: datetime, *, running: bool) -> None:
    """Keep how much of an image was seen, and whether it is being seen; what is known already never becomes less.

    Raises NotFoundError for an image that is not this reader's, InvalidError for what is no duration.
    """
    if not (isfinite(seen_ms) and seen_ms >= 0):
        raise InvalidError(N_("A duration is a number of milliseconds, not below 0."))
    if presentations.named(db, place, name) is None:
        raise NotFoundError(N_("There is no such image in your reading."))
    limit = place.protocol.exposure_ms
    if not limit:
        return
    found = db.get(Exposure, name)
    if found is None:
        found = Exposure(token=name, seen_ms=0.0)
        db.add(found)
    found.seen_ms = max(found.seen_ms, min(seen_ms, float(limit)))
    found.since = now if running else None


def seen(db: Session, place: Place, name: str | None, now: datetime) -> Seen | None:
    """What is used up of an image's exposure; None where nothing is known to be, or nothing is limited.

    Of a view whose end was not told the time since its beginning counts, up to the limit.
    """
    limit = place.protocol.exposure_ms
    found = db.get(Exposure, name) if limit and name else None
    if found is None:
        return None
    going_on = 1000 * (now - found.since).total_seconds() if found.since else 0.0
    return Seen(min(found.seen_ms + max(going_on, 0.0), float(limit)), found.since is not None)
