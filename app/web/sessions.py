"""VTT sessions: list, freeze, open, invite. They begin in designs.py, and are paused and closed in conduct.py."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.protocol import exchange
from app.protocol.design import Protocol
from app.services import audit_views, contacts, following, manifests, previews, sessions
from app.services.audit_views import AuditView
from app.services.following import Neighbours
from app.services.invitations import Invited
from app.services.people import SignedIn
from app.services.previews import PreviewView
from app.services.sessions import SessionRow, SessionView
from app.web import monitoring
from app.web.deps import Context, Ctx, CurrentUser, personal_link
from app.web.monitoring import Watch
from app.web.pages import render

router = APIRouter(prefix="/sessions")


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """sessions/list.html: those with `sought` in their title, all where it is empty."""

    user: SignedIn
    sessions: list[SessionRow]
    sought: str


@dataclass(frozen=True, slots=True)
class SessionPage:
    """sessions/detail.html: the state as steps, what to do next, the blinding audit, the readers, the preview."""

    user: SignedIn
    session: SessionView
    audit: AuditView
    watch: Watch
    preview: PreviewView
    phases: Neighbours


@dataclass(frozen=True, slots=True)
class LinkPage:
    """sessions/link.html: a personal link, shown this once. `alone`: the reader's address is not known; `fresh`: the protocol excludes who has read the sets before."""

    user: SignedIn
    session_id: str
    code: str
    link: str
    alone: bool
    fresh: bool


@router.get("")
def listing(request: Request, ctx: Ctx, user: CurrentUser, q: str = "") -> HTMLResponse:
    sought = q.strip()[:120]
    with ctx.database.read() as db:
        page = SessionsPage(user, sessions.listing(db, user, clock.now(), sought), sought)
    return render(request, "sessions/list.html", page)


@router.get("/{session_id}")
def detail(request: Request, session_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    now = clock.now()
    with ctx.database.read() as db:
        view = sessions.view(db, user, session_id, now)
        audit = audit_views.view(db, user, session_id, now)
        watch = monitoring.watched(db, user, session_id)
        preview = previews.view(db, user, session_id, now)
        phases = following.neighbours(db, user, session_id)
    return render(request, "sessions/detail.html", SessionPage(user, view, audit, watch, preview, phases))


@router.get("/{session_id}/manifest.json")
def manifest(session_id: str, ctx: Ctx, user: CurrentUser) -> Response:
    """The manifest as frozen, to publish before the study: it commits to the truth and does not tell it."""
    with ctx.database.read() as db:
        data = manifests.published(ctx.artifacts, sessions.own(db, user, session_id))
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="manifest.json"'}
    return Response(data, media_type="application/json", headers=headers)


@router.get("/{session_id}/protocol.json")
def protocol_file(session_id: str, ctx: Ctx, user: CurrentUser) -> Response:
    """The protocol as a file, for another session."""
    with ctx.database.read() as db:
        protocol = Protocol.from_json(sessions.own(db, user, session_id).protocol)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="protocol.json"'}
    return Response(exchange.written(protocol), media_type="application/json", headers=headers)


@router.post("/{session_id}/freeze")
def freeze(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        sessions.start_freeze(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.post("/{session_id}/open")
def open_session(
    session_id: str, ctx: Ctx, user: CurrentUser, reason: Annotated[str, Form()] = ""
) -> RedirectResponse:
    with ctx.database.write() as db:
        sessions.open_session(db, user, session_id, ctx.settings.secret_key, clock.now(), reason)
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.post("/{session_id}/readers")
def invite(
    request: Request, session_id: str, ctx: Ctx, user: CurrentUser, code: Annotated[str, Form()] = ""
) -> HTMLResponse:
    with ctx.database.write() as db:
        invited = sessions.invite(db, user, session_id, code, ctx.settings.secret_key, clock.now())
    return _link(request, ctx, user, session_id, invited)


@router.post("/{session_id}/readers/{reading_id}/renew")
def renew(request: Request, session_id: str, reading_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.write() as db:
        invited = sessions.renew(db, user, session_id, reading_id, ctx.settings.secret_key, clock.now())
    return _link(request, ctx, user, session_id, invited)


@router.post("/{session_id}/readers/{reading_id}/revoke")
def revoke(session_id: str, reading_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        sessions.revoke(db, user, session_id, reading_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)


def _link(request: Request, ctx: Context, user: SignedIn, session_id: str, invited: Invited) -> HTMLResponse:
    with ctx.database.read() as db:
        alone = not contacts.known(db, invited.reading_id)
        fresh = sessions.wants_fresh(sessions.own(db, user, session_id))
    page = LinkPage(user, session_id, invited.code, personal_link(request, ctx, invited.token), alone, fresh)
    return render(request, "sessions/link.html", page)
