"""A session's pages as its readers will see them, for its researcher."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from app import clock
from app.services import previews
from app.web.deps import Ctx, CurrentUser, seat_in

router = APIRouter(prefix="/sessions/{session_id}/preview")


@router.post("")
def prepare(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        previews.prepare(db, user, session_id, clock.now())
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.post("/enter")
def enter(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        cookie = previews.enter(db, user, session_id, ctx.settings.secret_key, clock.now())
    response = RedirectResponse("/read", 303)
    seat_in(response, ctx, cookie)
    return response
