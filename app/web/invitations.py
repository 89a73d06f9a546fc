"""Invitations: readers by a list, and who stands behind their codes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app import clock
from app.errors import InvalidError
from app.report import cells
from app.services import contacts, inviting, sessions
from app.services.contacts import ContactRow
from app.services.inviting import InvitedList
from app.services.people import SignedIn
from app.web.deps import Context, Ctx, CurrentUser, personal_link
from app.web.pages import render

router = APIRouter(prefix="/sessions/{session_id}")
_LONGEST_FILE = 200_000


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """invitations/page.html: who is invited; `problem` says what was wrong with the list that was just sent, `typed` holds it."""

    user: SignedIn
    session_id: str
    title: str
    state: str
    contacts: list[ContactRow]
    known: int
    typed: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A personal link, shown once, and to whom it goes."""

    code: str
    name: str
    email: str
    link: str


@dataclass(frozen=True, slots=True)
class LinksPage:
    """invitations/links.html: several personal links, shown this once, and the same as a CSV text; `repeated` rows had been invited before."""

    user: SignedIn
    session_id: str
    links: list[LinkRow]
    listed: str
    repeated: int


async def _listed(request: Request) -> str:
    """The list: of a file, if one was chosen, else as typed."""
    async with request.form() as form:
        typed, file = form.get("codes"), form.get("file")
        data = b"" if file is None or isinstance(file, str) else await file.read(_LONGEST_FILE + 1)
    if not data:
        return typed if isinstance(typed, str) else ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidError("The file is no text in UTF-8; save the table as “CSV UTF-8”.") from None


@router.get("/invitations")
def page(request: Request, session_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    return _show(request, ctx, user, session_id)


@router.post("/readers/list")
def invite_all(
    request: Request, session_id: str, ctx: Ctx, user: CurrentUser, listed: Annotated[str, Depends(_listed)]
) -> HTMLResponse:
    try:
        with ctx.database.write() as db:
            found = inviting.invite_all(db, user, session_id, listed, ctx.settings.secret_key, clock.now())
    except InvalidError as error:
        return _show(request, ctx, user, session_id, listed, error.sentence)
    return render(request, "invitations/links.html", _links(request, ctx, user, session_id, found))


@router.post("/contacts/{reading_id}/delete")
def forget(session_id: str, reading_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        contacts.forget(db, user, session_id, reading_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}/invitations", 303)


@router.post("/contacts/delete")
def forget_all(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        contacts.forget_all(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}/invitations", 303)


def _links(request: Request, ctx: Context, user: SignedIn, session_id: str, found: InvitedList) -> LinksPage:
    links = [
        LinkRow(one.invited.code, one.row.name, one.row.email, personal_link(request, ctx, one.invited.token))
        for one in found.given
    ]
    rows = [(row.code, row.name, row.email, row.link) for row in links]
    listed = cells.table(("code", "name", "email", "link"), rows).replace("\r\n", "\n")
    return LinksPage(user, session_id, links, listed, found.repeated)


def _show(
    request: Request, ctx: Context, user: SignedIn, session_id: str, typed: str = "", problem: str = ""
) -> HTMLResponse:
    with ctx.database.read() as db:
        session = sessions.own(db, user, session_id)
        rows = contacts.of_session(db, session_id)
    shown = InvitationsPage(
        user=user,
        session_id=session_id,
        title=session.title,
        state=session.state,
        contacts=rows,
        known=sum(bool(row.email) for row in rows),
        typed=typed,
        problem=problem,
    )
    return render(request, "invitations/page.html", shown, 422 if problem else 200)
