"""What a reader has seen of an image whose exposure is limited, on whatever device."""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.errors import InvalidError, NotFoundError
from app.prepared import Change, Selection
from app.services.places import Place
from app.tables.sessions import Exposure, Presentation
from app.words.sentence import N_

_USED = Selection(select(Exposure.seen_ms, Exposure.since).where(Exposure.token == bindparam("token")))
_KNOWN = Selection(
    select(Presentation.position, Exposure.seen_ms)
    .outerjoin(Exposure, Exposure.token == Presentation.token)
    .where(Presentation.reading_id == bindparam("reading"), Presentation.token == bindparam("token"))
)
_KEEP = Change(insert(Exposure).values({name: bindparam(name) for name in ("token", "seen_ms", "since")}))
_CHANGE = Change(
    update(Exposure)
    .where(Exposure.token == bindparam("of"))
    .values(seen_ms=bindparam("seen_ms"), since=bindparam("since"))
)


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
    image = {"reading": place.seat.reading_id, "token": name}
    position, known = _KNOWN.first(db, image) or (None, None)
    if position is None or position > place.last_seen:
        raise NotFoundError(N_("There is no such image in your reading."))
    limit = place.protocol.exposure_ms
    if not limit:
        return
    used = max(known or 0.0, min(seen_ms, float(limit)))
    since = now if running else None
    if known is None:
        _KEEP.run(db, {"token": name, "seen_ms": used, "since": since})
    else:
        _CHANGE.run(db, {"of": name, "seen_ms": used, "since": since})


def seen(db: Session, place: Place, name: str | None, now: datetime) -> Seen | None:
    """What is used up of an image's exposure; None where nothing is known to be, or nothing is limited.

    Of a view whose end was not told the time since its beginning counts, up to the limit.
    """
    limit = place.protocol.exposure_ms
    found = _USED.first(db, {"token": name}) if limit and name else None
    if found is None:
        return None
    before, since = found
    going_on = 1000 * (now - since).total_seconds() if since else 0.0
    return Seen(min(before + max(going_on, 0.0), float(limit)), since is not None)
