"""Users, for admins: add, change the role, make a link to choose a password by, shut out, let in, erase."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app import clock
from app.errors import AppError
from app.services import administration, user_erasure
from app.services.administration import Offered, UserRow
from app.services.people import SignedIn
from app.web.deps import Context, Ctx, CurrentAdmin, public_address
from app.web.pages import render, status_of

router = APIRouter(prefix="/admin/users")


@dataclass(frozen=True, slots=True)
class UsersPage:
    """admin/users.html: `email` is what was typed, `problem` why it was refused."""

    user: SignedIn
    users: list[UserRow]
    email: str
    problem: str


@dataclass(frozen=True, slots=True)
class PasswordLinkPage:
    """admin/link.html: a link to choose a password by, shown this once."""

    user: SignedIn
    email: str
    link: str


@router.get("")
def users(request: Request, ctx: Ctx, user: CurrentAdmin) -> HTMLResponse:
    return _page(request, ctx, user)


@router.post("")
def add(
    request: Request,
    ctx: Ctx,
    user: CurrentAdmin,
    email: Annotated[str, Form(max_length=300)] = "",
    role: Annotated[str, Form(max_length=20)] = "researcher",
) -> HTMLResponse:
    try:
        with ctx.database.write() as db:
            offered = administration.add(db, user, email, role, ctx.settings.secret_key, clock.now())
    except AppError as refusal:
        return _page(request, ctx, user, email, refusal.sentence, status_of(refusal))
    return _shown(request, ctx, user, offered)


@router.post("/{user_id}/password")
def offer_password(request: Request, user_id: str, ctx: Ctx, user: CurrentAdmin) -> HTMLResponse:
    with ctx.database.write() as db:
        offered = administration.offer_password(db, user, user_id, ctx.settings.secret_key, clock.now())
    return _shown(request, ctx, user, offered)


@router.post("/{user_id}/role")
def set_role(
    user_id: str, ctx: Ctx, user: CurrentAdmin, role: Annotated[str, Form(max_length=20)] = ""
) -> RedirectResponse:
    with ctx.database.write() as db:
        administration.set_role(db, user, user_id, role, ctx.settings.secret_key, clock.now())
    return RedirectResponse("/admin/users", 303)


@router.post("/{user_id}/disable")
def disable(user_id: str, ctx: Ctx, user: CurrentAdmin) -> RedirectResponse:
    with ctx.database.write() as db:
        administration.disable(db, user, user_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse("/admin/users", 303)


@router.post("/{user_id}/enable")
def enable(user_id: str, ctx: Ctx, user: CurrentAdmin) -> RedirectResponse:
    with ctx.database.write() as db:
        administration.enable(db, user, user_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse("/admin/users", 303)


@router.post("/{user_id}/erase")
def erase(user_id: str, ctx: Ctx, user: CurrentAdmin) -> RedirectResponse:
    """Erase who that was; the worker clears what a long reading keeps in the log."""
    with ctx.database.write() as db:
        user_erasure.erase(db, user, user_id, ctx.settings.secret_key, clock.now())
    ctx.database.scrub()
    return RedirectResponse("/admin/users", 303)


@router.post("/{user_id}/second-factor/off")
def forget_second_factor(user_id: str, ctx: Ctx, user: CurrentAdmin) -> RedirectResponse:
    with ctx.database.write() as db:
        administration.forget_second_factor(db, user, user_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse("/admin/users", 303)


def _page(
    request: Request, ctx: Context, user: SignedIn, email: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    with ctx.database.read() as db:
        page = UsersPage(user, administration.listing(db, user), email, problem)
    return render(request, "admin/users.html", page, status)


def _shown(request: Request, ctx: Context, user: SignedIn, offered: Offered) -> HTMLResponse:
    link = f"{public_address(request, ctx)}/password/{offered.token}"
    return render(request, "admin/link.html", PasswordLinkPage(user, offered.email, link))
