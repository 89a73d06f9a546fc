"""Reminders: who stalled, and a mail to them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app import clock
from app.services import reminders, sessions
from app.services.people import SignedIn
from app.services.reminders import Stalled
from app.web.deps import Ctx, CurrentUser, public_address
from app.web.invitations import letters_page
from app.web.pages import render

router = APIRouter(prefix="/sessions/{session_id}/reminders")
_WHOM = {
    "all": "who have not finished",
    "not_begun": "who have not begun",
    "begun": "who have begun and not finished",
}


@dataclass(frozen=True, slots=True)
class RemindersPage:
    """invitations/reminders.html: who would be reminded, by codes alone."""

    user: SignedIn
    session_id: str
    title: str
    state: str
    by_mail: bool
    whom: str
    choices: dict[str, str]
    days: int
    stalled: list[Stalled]
    free: int
    automatic: int
    most: int
    rest_days: int


@router.get("")
def page(
    request: Request,
    session_id: str,
    ctx: Ctx,
    user: CurrentUser,
    whom: str = "all",
    days: str = str(reminders.USUAL_DAYS),
) -> HTMLResponse:
    """The preview: changes nothing."""
    whom, idle, by_mail = (
        whom if whom in _WHOM else "all",
        reminders.days_of(days),
        ctx.settings.relay is not None,
    )
    with ctx.database.read() as db:
        session = sessions.own(db, user, session_id)
        found = reminders.stalled(db, session, whom, idle, clock.now(), by_mail=by_mail)
        shown = RemindersPage(
            user=user,
            session_id=session_id,
            title=session.title,
            state=session.state,
            by_mail=by_mail,
            whom=whom,
            choices=_WHOM,
            days=idle,
            stalled=found,
            free=sum(not one.hindrance for one in found),
            automatic=reminders.automatic(db, session_id),
            most=reminders.MOST,
            rest_days=reminders.REST.days,
        )
    return render(request, "invitations/reminders.html", shown)


@router.post("", response_model=None)
def remind(
    request: Request,
    session_id: str,
    ctx: Ctx,
    user: CurrentUser,
    reading: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse | RedirectResponse:
    """To those who stood on the page, as far as they may still be reminded."""
    chosen, key, now = set(reading or ()), ctx.settings.secret_key, clock.now()
    with ctx.database.write() as db:
        if ctx.settings.relay is not None:
            reminders.remind(db, user, session_id, chosen, key, now)
            return RedirectResponse(f"/sessions/{session_id}/invitations", 303)
        shown = reminders.show(db, user, session_id, chosen, public_address(request, ctx), key, now)
    return letters_page(request, user, session_id, shown)


@router.post("/automatic")
def automatic(
    session_id: str, ctx: Ctx, user: CurrentUser, days: Annotated[str, Form()] = "0"
) -> RedirectResponse:
    with ctx.database.write() as db:
        reminders.set_automatic(
            db, user, session_id, reminders.days_of(days, 0), ctx.settings.secret_key, clock.now()
        )
    return RedirectResponse(f"/sessions/{session_id}/reminders", 303)
