"""Where a reading stands, as rating and looking at its images need it: one query from the cookie on."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from app.protocol.design import Protocol
from app.services import seats
from app.services.steps import NOT_OPEN, WITHDRAWN, over
from app.tables.people import Reader
from app.tables.sessions import Reading, VttSession

AHEAD = 10
_BEHIND_COOKIE = seats.behind_cookie(
    select(
        *(Reading.id, Reading.session_id, Reading.slot, Reader.code),
        *(VttSession.state, cast(VttSession.protocol, Text)),
        *(Reading.answered, Reading.practised, Reading.total, Reading.breaks),
        *(Reading.started_at, Reading.finished_at, Reading.confirmed_at, Reading.withdrawn_at),
    )
    .join(VttSession, VttSession.id == Reading.session_id)
    .join(Reader, Reader.id == Reading.reader_id)
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reading is, in which study; counts, breaks and times are those of its row."""

    seat: seats.ReaderSeat
    session_state: str
    protocol: Protocol
    answered: int
    practised: int
    total: int
    breaks: list[int] | None
    started_at: datetime | None
    finished_at: datetime | None
    confirmed_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def practising(self) -> bool:
        return self.answered < self.practised

    @property
    def closed(self) -> str:
        """Why nothing can be rated now; empty where it can, and for a reading that is over."""
        if self.withdrawn_at:
            return WITHDRAWN
        return "" if self.over else NOT_OPEN.get(self.session_state, "")

    @property
    def over(self) -> bool:
        """Whether every image is answered, and the last answer cannot be changed any more."""
        return over(self, self.protocol)

    @property
    def undo_open(self) -> bool:
        """Whether the last answer may be changed; one that got feedback may not."""
        return (
            self.protocol.allow_undo
            and self.session_state == "open"
            and self.confirmed_at is None
            and self.withdrawn_at is None
            and self.answered > self.practised
        )

    @property
    def first_seen(self) -> int:
        """The first position that may be looked at now: the current one, or the one before it while it may be changed."""
        return self.answered + 1 - (self.protocol.at_once if self.undo_open else 0)

    @property
    def last_seen(self) -> int:
        """The last position that may be looked at now: up to ten images, or pairs, are held ahead."""
        return self.answered + self.protocol.at_once * (1 + AHEAD)


def place(db: Session, cookie: str, now: datetime) -> Place:
    """Where the reading behind a cookie stands; raises SignInRequiredError as `seats.seat` does."""
    found = seats.allowed(db, _BEHIND_COOKIE, cookie, now)
    seat = seats.ReaderSeat(*found[:4])
    state, protocol, *progress = found[4:]
    return Place(seat, state, _protocol(protocol), *progress)


@lru_cache(maxsize=64)
def _protocol(stored: str) -> Protocol:
    """By the text that is stored, so that a changed one is never mistaken for the one that was read before."""
    return Protocol.from_text(stored)
