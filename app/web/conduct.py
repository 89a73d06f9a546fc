"""A session in work: pause, go on, close, open again."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from app import clock
from app.services import conduct
from app.web.deps import Ctx, CurrentUser

router = APIRouter(prefix="/sessions/{session_id}")
Reason = Annotated[str, Form()]


@router.post("/pause")
def pause(session_id: str, ctx: Ctx, user: CurrentUser, reason: Reason = "") -> RedirectResponse:
    with ctx.database.write() as db:
        conduct.pause(db, user, session_id, reason, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.post("/resume")
def resume(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        conduct.resume(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.post("/close")
def close(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        conduct.close(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.post("/reopen")
def reopen(session_id: str, ctx: Ctx, user: CurrentUser, reason: Reason = "") -> RedirectResponse:
    with ctx.database.write() as db:
        conduct.reopen(db, user, session_id, reason, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)
