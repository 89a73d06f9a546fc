"""VTT sessions: listed, seen, frozen, opened, paused, closed, shared. No answer holds an item's truth."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.protocol import exchange
from app.services import access, conduct, following, previews, sessions
from app.web import sessions as pages
from app.web.api.asking import Caller, CurrentCaller, CurrentWriter
from app.web.api.imagesets import SetRow
from app.web.api.paging import Page, Paged, newest_first
from app.web.api.shapes import Ask, Id, Job, Moment, Shape, example
from app.web.deps import personal_link_of

router = APIRouter(prefix="/sessions", tags=["sessions"])
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}


class SessionRow(Shape):
    """A session in a list."""

    id: Id
    title: str = Field(examples=["Pilot"])
    state: str = Field(description="draft, frozen, open, paused or closed.", examples=["draft"])
    created_at: Moment
    readers: int = Field(examples=[7])
    finished: int = Field(description="Readers who have finished.", examples=[3])
    shared: bool = Field(description="Whether a colleague owns it.", examples=[False])


class Arm(Shape):
    """A model under test."""

    label: str = Field(description="Its name in reports.", examples=["Samples, psi 0.7"])
    images: SetRow
    n_synthetic: int = Field(examples=[20])


class Phase(Shape):
    """A session of the same study."""

    id: Id
    title: str = Field(examples=["Pilot, next phase"])
    state: str = Field(examples=["draft"])


class Colleague(Shape):
    """With whom a session is shared."""

    id: Id
    email: str = Field(examples=["colleague@example.org"])


class Pause(Shape):
    """Since when a session is paused, and why."""

    at: Moment
    reason: str = Field(examples=["A monitor is being repaired."])


class Preview(Shape):
    """Whether the readers' pages can be seen beforehand, and the job that prepares that."""

    ready: bool = Field(examples=[True])
    job: Job | None


class SessionView(Shape):
    """A session."""

    id: Id
    title: str = Field(examples=["Pilot"])
    public_title: str = Field(description="What readers see.", examples=["Brain slices"])
    state: str = Field(description="draft, frozen, open, paused or closed.", examples=["draft"])
    real_set: SetRow
    n_real: int = Field(examples=[20])
    arms: list[Arm]
    protocol: dict[str, Any] = Field(description="As in protocol.json.")
    manifest_sha256: str | None = Field(description="Once it is frozen.")
    job: Job | None = Field(description="The job that freezes it.")
    created_at: Moment
    frozen_at: Moment | None
    opened_at: Moment | None
    closed_at: Moment | None
    pause: Pause | None
    owner: str = Field(examples=["owner@example.org"])
    owned: bool = Field(description="False for a colleague with whom it is shared.", examples=[True])
    colleagues: list[Colleague]
    before: Phase | None = Field(description="The phase before this one.")
    after: Phase | None = Field(description="The phase after this one.")


class Opened(Ask):
    """Why a session is opened in spite of what the audit found; empty where it found nothing."""

    model_config = example(reason="The difference is in a corner that readers do not see.")
    reason: str = Field("", max_length=2000)


class Reason(Ask):
    """Why."""

    model_config = example(reason="A reader's monitor is being repaired.")
    reason: str = Field(max_length=2000)


class Shared(Ask):
    """The colleague's address."""

    model_config = example(email="colleague@example.org")
    email: str = Field(max_length=300)


class Link(Shape):
    """An address that opens something, shown this once."""

    link: str = Field(examples=["https://vtt.example.org/r/…"])


@router.get("", response_model=Page[SessionRow], summary="Your sessions, newest first")
def listing(
    caller: CurrentCaller,
    paging: Paged,
    q: Annotated[str, Query(max_length=120, description="With this in their title.")] = "",
) -> Any:
    with caller.ctx.database.read() as db:
        rows = sessions.listing(db, caller.user, caller.now, q.strip())
    return paging.page(rows, newest_first, SessionRow.model_validate)


@router.get("/{session_id}", response_model=SessionView, summary="A session")
def detail(session_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return shown(db, caller, session_id)


@router.get(
    "/{session_id}/manifest.json", response_class=Response, responses=FILE, summary="The manifest as frozen"
)
def manifest(session_id: str, caller: CurrentCaller) -> Response:
    """It commits to the truth and does not tell it."""
    return pages.manifest(session_id, caller.ctx, caller.user)


@router.get(
    "/{session_id}/protocol.json", response_class=Response, responses=FILE, summary="The protocol as a file"
)
def protocol_file(session_id: str, caller: CurrentCaller) -> Response:
    return pages.protocol_file(session_id, caller.ctx, caller.user)


@router.post(
    "/{session_id}/freeze", response_model=SessionView, status_code=202, summary="Fix items and bytes"
)
def freeze(session_id: str, writer: CurrentWriter) -> Response:
    """Then wait for `job` to end, and look at the blinding audit."""

    def do(db: Session) -> SessionView:
        sessions.start_freeze(db, writer.user, session_id, writer.secret, writer.now)
        return shown(db, writer.caller, session_id)

    return writer.once(do, 202)


@router.post("/{session_id}/open", response_model=SessionView, summary="Let readers rate")
def open_session(session_id: str, asked: Opened, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        sessions.open_session(db, writer.user, session_id, writer.secret, writer.now, asked.reason)
        return shown(db, writer.caller, session_id)

    return writer.once(do)


@router.post("/{session_id}/pause", response_model=SessionView, summary="Let nobody rate for now")
def pause(session_id: str, asked: Reason, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        conduct.pause(db, writer.user, session_id, asked.reason, writer.secret, writer.now)
        return shown(db, writer.caller, session_id)

    return writer.once(do)


@router.post("/{session_id}/resume", response_model=SessionView, summary="Go on after a pause")
def resume(session_id: str, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        conduct.resume(db, writer.user, session_id, writer.secret, writer.now)
        return shown(db, writer.caller, session_id)

    return writer.once(do)


@router.post("/{session_id}/close", response_model=SessionView, summary="End the rating")
def close(session_id: str, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        conduct.close(db, writer.user, session_id, writer.secret, writer.now)
        return shown(db, writer.caller, session_id)

    return writer.once(do)


@router.post("/{session_id}/reopen", response_model=SessionView, summary="Let readers rate again")
def reopen(session_id: str, asked: Reason, writer: CurrentWriter) -> Response:
    """The report says so, and why, from then on."""

    def do(db: Session) -> SessionView:
        conduct.reopen(db, writer.user, session_id, asked.reason, writer.secret, writer.now)
        return shown(db, writer.caller, session_id)

    return writer.once(do)


@router.get("/{session_id}/preview", response_model=Preview, summary="The preview of the readers' pages")
def preview(session_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return previews.view(db, caller.user, session_id, caller.now)


@router.post("/{session_id}/preview", response_model=Preview, status_code=202, summary="Prepare the preview")
def prepare(session_id: str, writer: CurrentWriter) -> Response:
    def do(db: Session) -> Preview:
        previews.prepare(db, writer.user, session_id, writer.now)
        return Preview.model_validate(previews.view(db, writer.user, session_id, writer.now))

    return writer.once(do, 202)


@router.post(
    "/{session_id}/preview/links",
    response_model=Link,
    status_code=201,
    summary="A personal link into the preview",
)
def enter_preview(session_id: str, writer: CurrentWriter) -> Response:
    """Where the protocol has practice images, this is a look at truth, and logged as such."""

    def do(db: Session) -> Link:
        token = previews.link(db, writer.user, session_id, writer.secret, writer.now)
        return Link(link=personal_link_of(writer.caller.base, token))

    return writer.once(do, 201)


@router.post("/{session_id}/colleagues", response_model=SessionView, summary="Share it with a colleague")
def share(session_id: str, asked: Shared, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        session = sessions.own(db, writer.user, session_id)
        access.share(db, writer.user, session, asked.email, writer.secret, writer.now)
        return shown(db, writer.caller, session_id)

    return writer.once(do)


@router.delete(
    "/{session_id}/colleagues/{user_id}", status_code=204, summary="Share it with this colleague no more"
)
def stop_sharing(session_id: str, user_id: str, writer: CurrentWriter) -> Response:
    def do(db: Session) -> None:
        session = sessions.own(db, writer.user, session_id)
        access.stop_sharing(db, writer.user, session, user_id, writer.secret, writer.now)

    return writer.once(do, 204)


def shown(db: Session, caller: Caller, session_id: str) -> SessionView:
    """A session as it is now."""
    found = sessions.view(db, caller.user, session_id, caller.now)
    beside = following.neighbours(db, caller.user, session_id)
    return SessionView(
        id=found.id,
        title=found.title,
        public_title=found.public_title,
        state=found.state,
        real_set=SetRow.model_validate(found.real_set),
        n_real=found.n_real,
        arms=[Arm.model_validate(arm) for arm in found.arms],
        protocol=json.loads(exchange.written(found.protocol)),
        manifest_sha256=found.manifest_sha256,
        job=Job.model_validate(found.job) if found.job else None,
        created_at=found.created_at,
        frozen_at=found.frozen_at,
        opened_at=found.opened_at,
        closed_at=found.closed_at,
        pause=Pause.model_validate(found.pause) if found.pause else None,
        owner=found.owner,
        owned=found.owned,
        colleagues=[Colleague(id=key, email=email) for key, email in found.colleagues],
        before=Phase.model_validate(beside.before) if beside.before else None,
        after=Phase.model_validate(beside.after) if beside.after else None,
    )
