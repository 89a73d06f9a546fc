"""One's own account: password, second factor, other browsers; and the page on which a link lets somebody choose a password."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from limits import parse
from sqlalchemy.orm import Session

from app import clock
from app.errors import AppError, ConflictError, InvalidError
from app.services import passwords, people, second_factor, ways_in
from app.services.people import SignedIn
from app.services.second_factor import Enrolment
from app.web import cookies, reauthentication
from app.web.attempts import slowed
from app.web.deps import LOGIN_COOKIE, Context, Ctx, Newcomer, log_in, login
from app.web.pages import render, status_of

router = APIRouter()
LINKS = parse("30/hour")  # unknown links that one address tries
_TOO_MANY = "Too many links that are not valid; please wait."
Text = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True, slots=True)
class AccountPage:
    """account/account.html: `browsers` counts where the user is signed in, `required` says that nothing goes without the second
    factor, `problem` why something was refused.
    """

    user: SignedIn
    browsers: int
    second_factor: bool
    codes_left: int
    enrolment: Enrolment | None
    required: bool
    done: str
    problem: str


@dataclass(frozen=True, slots=True)
class CodesPage:
    """account/codes.html: recovery codes, shown this once."""

    user: SignedIn
    codes: list[str]


@dataclass(frozen=True, slots=True)
class ChoosePage:
    """account/choose.html: a password for the address whose link this is."""

    token: str
    email: str
    problem: str


_DONE = {
    "password": "The password is changed. Other browsers are signed out, and all API tokens are revoked.",
    "browsers": "Other browsers are signed out.",
    "second-factor-off": "The second factor is off. Other browsers are signed out, and all API tokens are revoked.",
}


@router.get("/account")
def account(request: Request, ctx: Ctx, user: Newcomer, done: str = "") -> HTMLResponse:
    return _page(request, ctx, user, done=_DONE.get(done, ""))


@router.post("/account/password", response_model=None)
def change_password(
    request: Request, ctx: Ctx, user: Newcomer, present: Text = "", new: Text = "", again: Text = ""
) -> HTMLResponse | RedirectResponse:
    try:
        reauthentication.require_password(ctx, user, present)
        hashed = passwords.chosen(new, again, user.email)
    except AppError as refusal:
        return _page(request, ctx, user, problem=refusal.sentence, status=status_of(refusal))
    with ctx.database.write() as db:
        passwords.change(db, user.id, hashed, ctx.settings.secret_key, clock.now())
        token = people.sign_in(db, user.id, clock.now())
    response = RedirectResponse("/account?done=password", 303)
    log_in(response, ctx, token)
    return response


@router.post("/account/browsers")
def sign_out_elsewhere(request: Request, ctx: Ctx, user: Newcomer) -> RedirectResponse:
    with ctx.database.write() as db:
        people.sign_out_elsewhere(db, user, login(request))
    return RedirectResponse("/account?done=browsers", 303)


@router.post("/account/second-factor", response_model=None)
def begin_second_factor(
    request: Request, ctx: Ctx, user: Newcomer, present: Text = ""
) -> HTMLResponse | RedirectResponse:
    try:
        reauthentication.require_password(ctx, user, present)
        with ctx.database.write() as db:
            second_factor.begin(db, user)
    except AppError as refusal:
        return _page(request, ctx, user, problem=refusal.sentence, status=status_of(refusal))
    return RedirectResponse("/account#second-factor", 303)


@router.post("/account/second-factor/confirm")
def confirm_second_factor(request: Request, ctx: Ctx, user: Newcomer, code: Text = "") -> HTMLResponse:
    try:
        reauthentication.count(ctx, user)
        with ctx.database.write() as db:
            codes = second_factor.confirm(db, user, code, ctx.settings.secret_key, clock.now())
            token = _begin_anew(db, user)
    except AppError as refusal:
        return _page(request, ctx, user, problem=refusal.sentence, status=status_of(refusal))
    response = render(request, "account/codes.html", CodesPage(user, codes))
    log_in(response, ctx, token)
    return response


@router.post("/account/second-factor/off", response_model=None)
def switch_off_second_factor(
    request: Request, ctx: Ctx, user: Newcomer, present: Text = "", code: Text = ""
) -> HTMLResponse | RedirectResponse:
    try:
        if second_factor.required_of(user, ctx.settings.require_second_factor):
            raise ConflictError("This server requires a second factor of you, so it stays on.")
        reauthentication.require(ctx, user, present, code)
        with ctx.database.write() as db:
            second_factor.forget(db, user.id, user.pseudonym, ctx.settings.secret_key, clock.now())
            token = _begin_anew(db, user)
    except AppError as refusal:
        return _page(request, ctx, user, problem=refusal.sentence, status=status_of(refusal))
    response = RedirectResponse("/account?done=second-factor-off#second-factor", 303)
    log_in(response, ctx, token)
    return response


@router.get("/password/{token}")
def choose_page(request: Request, token: str, ctx: Ctx) -> HTMLResponse:
    return render(request, "account/choose.html", ChoosePage(token, _of_link(request, ctx, token), ""))


@router.post("/password/{token}", response_model=None)
def choose(
    request: Request, token: str, ctx: Ctx, new: Text = "", again: Text = ""
) -> HTMLResponse | RedirectResponse:
    """Choose a password; the link ends with it."""
    email = _of_link(request, ctx, token)
    try:
        hashed = passwords.chosen(new, again, email)
    except InvalidError as refusal:
        page = ChoosePage(token, email, refusal.sentence)
        return render(request, "account/choose.html", page, status_of(refusal))
    with ctx.database.write() as db:
        passwords.choose(db, token, hashed, ctx.settings.secret_key, clock.now())
    response = RedirectResponse("/sign-in", 303)
    cookies.drop(response, ctx.settings, LOGIN_COOKIE)
    return response


def _of_link(request: Request, ctx: Context, token: str) -> str:
    """The address whose link it is; unknown links are counted, and refused after too many."""
    with slowed(request, ctx, LINKS, "password link", _TOO_MANY), ctx.database.read() as db:
        return passwords.of_link(db, token, clock.now())


def _begin_anew(db: Session, user: SignedIn) -> str:
    """End every way in that was opened under another rule, and open one for this browser; returns its login's token."""
    ways_in.end(db, user.id, clock.now())
    return people.sign_in(db, user.id, clock.now())


def _page(
    request: Request, ctx: Context, user: SignedIn, *, done: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    with ctx.database.read() as db:
        page = AccountPage(
            user=user,
            browsers=people.logins(db, user, clock.now()),
            second_factor=second_factor.is_on(db, user.id),
            codes_left=second_factor.codes_left(db, user.id),
            enrolment=second_factor.enrolment(db, user, ctx.settings.secret_key),
            required=second_factor.required_of(user, ctx.settings.require_second_factor),
            done=done,
            problem=problem,
        )
    return render(request, "account/account.html", page, status)
