"""The blinding audit of a frozen session: groups at once, single images' truth only after a logged look."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.services import audit_views
from app.web import audits as pages
from app.web.api import sessions
from app.web.api.asking import Caller, CurrentCaller, CurrentLooker, CurrentWriter
from app.web.api.imagesets import PNG
from app.web.api.sessions import SessionView
from app.web.api.shapes import Ask, Job, Moment, Shape, example

router = APIRouter(prefix="/sessions/{session_id}/audit", tags=["blinding audit"])
SVG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}}


class Finding(Shape):
    """A cue that differs between real and synthetic images; `images` are (number, truth), empty before a look."""

    title: str = Field(examples=["Border"])
    sentence: str
    p: float = Field(description="Over all cues.", examples=[0.001])
    picture: str = Field(description="The name of its figure.", examples=["border.svg"])
    mend: str = Field(description="The mend that may help; empty for none.", examples=["border mask"])
    images: list[tuple[int, str]]


class Neighbours(Shape):
    """How near synthetic images are to real ones; `pairs` are (synthetic, real, distance), empty before a look."""

    synthetic_to_real: float
    real_to_real: float | None
    pairs: list[tuple[int, int, float]]


class Verdict(Shape):
    """What follows: `blocks` forbid opening, `findings` need a reason, `warnings` are told."""

    blocks: list[str]
    findings: list[str]
    warnings: list[str]
    may_open: bool = Field(examples=[True])


class AuditView(Shape):
    """The job where an audit works, the rest where one has finished."""

    job: Job | None
    verdict: Verdict | None
    finished_at: Moment | None
    n_real: int = Field(examples=[20])
    n_synthetic: int = Field(examples=[20])
    transport: str
    balance: list[str]
    classifier: str
    unmeasured: str
    findings: list[Finding]
    neighbours: Neighbours | None
    looked: bool = Field(description="Whether you have looked at single images' truth.", examples=[False])
    mends: list[tuple[str, str]] = Field(description="Mends that may help, and what each costs.")


class Mends(Ask):
    """Which mends the copy's items get."""

    model_config = example(mends=["clip"])
    mends: list[str] = Field(min_length=1, max_length=10)


@router.get("", response_model=AuditView, summary="The last audit")
def audit(session_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _view(db, caller, session_id)


@router.post("", response_model=AuditView, status_code=202, summary="Audit the frozen bytes")
def start(session_id: str, writer: CurrentWriter) -> Response:
    def do(db: Session) -> AuditView:
        audit_views.start(db, writer.user, session_id, writer.secret, writer.now)
        return _view(db, writer.caller, session_id)

    return writer.once(do, 202)


@router.post("/look", response_model=AuditView, summary="Look at single images' truth: logged")
def look(session_id: str, writer: CurrentWriter) -> Response:
    """Who looks can be no reader of these sets any more."""

    def do(db: Session) -> AuditView:
        audit_views.look(db, writer.user, session_id, writer.secret, writer.now)
        return _view(db, writer.caller, session_id)

    return writer.once(do)


@router.post(
    "/copies", response_model=SessionView, status_code=201, summary="A new draft of this design with mends"
)
def copy_mended(session_id: str, asked: Mends, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        made = audit_views.copy_mended(db, writer.user, session_id, asked.mends, writer.secret, writer.now)
        return sessions.shown(db, writer.caller, made)

    return writer.once(do, 201)


@router.get("/pictures/{name}", response_class=Response, responses=SVG, summary="A finding's figure")
def picture(session_id: str, name: str, caller: CurrentCaller) -> Response:
    return pages.picture(session_id, name, caller.ctx, caller.user)


@router.get("/images/{number}.png", response_class=Response, responses=PNG, summary="An item, after a look")
def image(session_id: str, number: int, caller: CurrentLooker) -> Response:
    return pages.image(session_id, number, caller.ctx, caller.user)


def _view(db: Session, caller: Caller, session_id: str) -> AuditView:
    shown = AuditView.model_validate(audit_views.view(db, caller.user, session_id, caller.now))
    if caller.token.read_only:  # looks at no truth, also where its user has
        for finding in shown.findings:
            finding.images = []
        if shown.neighbours:
            shown.neighbours.pairs = []
    return shown
