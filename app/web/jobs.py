"""Watch a job, stop a job."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import JSONResponse, RedirectResponse

from app import clock
from app.services import jobs
from app.web.deps import Ctx, CurrentUser
from app.web.signin import local_path

router = APIRouter(prefix="/jobs")


@router.get("/{job_id}")
def progress(job_id: str, ctx: Ctx, user: CurrentUser) -> JSONResponse:
    with ctx.database.read() as db:
        view = jobs.view(db, user, job_id, clock.now())
    return JSONResponse({**asdict(view), "ended": view.ended}, headers={"Cache-Control": "no-store"})


@router.post("/{job_id}/cancel")
def cancel(job_id: str, ctx: Ctx, user: CurrentUser, back: Annotated[str, Form()] = "/") -> RedirectResponse:
    with ctx.database.write() as db:
        jobs.cancel(db, user, job_id, clock.now())
    return RedirectResponse(local_path(back), 303)
