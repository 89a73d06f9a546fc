"""Signing in and out, and the overview that one lands on."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from limits import parse

from app import clock
from app.errors import SignInRequiredError, TooManyError
from app.services import checkpoints, imagesets, people, seats, sessions
from app.services.checkpoints import CheckpointRow
from app.services.imagesets import ImageSetRow
from app.services.people import SignedIn
from app.services.sessions import SessionRow
from app.web import cookies
from app.web.deps import LOGIN_COOKIE, READER_COOKIE, Context, Ctx, CurrentUser
from app.web.pages import render

router = APIRouter()
ATTEMPTS = parse("10/minute")


@dataclass(frozen=True, slots=True)
class SignInPage:
    """signin/signin.html."""

    next: str
    email: str
    refusal: str | None


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """signin/overview.html: what there is and what to do next."""

    user: SignedIn
    sessions: list[SessionRow]
    image_sets: list[ImageSetRow]
    checkpoints: list[CheckpointRow]


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002 - the query's usual name
    return render(request, "signin/signin.html", SignInPage(local_path(next), "", None))


@router.post("/sign-in", response_model=None)
def sign_in(
    request: Request,
    ctx: Ctx,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the query's usual name
) -> HTMLResponse | RedirectResponse:
    """Start a login; the password is checked before the write begins, because that is slow by design."""
    _count_attempt(request, ctx, email)
    try:
        with ctx.database.read() as db:
            user_id = people.check_password(db, email, password)
    except SignInRequiredError as refusal:
        page = SignInPage(local_path(next), email, refusal.sentence)
        return render(request, "signin/signin.html", page, 401)
    with ctx.database.write() as db:
        if earlier := cookies.given(request, LOGIN_COOKIE):
            people.sign_out(db, earlier)
        token = people.sign_in(db, user_id, clock.now())
        if reader := cookies.given(request, READER_COOKIE):
            who = people.who(db, token, clock.now())
            seats.sign_in_beside(db, reader, who.pseudonym, clock.now())
    response = RedirectResponse(local_path(next), 303)
    cookies.put(response, ctx.settings, LOGIN_COOKIE, token, int(people.LOGIN_LASTS.total_seconds()))
    return response


@router.post("/sign-out")
def sign_out(request: Request, ctx: Ctx) -> RedirectResponse:
    token = cookies.given(request, LOGIN_COOKIE)
    if token:
        with ctx.database.write() as db:
            people.sign_out(db, token)
    response = RedirectResponse("/sign-in", 303)
    cookies.drop(response, ctx.settings, LOGIN_COOKIE)
    return response


@router.get("/")
def overview(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    now = clock.now()
    with ctx.database.read() as db:
        page = OverviewPage(
            user=user,
            sessions=sessions.listing(db, user, now),
            image_sets=imagesets.listing(db, user, now),
            checkpoints=checkpoints.listing(db, user, now),
        )
    return render(request, "signin/overview.html", page)


def local_path(target: str) -> str:
    """The path to go to, or the start where it would lead elsewhere."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain and "\\" not in target else "/"


def _count_attempt(request: Request, ctx: Context, email: str) -> None:
    address = request.client.host if request.client else "unknown"
    allowed = [
        ctx.limiter.hit(ATTEMPTS, "sign-in address", address),
        ctx.limiter.hit(ATTEMPTS, "sign-in account", email.strip().lower()),
    ]
    if not all(allowed):
        raise TooManyError("Too many attempts; please wait a minute.")
