"""Signing in and out, and the overview that one lands on."""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from limits import parse

from app import clock
from app.errors import SignInRequiredError, TooManyError
from app.services import checkpoints, imageset_views, people, seats, second_factor, sessions
from app.services.checkpoints import CheckpointRow
from app.services.imageset_views import ImageSetRow
from app.services.people import SignedIn
from app.services.sessions import SessionRow
from app.web import cookies, reauthentication
from app.web.attempts import slowed_at_once
from app.web.deps import LOGIN_COOKIE, READER_COOKIE, Context, Ctx, CurrentUser, log_in, login
from app.web.pages import render

log = structlog.get_logger()
router = APIRouter()
ATTEMPTS = parse("10/minute")
_WAIT = "Too many attempts; please wait a minute."


@dataclass(frozen=True, slots=True)
class SignInPage:
    """signin/signin.html."""

    next: str
    email: str
    refusal: str | None


@dataclass(frozen=True, slots=True)
class CodePage:
    """signin/code.html: the second step. `pending` says whose password was right."""

    next: str
    pending: str
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
    _count_attempt(ctx, email)
    try:
        with (
            slowed_at_once(request, ctx, ATTEMPTS, "sign-in address", _WAIT),
            ctx.database.read() as db,
        ):
            user_id = people.check_password(db, email, password)
    except SignInRequiredError as refusal:
        log.warning("sign-in refused", step="password")
        page = SignInPage(local_path(next), email, refusal.sentence)
        return render(request, "signin/signin.html", page, 401)
    with ctx.database.read() as db:
        second = second_factor.is_on(db, user_id)
        carried = second_factor.pending(db, ctx.settings.secret_key, user_id, clock.now())
    if second:
        return render(request, "signin/code.html", CodePage(local_path(next), carried, None))
    return _signed_in(request, ctx, user_id, next)


@router.post("/sign-in/code", response_model=None)
def second_step(
    request: Request,
    ctx: Ctx,
    pending: Annotated[str, Form(max_length=200)],
    code: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the query's usual name
) -> HTMLResponse | RedirectResponse:
    """The second factor, after the password was right."""
    now, key = clock.now(), ctx.settings.secret_key
    with ctx.database.read() as db:
        user_id = second_factor.whose(db, key, pending, now)
    reauthentication.count_code(ctx, user_id)
    try:
        with ctx.database.write() as db:
            second_factor.check(db, user_id, code, key, now)
    except SignInRequiredError as refusal:
        log.warning("sign-in refused", step="second factor", user=f"user:{user_id}")
        page = CodePage(local_path(next), pending, refusal.sentence)
        return render(request, "signin/code.html", page, 401)
    return _signed_in(request, ctx, user_id, next)


@router.post("/sign-out")
def sign_out(request: Request, ctx: Ctx) -> RedirectResponse:
    token = cookies.given(request, LOGIN_COOKIE)
    if token:
        with ctx.database.write() as db:
            people.sign_out(db, token)
    response = RedirectResponse("/sign-in", 303)
    response.headers["Clear-Site-Data"] = (
        '"cache"'  # thumbnails; not storage, where a reader's answers may wait
    )
    cookies.drop(response, ctx.settings, LOGIN_COOKIE)
    return response


@router.get("/")
def overview(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    now = clock.now()
    with ctx.database.read() as db:
        page = OverviewPage(
            user=user,
            sessions=sessions.listing(db, user, now),
            image_sets=imageset_views.listing(db, user, now),
            checkpoints=checkpoints.listing(db, user, now),
        )
    return render(request, "signin/overview.html", page)


def local_path(target: str) -> str:
    """The path to go to, or the start where it would lead elsewhere."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain and "\\" not in target else "/"


def _signed_in(request: Request, ctx: Context, user_id: str, target: str) -> RedirectResponse:
    """A new login in this browser, in place of the one it had; a reader's seat there knows of it."""
    now = clock.now()
    with ctx.database.write() as db:
        token = people.sign_in(db, user_id, now, login(request))
        if reader := cookies.given(request, READER_COOKIE):
            seats.sign_in_beside(db, reader, people.who(db, token, now).pseudonym, now)
    log.info("signed in", user=f"user:{user_id}")
    response = RedirectResponse(local_path(target), 303)
    log_in(response, ctx, token)
    return response


def _count_attempt(ctx: Context, email: str) -> None:
    """Every attempt at an account counts, before it is known how it ends: many at once are no way around."""
    if not ctx.limiter.hit(ATTEMPTS, "sign-in account", email.strip().lower()):
        raise TooManyError(_WAIT)
