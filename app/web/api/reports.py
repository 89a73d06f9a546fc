"""The report of a closed session and its files. Who asks for a figure or a file looks at the truth, and that is logged."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.services import reports, sessions
from app.web import reports as pages
from app.web.api.asking import Caller, CurrentCaller, CurrentLooker, CurrentWriter, Writer
from app.web.api.audits import SVG
from app.web.api.sessions import Reason
from app.web.api.shapes import Job, Moment, Shape

router = APIRouter(prefix="/sessions/{session_id}", tags=["report"])
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for kind in pages.TYPES.values()
        }
    }
}
_FILES[200]["content"]["application/json"] = {"schema": {"type": "object"}}


class Interim(Shape):
    """An early look: when, at how many answers, and how many came since."""

    at: Moment
    answers: int = Field(examples=[120])
    since: int = Field(examples=[3])


class Report(Shape):
    """Whether the report is made, and what there is to get; nothing of what it says."""

    chosen: bool = Field(description="Whether you chose to see the truth, and may.", examples=[True])
    ready: bool = Field(examples=[True])
    job: Job | None = Field(description="The job that makes it.")
    interim: Interim | None = Field(description="While readers may still rate.")
    figures: list[str] = Field(examples=[["roc.svg"]])
    files: list[str] = Field(examples=[["report.json", "ratings.csv"]])


@router.post("/unblinding", response_model=Report, status_code=202, summary="Look at the truth: logged")
def unblind(session_id: str, writer: CurrentWriter) -> Response:
    """Then wait for `job`, and get the files. Refused while readers are at work."""
    return writer.once(lambda db: _unblinded(db, writer, session_id), 202)


@router.post(
    "/unblinding/early",
    response_model=Report,
    status_code=202,
    summary="Look at the truth while readers are at work: logged, with a reason that the report shows",
)
def unblind_early(session_id: str, asked: Reason, writer: CurrentWriter) -> Response:
    def do(db: Session) -> Report:
        reports.look_early(db, writer.user, session_id, asked.reason, writer.secret, writer.now)
        return _unblinded(db, writer, session_id)

    return writer.once(do, 202)


@router.get("/report", response_model=Report, summary="Whether the report is made")
def report(session_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _view(db, caller, session_id)


@router.get(
    "/report/figures/{name}", response_class=Response, responses=SVG, summary="A figure: logged as a look"
)
def figure(session_id: str, name: str, caller: CurrentLooker) -> Response:
    return pages.figure(session_id, name, caller.ctx, caller.user)


@router.get("/export/{name}", response_class=Response, responses=_FILES, summary="A file: logged as a look")
def export(session_id: str, name: str, caller: CurrentLooker) -> Response:
    """report.json, ratings.csv, per_reader.csv, … as `files` names them."""
    return pages.export(session_id, name, caller.ctx, caller.user)


def _unblinded(db: Session, writer: Writer, session_id: str) -> Report:
    pages.unblinded(db, writer.ctx, writer.user, session_id, writer.now)
    return _view(db, writer.caller, session_id)


def _view(db: Session, caller: Caller, session_id: str) -> Report:
    found = sessions.view(db, caller.user, session_id, caller.now)
    chosen = reports.may_look(db, caller.user, session_id)
    built = reports.built(db, caller.ctx.artifacts, caller.user, session_id) if chosen else None
    interim = reports.interim(db, caller.user, session_id) if chosen else None
    job = found.report_job if chosen else None
    return Report(
        chosen=chosen,
        ready=built is not None,
        job=Job.model_validate(job) if job else None,
        interim=Interim.model_validate(interim) if interim else None,
        figures=[name for name, _ in built.figures] if built else [],
        files=list(reports.EXPORTS) if built else [],
    )
