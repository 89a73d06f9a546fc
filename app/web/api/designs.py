"""Designs: plan, make, change and discard drafts; templates."""

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import InvalidError
from app.protocol import exchange
from app.protocol.design import Protocol
from app.protocol.parts import MOST_PARTS
from app.services import designs, feasible, templates
from app.services.feasible import NewSession
from app.services.people import SignedIn
from app.web import plans
from app.web.api import sessions
from app.web.api.asking import CurrentCaller, CurrentWriter
from app.web.api.paging import Page, Paged
from app.web.api.sessions import SessionView
from app.web.api.shapes import Ask, Id, Shape, example

router = APIRouter(tags=["designs"])
_KNOWN = {*Protocol().to_json(), "blindread_protocol"}
_SET = "0f3c9a5d7b2e4c6f8a1b3d5e7f902468"


class Arm(Ask):
    """A model under test: a synthetic set, and how many of its images are drawn."""

    image_set_id: Id
    n_synthetic: int = Field(ge=1, le=feasible.MOST_ITEMS)


class Design(Ask):
    """A session's design. The protocol is that of protocol.json, of which parts may be left out; without one `template` says where to begin."""

    model_config = example(
        title="Pilot",
        public_title="Brain slices",
        real_set_id=_SET,
        n_real=20,
        arms=[{"image_set_id": _SET, "n_synthetic": 20}],
        protocol={"show_progress": True},
    )
    title: str = Field(max_length=1000)
    public_title: str = Field(max_length=1000, description="What readers see: neutral.")
    real_set_id: Id
    n_real: int = Field(ge=1, le=feasible.MOST_ITEMS)
    arms: list[Arm] = Field(min_length=1, max_length=feasible.MOST_ARMS)
    protocol: dict[str, Any] | None = None
    template: str = Field("", max_length=64, description="The key of a template; not with a protocol.")
    follows: str = Field("", max_length=64, description="The session whose next phase this is.")

    def asked(self, db: Session, user: SignedIn) -> NewSession:
        """As the services take it; raises InvalidError or NotFoundError."""
        return NewSession(
            title=self.title,
            public_title=self.public_title,
            real_set_id=self.real_set_id,
            n_real=str(self.n_real),
            synthetic=tuple((arm.image_set_id, str(arm.n_synthetic)) for arm in self.arms),
            protocol=self._protocol(db, user),
            follows=self.follows,
        )

    def _protocol(self, db: Session, user: SignedIn) -> Protocol:
        if self.protocol is not None and self.template:
            raise InvalidError("Send a protocol or a template, not both.")
        if self.template:
            return templates.protocol(db, user, self.template)
        given = self.protocol or {}
        unknown = sorted(given.keys() - _KNOWN)
        if unknown:
            raise InvalidError(f"A protocol has no “{unknown[0][:60]}”.")
        return exchange.read(json.dumps({"blindread_protocol": exchange.VERSION, **given}).encode())


class DesignView(Shape):
    """A design, as it is sent."""

    title: str = Field(examples=["Pilot"])
    public_title: str = Field(examples=["Brain slices"])
    real_set_id: Id
    n_real: int = Field(examples=[20])
    arms: list[Arm]
    protocol: dict[str, Any]
    follows: str = Field(examples=[""])


class Template(Shape):
    """A protocol to begin from; `own` ones can be deleted."""

    key: str = Field(examples=["paper"])
    name: str = Field(examples=["Woodland et al. 2022"])
    fits: str = Field(examples=["A rating of realness beside the answer."])
    own: bool = Field(examples=[False])


class TemplateView(Template):
    """A template with its protocol."""

    protocol: dict[str, Any]


class Kept(Ask):
    """What a template is to be called; one of this name is replaced."""

    model_config = example(name="Our protocol")
    name: str = Field(max_length=300)


class Panel(Shape):
    """So many readers: half-widths of the intervals in points, and whether equivalence is within reach."""

    readers: int = Field(examples=[7])
    chosen: bool = Field(examples=[True])
    fpr: str = Field(examples=["± 12.4"])
    fnr: str = Field(examples=["± 12.4"])
    equivalence: bool = Field(examples=[False])


class Plan(Shape):
    """What a design can show; `problem` says why there is no plan."""

    readers: int = Field(examples=[7])
    models: int = Field(examples=[1])
    pairs: bool = Field(description="Whether two images stand side by side.", examples=[False])
    sentences: list[str]
    panels: list[Panel]
    problem: str = Field(examples=[""])


@router.get("/plan", response_model=Plan, summary="What so many readers and images can show")
def plan(
    caller: CurrentCaller,
    n_real: Annotated[int, Query(ge=1, le=feasible.MOST_ITEMS)] = 20,
    n_synthetic: Annotated[
        list[Annotated[int, Field(ge=1, le=feasible.MOST_ITEMS)]],
        Query(min_length=1, max_length=feasible.MOST_ARMS, description="Of each model, once for each."),
    ] = [20],  # noqa: B006 - FastAPI copies it
    readers: Annotated[int, Query(ge=1, le=plans.MOST_READERS)] = plans.READERS,
    answering: Annotated[str, Query(max_length=20, description="Empty, or pairs.")] = "",
    margin: Annotated[str, Query(max_length=20, description="Of equivalence, in points.")] = "",
    parts: Annotated[int, Query(ge=1, le=MOST_PARTS, description="Balanced parts of the images.")] = 1,
    parts_read: Annotated[int, Query(ge=1, le=MOST_PARTS, description="How many each reader reads.")] = 1,
    arm_blocks: Annotated[bool, Query(description="Whether models stand in blocks of their own.")] = False,
) -> Any:
    del caller
    fields = {
        "n_real": [str(n_real)],
        "n_synthetic": [str(number) for number in n_synthetic],
        "synthetic_set_id": ["chosen"] * len(n_synthetic),
        "answering": [answering],
        "margin": [margin],
        "parts": [str(parts)],
        "parts_read": [str(parts_read)],
        "arm_blocks": ["true"] if arm_blocks else [],
    }
    return Plan.model_validate(asdict(plans.typed_so_far(fields, str(readers))))


@router.post("/sessions", response_model=SessionView, status_code=201, summary="Make a draft")
def create(asked: Design, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        new = asked.asked(db, writer.user)
        return sessions.shown(
            db, writer.caller, designs.create(db, writer.user, new, writer.secret, writer.now)
        )

    return writer.once(do, 201)


@router.get("/sessions/{session_id}/design", response_model=DesignView, summary="A session's design")
def design(session_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _view(designs.as_typed(db, caller.user, session_id))


@router.get(
    "/sessions/{session_id}/design/next",
    response_model=DesignView,
    summary="The design with which its next phase would begin",
)
def next_phase(session_id: str, caller: CurrentCaller) -> Any:
    """What was hidden is told then; change it as you like and send it to `POST /sessions`."""
    with caller.ctx.database.read() as db:
        return _view(designs.after(db, caller.user, session_id))


@router.put("/sessions/{session_id}/design", response_model=SessionView, summary="Change a draft")
def revise(session_id: str, asked: Design, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SessionView:
        new = asked.asked(db, writer.user)
        designs.revise(db, writer.user, session_id, new, writer.secret, writer.now)
        return sessions.shown(db, writer.caller, session_id)

    return writer.once(do)


@router.delete("/sessions/{session_id}", status_code=204, summary="Discard a draft")
def discard(session_id: str, writer: CurrentWriter) -> Response:
    return writer.once(
        lambda db: designs.discard(db, writer.user, session_id, writer.secret, writer.now), 204
    )


@router.get("/templates", response_model=Page[Template], summary="Your templates, and the built-in ones")
def listing(caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        rows = templates.choices(db, caller.user)
    rows = sorted(rows, key=lambda one: (not one.own, one.name, one.key))
    return paging.page(rows, lambda one: (int(not one.own), one.name, one.key), Template.model_validate)


@router.get("/templates/{template_id}", response_model=TemplateView, summary="A template with its protocol")
def template(template_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        protocol = templates.protocol(db, caller.user, template_id)
        found = next(one for one in templates.choices(db, caller.user) if one.key == template_id)
    return TemplateView(**asdict(found), protocol=json.loads(exchange.written(protocol)))


@router.post(
    "/sessions/{session_id}/template",
    status_code=204,
    summary="Keep a session's protocol as a template",
)
def keep(session_id: str, asked: Kept, writer: CurrentWriter) -> Response:
    return writer.once(lambda db: templates.save(db, writer.user, session_id, asked.name, writer.now), 204)


@router.delete("/templates/{template_id}", status_code=204, summary="Delete a template of your own")
def forget(template_id: str, writer: CurrentWriter) -> Response:
    return writer.once(lambda db: templates.discard(db, writer.user, template_id), 204)


def _view(found: NewSession) -> DesignView:
    return DesignView(
        title=found.title,
        public_title=found.public_title,
        real_set_id=found.real_set_id,
        n_real=int(found.n_real),
        arms=[Arm(image_set_id=key, n_synthetic=int(number)) for key, number in found.synthetic],
        protocol=json.loads(exchange.written(found.protocol)),
        follows=found.follows,
    )
