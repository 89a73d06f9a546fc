"""The link at the end of a reminder: a page with one button, since mail scanners open links; no cookie is needed."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from limits import parse

from app import clock
from app.services import opting_out
from app.web.attempts import slowed
from app.web.deps import Ctx
from app.web.pages import render

router = APIRouter(prefix="/read/no-reminders")
WRONG = parse("30/minute")


@dataclass(frozen=True, slots=True)
class NoRemindersPage:
    """read/no_reminders.html: before and after."""

    public_title: str
    done: bool


@router.get("/{token}")
def ask(request: Request, token: str, ctx: Ctx) -> HTMLResponse:
    with slowed(request, ctx, WRONG, "no reminders"), ctx.database.read() as db:
        title = opting_out.title(db, token, ctx.settings.secret_key)
    return render(request, "read/no_reminders.html", NoRemindersPage(title, done=False))


@router.post("/{token}")
def refuse(request: Request, token: str, ctx: Ctx) -> HTMLResponse:
    """By the page's button, or by a mail program on its reader's behalf (RFC 8058)."""
    with slowed(request, ctx, WRONG, "no reminders"), ctx.database.write() as db:
        title = opting_out.refuse(db, token, ctx.settings.secret_key, clock.now())
    return render(request, "read/no_reminders.html", NoRemindersPage(title, done=True))
