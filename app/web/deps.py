"""What a request needs: the program's parts, and who is asking."""

from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy.orm import Session

from app import clock
from app.artifacts import Artifacts
from app.db import Database
from app.errors import ForbiddenError, SignInRequiredError
from app.services import people, seats
from app.services.people import SignedIn
from app.services.seats import ReaderSeat
from app.settings import Settings
from app.words.sentence import N_

LOGIN_COOKIE = "blindread_login"
READER_COOKIE = "blindread_reader"
PAGE_HEADER = (
    "x-reading"  # the page's own reading: a browser has one cookie, but may have pages of several readers
)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the running program."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    limiter: MovingWindowRateLimiter
    previews: CapacityLimiter

    @classmethod
    def build(cls, settings: Settings) -> "Context":
        return cls(
            settings=settings,
            database=Database(settings.database_url),
            artifacts=Artifacts(str(settings.data_dir / "artifacts")),
            limiter=MovingWindowRateLimiter(MemoryStorage()),
            previews=CapacityLimiter(1),
        )


def context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(context)]


def user(request: Request, ctx: Ctx) -> SignedIn:
    """The researcher or admin; raises SignInRequiredError."""
    token = request.cookies.get(LOGIN_COOKIE)
    if not token:
        raise SignInRequiredError("Please sign in.")
    with ctx.database.read() as db:
        return people.who(db, token, clock.now())


def signed_in(request: Request, db: Session) -> str | None:
    """The pseudonym of the researcher or admin who is signed in in this browser; None for nobody."""
    token = request.cookies.get(LOGIN_COOKIE)
    try:
        return people.who(db, token, clock.now()).pseudonym if token else None
    except SignInRequiredError:
        return None


def reader(request: Request, ctx: Ctx) -> ReaderSeat:
    """The reading that this browser is in; raises SignInRequiredError."""
    token = request.cookies.get(READER_COOKIE)
    if not token:
        raise SignInRequiredError(N_("Please open your personal link. What you rated is kept."))
    with ctx.database.read() as db:
        seat = seats.seat(db, token, clock.now())
    require_own_page(seat, request.headers.get(PAGE_HEADER, seat.tag))
    return seat


def require_own_page(seat: ReaderSeat, tag: str) -> None:
    """Raise ForbiddenError where a page speaks that was shown to another reader in this browser."""
    if tag != seat.tag:
        raise ForbiddenError(
            N_(
                "Another personal link was opened in this browser, so this page cannot go on. Please open your own link again; what was saved is kept."
            )
        )


CurrentReader = Annotated[ReaderSeat, Depends(reader)]
CurrentUser = Annotated[SignedIn, Depends(user)]
