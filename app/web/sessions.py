"""VTT sessions: list, create, freeze, open, invite, close."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.protocol import scale, wording
from app.services import audit_views, imagesets, manifests, sessions
from app.services.audit_views import AuditView
from app.services.imagesets import ImageSetRow
from app.services.invitations import Invited
from app.services.people import SignedIn
from app.services.sessions import NewSession, SessionRow, SessionView
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render

router = APIRouter(prefix="/sessions")


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """sessions/list.html."""

    user: SignedIn
    sessions: list[SessionRow]


@dataclass(frozen=True, slots=True)
class NewSessionPage:
    """sessions/new.html: sets to choose from, and what readers are told unless it is changed."""

    user: SignedIn
    real_sets: list[ImageSetRow]
    synthetic_sets: list[ImageSetRow]
    instructions: str
    likert_labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionPage:
    """sessions/detail.html: the state as steps, what to do next, the blinding audit, the readers."""

    user: SignedIn
    session: SessionView
    audit: AuditView


@dataclass(frozen=True, slots=True)
class LinkPage:
    """sessions/link.html: a personal link, shown this once."""

    user: SignedIn
    session_id: str
    code: str
    link: str


@router.get("")
def listing(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        page = SessionsPage(user, sessions.listing(db, user, clock.now()))
    return render(request, "sessions/list.html", page)


@router.get("/new")
def new(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    now = clock.now()
    with ctx.database.read() as db:
        page = NewSessionPage(
            user=user,
            real_sets=imagesets.listing(db, user, now, "real"),
            synthetic_sets=imagesets.listing(db, user, now, "synthetic"),
            instructions=wording.INSTRUCTIONS,
            likert_labels=scale.LABELS,
        )
    return render(request, "sessions/new.html", page)


@router.post("")
def create(
    ctx: Ctx,
    user: CurrentUser,
    likert_labels: Annotated[list[str], Form(default_factory=list)],
    title: Annotated[str, Form()] = "",
    public_title: Annotated[str, Form()] = "",
    real_set_id: Annotated[str, Form()] = "",
    n_real: Annotated[str, Form()] = "",
    synthetic_set_id: Annotated[str, Form()] = "",
    n_synthetic: Annotated[str, Form()] = "",
    instructions: Annotated[str, Form()] = "",
    disclose_ratio: Annotated[bool, Form()] = False,
    show_progress: Annotated[bool, Form()] = False,
    allow_undo: Annotated[bool, Form()] = False,
    fixed_presentation: Annotated[bool, Form()] = False,
    exposure_ms: Annotated[str, Form()] = "",
) -> RedirectResponse:
    asked = NewSession(
        title=title,
        public_title=public_title,
        real_set_id=real_set_id,
        n_real=n_real,
        synthetic_set_id=synthetic_set_id,
        n_synthetic=n_synthetic,
        instructions=instructions,
        likert_labels=tuple(likert_labels),
        disclose_ratio=disclose_ratio,
        show_progress=show_progress,
        allow_undo=allow_undo,
        fixed_presentation=fixed_presentation,
        exposure_ms=exposure_ms,
    )
    with ctx.database.write() as db:
        session_id = sessions.create(db, user, asked, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.get("/{session_id}")
def detail(request: Request, session_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    now = clock.now()
    with ctx.database.read() as db:
        view = sessions.view(db, user, session_id, now)
        audit = audit_views.view(db, user, session_id, now)
    return render(request, "sessions/detail.html", SessionPage(user, view, audit))


@router.get("/{session_id}/manifest.json")
def manifest(session_id: str, ctx: Ctx, user: CurrentUser) -> Response:
    """The manifest as frozen, to publish before the study: it commits to the truth and does not tell it."""
    with ctx.database.read() as db:
        data = manifests.published(ctx.artifacts, sessions.own(db, user, session_id))
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="manifest.json"'}
    return Response(data, media_type="application/json", headers=headers)


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


@router.post("/{session_id}/close")
def close(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        sessions.close(db, user, session_id, ctx.settings.secret_key, clock.now())
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
    base = ctx.settings.base_url or str(request.base_url).rstrip("/")
    page = LinkPage(user, session_id, invited.code, f"{base}/r/{invited.token}")
    return render(request, "sessions/link.html", page)
