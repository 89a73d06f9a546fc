"""The report of a closed session and its files. Each of these requests is a look at the truth, and is logged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from app import clock
from app.errors import ForbiddenError
from app.services import reports, sessions
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.services.reports import BuiltReport, Interim
from app.services.sessions import SessionView
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render

router = APIRouter(prefix="/sessions/{session_id}")
TYPES = {
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "tex": "application/x-tex; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class ReportPage:
    """reports/report.html: the report, or the job that makes it, or (with neither) the button that unblinds.

    `interim` says what moment an early look shows.
    """

    user: SignedIn
    session: SessionView
    interim: Interim | None
    report: BuiltReport | None
    job: JobView | None
    exports: tuple[str, ...]


@router.post("/unblinding")
def unblind(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    """The act of looking: written down, then the report is made."""
    with ctx.database.write() as db:
        unblinded(db, ctx, user, session_id, clock.now())
    return RedirectResponse(f"/sessions/{session_id}/report", 303)


def unblinded(db: Session, ctx: Context, user: SignedIn, session_id: str, now: datetime) -> None:
    """Log the look, and ask for the report where it has not been made of these ratings."""
    reports.look(db, user, session_id, "unblinding", ctx.settings.secret_key, now)
    if reports.built(db, ctx.artifacts, user, session_id) is None:
        reports.request_report(db, user, session_id, now)


@router.post("/unblinding/early")
def unblind_early(
    session_id: str, ctx: Ctx, user: CurrentUser, reason: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """The same while readers are at work: it needs a reason, which the report then shows."""
    with ctx.database.write() as db:
        reports.look_early(db, user, session_id, reason, ctx.settings.secret_key, clock.now())
    return unblind(session_id, ctx, user)


@router.get("/report")
def report(request: Request, session_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    now = clock.now()
    with ctx.database.read() as db:
        view = sessions.view(db, user, session_id, now)
        chosen = reports.may_look(db, user, session_id)
    if not chosen:
        page = ReportPage(user, view, None, None, None, reports.EXPORTS)
        return render(request, "reports/report.html", page)
    _look(ctx, user, session_id, "report")
    with ctx.database.read() as db:
        built = reports.built(db, ctx.artifacts, user, session_id)
        interim = reports.interim(db, user, session_id)
    page = ReportPage(user, view, interim, built, None if built else view.report_job, reports.EXPORTS)
    return render(request, "reports/report.html", page)


def asked_here(request: Request) -> None:
    """Raise ForbiddenError where another site's page or link asks for truth: that would be a look in the name of somebody who chose none."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise ForbiddenError(
            "This was asked for from another site. Open the session's page, and ask for it there."
        )


@router.get("/report/figures/{name}", dependencies=[Depends(asked_here)])
def figure(session_id: str, name: str, ctx: Ctx, user: CurrentUser) -> Response:
    with ctx.database.read() as db:
        data = reports.figure(db, ctx.artifacts, user, session_id, name)
    _look(ctx, user, session_id, f"figure {name[:60]}")
    return Response(data, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@router.get("/export/{name}", dependencies=[Depends(asked_here)])
def export(session_id: str, name: str, ctx: Ctx, user: CurrentUser) -> Response:
    """A file of the export, sent while it is read: however many answers there are, memory holds one reader's."""
    with ctx.database.read() as db:
        reports.require_export(db, ctx.artifacts, user, session_id, name)
    _look(ctx, user, session_id, f"export {name[:60]}")
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(
        _pieces(ctx, session_id, name), media_type=TYPES[name.rpartition(".")[2]], headers=headers
    )


def _pieces(ctx: Context, session_id: str, name: str) -> Iterator[bytes]:
    with ctx.database.read() as db:
        yield from reports.export(db, ctx.artifacts, session_id, name)


def _look(ctx: Context, user: SignedIn, session_id: str, what: str) -> None:
    """Write the look down, on disk before anything is shown; in a short transaction, because readers wait for it."""
    with ctx.database.write() as db:
        reports.look(db, user, session_id, what, ctx.settings.secret_key, clock.now())
