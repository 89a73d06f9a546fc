"""The blinding audit of a frozen session: its page, its figures, a logged look at single images, a new draft with mends."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.services import audit_views, sessions
from app.services.audit_views import AuditView
from app.services.people import SignedIn
from app.services.sessions import SessionView
from app.web.deps import Ctx, CurrentUser
from app.web.pages import render

router = APIRouter(prefix="/sessions/{session_id}/audit")
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class AuditPage:
    """sessions/audit.html: what may give images away, with a figure for each finding."""

    user: SignedIn
    session: SessionView
    audit: AuditView


@router.get("")
def page(request: Request, session_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    now = clock.now()
    with ctx.database.read() as db:
        shown = AuditPage(
            user, sessions.view(db, user, session_id, now), audit_views.view(db, user, session_id, now)
        )
    return render(request, "sessions/audit.html", shown)


@router.post("")
def start(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        audit_views.start(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}/audit", 303)


@router.post("/look")
def look(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    """The act of looking at single images' truth: written down before anything is shown."""
    with ctx.database.write() as db:
        audit_views.look(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}/audit", 303)


@router.post("/copies")
def copy_mended(
    session_id: str,
    ctx: Ctx,
    user: CurrentUser,
    mends: Annotated[list[str], Form(default_factory=list)],
) -> RedirectResponse:
    with ctx.database.write() as db:
        made = audit_views.copy_mended(db, user, session_id, mends, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{made}", 303)


@router.get("/pictures/{name}")
def picture(session_id: str, name: str, ctx: Ctx, user: CurrentUser) -> Response:
    with ctx.database.read() as db:
        data = audit_views.picture(db, ctx.artifacts, user, session_id, name)
    return Response(data, media_type="image/svg+xml", headers=_NO_STORE)


@router.get("/images/{number}.png")
def image(session_id: str, number: int, ctx: Ctx, user: CurrentUser) -> Response:
    with ctx.database.read() as db:
        data = audit_views.stimulus(db, ctx.artifacts, user, session_id, number)
    return Response(data, media_type="image/png", headers=_NO_STORE)
