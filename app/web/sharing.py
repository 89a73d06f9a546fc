"""Sharing a session with colleagues."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from app import clock
from app.services import access, sessions
from app.web.deps import Ctx, CurrentUser

router = APIRouter(prefix="/sessions/{session_id}/colleagues")


@router.post("")
def share(
    session_id: str, ctx: Ctx, user: CurrentUser, email: Annotated[str, Form(max_length=300)] = ""
) -> RedirectResponse:
    with ctx.database.write() as db:
        session = sessions.own(db, user, session_id)
        access.share(db, user, session, email, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/sessions/{session_id}#colleagues", 303)


@router.post("/{user_id}/remove")
def stop(session_id: str, user_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    """Share it with this colleague no more; who leaves by themselves comes back to the list."""
    with ctx.database.write() as db:
        session = sessions.own(db, user, session_id)
        access.stop_sharing(db, user, session, user_id, ctx.settings.secret_key, clock.now())
    back = "/sessions" if user_id == user.id else f"/sessions/{session_id}#colleagues"
    return RedirectResponse(back, 303)
