"""Tokens for programs on a page: made and shown once, listed, revoked."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app import clock
from app.errors import AppError, InvalidError
from app.services import api_tokens
from app.services.api_tokens import TokenRow
from app.services.people import SignedIn
from app.typed import whole_number
from app.web import reauthentication
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render, status_of

router = APIRouter(prefix="/account/tokens")


@dataclass(frozen=True, slots=True)
class TokensPage:
    """account/tokens.html: `name` is what was typed, `problem` why it was refused."""

    user: SignedIn
    tokens: list[TokenRow]
    days: tuple[int, ...]
    usual: int
    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class TokenPage:
    """account/token.html: a token, shown this once."""

    user: SignedIn
    name: str
    token: str


@router.get("")
def tokens(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    return _page(request, ctx, user)


@router.post("")
def make(
    request: Request,
    ctx: Ctx,
    user: CurrentUser,
    name: Annotated[str, Form(max_length=300)] = "",
    days: Annotated[str, Form(max_length=10)] = str(api_tokens.USUAL_DAYS),
    read_only: Annotated[str, Form(max_length=10)] = "",
    present: Annotated[str, Form(max_length=2000)] = "",
    code: Annotated[str, Form(max_length=2000)] = "",
) -> HTMLResponse:
    """A token outlasts the browser, so a cookie alone makes none."""
    now, key = clock.now(), ctx.settings.secret_key
    try:
        lasts = whole_number(days, 1, max(api_tokens.DAYS))
        if lasts is None:
            raise InvalidError("Choose how long the token lasts.")
        reauthentication.require(ctx, user, present, code)
        with ctx.database.write() as db:
            made = api_tokens.make(
                db, user, name=name, days=lasts, read_only=bool(read_only), key=key, now=now
            )
    except AppError as refusal:
        return _page(request, ctx, user, name, refusal.sentence, status_of(refusal))
    return render(request, "account/token.html", TokenPage(user, made.row.name, made.token))


@router.post("/{token_id}/revoke")
def revoke(token_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        api_tokens.revoke(db, user, token_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse("/account/tokens", 303)


def _page(
    request: Request, ctx: Context, user: SignedIn, name: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    with ctx.database.read() as db:
        rows = api_tokens.listing(db, user, clock.now())
    page = TokensPage(user, rows, api_tokens.DAYS, api_tokens.USUAL_DAYS, name, problem)
    return render(request, "account/tokens.html", page, status)
