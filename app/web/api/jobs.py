"""Jobs: watch one, stop one."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from app.services import jobs
from app.web.api.asking import CurrentCaller, CurrentWriter
from app.web.api.shapes import Job

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("/{job_id}", response_model=Job, summary="A job")
def job(job_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return jobs.view(db, caller.user, job_id, caller.now)


@router.post("/{job_id}/cancel", response_model=Job, summary="Stop a job; what it made is kept")
def cancel(job_id: str, writer: CurrentWriter) -> Response:
    def do(db: Any) -> Job:
        jobs.cancel(db, writer.user, job_id, writer.now)
        return Job.model_validate(jobs.view(db, writer.user, job_id, writer.now))

    return writer.once(do)
