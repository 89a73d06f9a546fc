"""Invitations: readers by a list, and who stands behind their codes."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app import clock
from app.errors import InvalidError
from app.mail.message import Letter
from app.protocol import mail_wording
from app.protocol.mail_wording import Wording
from app.report import cells
from app.services import contacts, inviting, letters, mailing, open_links, sessions
from app.services.contacts import ContactRow
from app.services.inviting import InvitedList
from app.services.jobs import JobView
from app.services.mailing import MailState
from app.services.open_links import OpenLinkView
from app.services.people import SignedIn
from app.web.deps import Context, Ctx, CurrentUser, personal_link, public_address
from app.web.pages import render

router = APIRouter(prefix="/sessions/{session_id}")
_LONGEST_FILE = 200_000


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """A reader, who that is, and what was mailed."""

    contact: ContactRow
    mails: list[MailState]


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """invitations/page.html: who is invited; `problem` says what was wrong with the list that was just sent, `typed` holds it.

    `alone` are the codes of those whose address is not known.
    """

    user: SignedIn
    session_id: str
    title: str
    state: str
    readers: list[ReaderRow]
    known: int
    by_mail: bool
    to_invite: int
    alone: list[str]
    job: JobView | None
    wordings: dict[str, Wording]
    placeholders: dict[str, tuple[str, ...]]
    open_link: OpenLinkView | None
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
    """invitations/links.html: several personal links, shown this once, and the same as a CSV text; `repeated` rows had been invited before.

    `alone` are the codes of those whose address is not known; `fresh` says that the protocol excludes who has read the sets before.
    """

    user: SignedIn
    session_id: str
    links: list[LinkRow]
    listed: str
    repeated: int
    alone: list[str]
    fresh: bool


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A mail for a researcher to send by hand; `mailto` opens it in a mail program."""

    place: int
    code: str
    to: str
    subject: str
    body: str
    mailto: str


@dataclass(frozen=True, slots=True)
class LettersPage:
    """invitations/letters.html: mails to copy, each with its own link, shown this once."""

    user: SignedIn
    session_id: str
    letters: list[LetterRow]


@dataclass(frozen=True, slots=True)
class OpenLinkPage:
    """invitations/open_link.html: the open link, shown this once."""

    user: SignedIn
    session_id: str
    link: str


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
            fresh = sessions.wants_fresh(sessions.own(db, user, session_id))
    except InvalidError as error:
        return _show(request, ctx, user, session_id, listed, error.sentence)
    return render(
        request, "invitations/links.html", _links(request, ctx, user, session_id, found, fresh=fresh)
    )


@router.post("/invitations/mail", response_model=None)
def mail(request: Request, session_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse | RedirectResponse:
    """Invite all who were not yet: by mail, or without a mail server by texts to copy."""
    now, key, by_mail = clock.now(), ctx.settings.secret_key, ctx.settings.relay is not None
    with ctx.database.write() as db:
        session = sessions.own(db, user, session_id)
        chosen = mailing.uninvited(db, session_id, by_mail=by_mail)
        if by_mail:
            mailing.send(
                db, session, "invitation", chosen, owner_id=user.id, actor=user.pseudonym, key=key, now=now
            )
            return RedirectResponse(f"/sessions/{session_id}/invitations", 303)
        base = public_address(request, ctx)
        shown = mailing.show(db, user, session, "invitation", chosen, base, key, now)
    return letters_page(request, user, session_id, shown)


@router.post("/invitations/wording", response_model=None)
def reword(
    request: Request,
    session_id: str,
    ctx: Ctx,
    user: CurrentUser,
    kind: Annotated[Literal["invitation", "reminder"], Form()],
    subject: Annotated[str, Form()] = "",
    body: Annotated[str, Form()] = "",
) -> HTMLResponse | RedirectResponse:
    try:
        with ctx.database.write() as db:
            letters.reword(db, user, session_id, kind, subject, body, ctx.settings.secret_key, clock.now())
    except InvalidError as error:
        return _show(request, ctx, user, session_id, problem=error.sentence)
    return RedirectResponse(f"/sessions/{session_id}/invitations", 303)


@router.post("/open-link")
def open_link(
    request: Request, session_id: str, ctx: Ctx, user: CurrentUser, most: Annotated[str, Form()] = ""
) -> HTMLResponse:
    with ctx.database.write() as db:
        token = open_links.make(db, user, session_id, most, ctx.settings.secret_key, clock.now())
    page = OpenLinkPage(user, session_id, f"{public_address(request, ctx)}/read/join/{token}")
    return render(request, "invitations/open_link.html", page)


@router.post("/open-link/close")
def close_open_link(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        open_links.close(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}/invitations", 303)


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


def letters_page(
    request: Request, user: SignedIn, session_id: str, shown: list[tuple[str, Letter]]
) -> HTMLResponse:
    """The page of mails to copy."""
    rows = [
        LetterRow(
            place=place,
            code=code,
            to=letter.to,
            subject=letter.subject,
            body=letter.body,
            mailto=f"mailto:{quote(letter.to)}?subject={quote(letter.subject)}&body={quote(letter.body)}",
        )
        for place, (code, letter) in enumerate(shown, start=1)
    ]
    return render(request, "invitations/letters.html", LettersPage(user, session_id, rows))


def _links(
    request: Request, ctx: Context, user: SignedIn, session_id: str, found: InvitedList, *, fresh: bool
) -> LinksPage:
    links = [
        LinkRow(one.invited.code, one.row.name, one.row.email, personal_link(request, ctx, one.invited.token))
        for one in found.given
    ]
    rows = [(row.code, row.name, row.email, row.link) for row in links]
    listed = cells.table(("code", "name", "email", "link"), rows).replace("\r\n", "\n")
    alone = [row.code for row in links if not row.email]
    return LinksPage(user, session_id, links, listed, found.repeated, alone, fresh)


def _show(
    request: Request, ctx: Context, user: SignedIn, session_id: str, typed: str = "", problem: str = ""
) -> HTMLResponse:
    by_mail = ctx.settings.relay is not None
    with ctx.database.read() as db:
        session = sessions.own(db, user, session_id)
        mails = mailing.states(db, session_id)
        rows = [ReaderRow(row, mails.get(row.reading_id, [])) for row in contacts.of_session(db, session_id)]
        shown = InvitationsPage(
            user=user,
            session_id=session_id,
            title=session.title,
            state=session.state,
            readers=rows,
            known=sum(bool(row.contact.email) for row in rows),
            by_mail=by_mail,
            to_invite=len(mailing.uninvited(db, session_id, by_mail=by_mail)),
            alone=[row.contact.code for row in rows if not row.contact.email],
            job=mailing.last_job(db, session_id, clock.now()),
            wordings={kind: letters.wording(db, session_id, kind) for kind in letters.KINDS},
            placeholders=mail_wording.PLACEHOLDERS,
            open_link=open_links.view(db, session_id),
            typed=typed,
            problem=problem,
        )
    return render(request, "invitations/page.html", shown, 422 if problem else 200)
