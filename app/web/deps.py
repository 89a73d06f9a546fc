"""What a request needs: the program's parts, and who is asking."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request
from fastapi.responses import Response
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy.orm import Session

from app import clock
from app.artifacts import Artifacts
from app.db import Database
from app.errors import ForbiddenError, SignInRequiredError, UnavailableError
from app.services import administration, people, places, seats, second_factor
from app.services.people import SignedIn
from app.services.places import Place
from app.services.seats import ReaderSeat
from app.settings import Settings
from app.web import cookies
from app.web.in_hand import InHand
from app.web.measuring import Measures
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
    in_hand: InHand
    previews: CapacityLimiter
    measures: Measures

    @classmethod
    def build(cls, settings: Settings) -> "Context":
        return cls(
            settings=settings,
            database=Database(settings.database_url, folder=settings.data_dir),
            artifacts=Artifacts(str(settings.data_dir / "artifacts")),
            limiter=MovingWindowRateLimiter(MemoryStorage()),
            in_hand=InHand(),
            previews=CapacityLimiter(1),
            measures=Measures(),
        )


async def context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(context)]


def seat_in(response: Response, ctx: Context, cookie: str) -> None:
    """Keep a reader's seat in this browser; the whole site gets its cookie, so that signing in notes that somebody does so beside a reader."""
    cookies.put(response, ctx.settings, READER_COOKIE, cookie, int(seats.LOGIN_LASTS.total_seconds()))


def public_address(request: Request, ctx: Context) -> str:
    """What links that are given away begin with, without a slash at the end."""
    return ctx.settings.base_url or str(request.base_url).rstrip("/")


def personal_link(request: Request, ctx: Context, token: str) -> str:
    """The whole address of a personal link, to be given away."""
    return personal_link_of(public_address(request, ctx), token)


def personal_link_of(base: str, token: str) -> str:
    """The same where the address of this server is known."""
    return f"{base}/r/{token}"


def newcomer(request: Request, ctx: Ctx) -> SignedIn:
    """The researcher or admin, also without the second factor that is required: for their account alone. Raises SignInRequiredError."""
    token = cookies.given(request, LOGIN_COOKIE)
    if not token:
        raise SignInRequiredError("Please sign in.")
    with ctx.database.read() as db:
        found = people.who(db, token, clock.now())
    if found.noted is not None:
        with suppress(UnavailableError), ctx.database.write_together() as db:
            people.note_use(db, token, clock.now())
    return found


def user(ctx: Ctx, newcomer: "Newcomer") -> SignedIn:
    """The researcher or admin; raises SignInRequiredError, or SecondFactorRequiredError."""
    second_factor.require(newcomer, ctx.settings.require_second_factor)
    return newcomer


def administrator(user: "CurrentUser") -> SignedIn:
    """The admin; raises ForbiddenError for a researcher."""
    administration.require_admin(user)
    return user


def login(request: Request) -> str:
    """The token of the login in hand."""
    return cookies.given(request, LOGIN_COOKIE) or ""


def log_in(response: Response, ctx: Context, token: str) -> None:
    """Keep a login in this browser."""
    cookies.put(response, ctx.settings, LOGIN_COOKIE, token, int(people.LOGIN_LASTS.total_seconds()))


def signed_in(request: Request, db: Session) -> str | None:
    """The pseudonym of the researcher or admin who is signed in in this browser; None for nobody."""
    token = cookies.given(request, LOGIN_COOKIE)
    try:
        return people.who(db, token, clock.now()).pseudonym if token else None
    except SignInRequiredError:
        return None


@dataclass(frozen=True, slots=True)
class Asking:
    """Which reading a request comes from: by its cookie, and by its page where that says so."""

    cookie: str
    tag: str | None

    def place(self, db: Session) -> Place:
        """Where that reading stands; raises SignInRequiredError, or ForbiddenError for a page of another reading."""
        found = places.place(db, self.cookie, clock.now())
        require_own_page(found.seat, self.tag)
        return found


async def asking(request: Request) -> Asking:
    """Raises SignInRequiredError without a cookie; whose it is is looked up where the request is answered."""
    token = cookies.given(request, READER_COOKIE)
    if not token:
        raise SignInRequiredError(
            N_("Please open your personal link. What is not saved yet waits in this browser.")
        )
    return Asking(token, request.headers.get(PAGE_HEADER))


def reader(ctx: Ctx, who: "AskingReader") -> ReaderSeat:
    """The reading that this browser is in; raises SignInRequiredError."""
    with ctx.database.read() as db:
        seat = seats.seat(db, who.cookie, clock.now())
    require_own_page(seat, who.tag)
    return seat


def require_own_page(seat: ReaderSeat, tag: str | None) -> None:
    """Raise ForbiddenError where a page speaks that was shown to another reader in this browser."""
    if tag not in (None, seat.tag):
        raise ForbiddenError(
            N_(
                "Another personal link was opened in this browser, so this page cannot go on. Please open your own link again; what was saved is kept."
            )
        )


AskingReader = Annotated[Asking, Depends(asking)]
CurrentReader = Annotated[ReaderSeat, Depends(reader)]
Newcomer = Annotated[SignedIn, Depends(newcomer)]
CurrentUser = Annotated[SignedIn, Depends(user)]
CurrentAdmin = Annotated[SignedIn, Depends(administrator)]
