"""The design page: a new session from nothing, a template, another session or a file; a draft that is changed; templates that are kept."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from app import clock
from app.errors import AppError, ConflictError, InvalidError, NotFoundError
from app.protocol import exchange, filled, typed, wording
from app.protocol.design import Protocol
from app.protocol.filled import Fields
from app.protocol.questions import MOST_QUESTIONS
from app.services import designs, feasible, following, imageset_views, templates
from app.services.feasible import NewSession
from app.services.imageset_views import ImageSetRow
from app.services.people import SignedIn
from app.services.templates import Choice
from app.web import plans
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render, status_of
from app.web.plans import PlanView

router = APIRouter(prefix="/sessions")
USUAL_IMAGES = "20"
_REFUSALS = (InvalidError, ConflictError, NotFoundError)


@dataclass(frozen=True, slots=True)
class DesignForm:
    """What stands in the fields of the form, each with all its texts."""

    fields: Fields

    def first(self, name: str) -> str:
        """The text of a field that has one; empty where it has none."""
        return next(iter(self.fields.get(name, [])), "")

    def on(self, name: str) -> bool:
        return bool(self.fields.get(name))

    def every(self, name: str) -> list[str]:
        return self.fields.get(name, [])

    def arms(self) -> list[tuple[str, str]]:
        """(set, number of images) for each row of the form."""
        rows = list(zip(self.every("synthetic_set_id"), self.every("n_synthetic"), strict=False))
        return [*rows, *[("", USUAL_IMAGES)] * feasible.MOST_ARMS][: feasible.MOST_ARMS]

    def questions(self) -> list[tuple[str, ...]]:
        """(text, kind, choices, required, when) for each row of the form."""
        names = ("text", "kind", "choices", "required", "when")
        rows = list(zip(*(self.every(f"question_{name}") for name in names), strict=False))
        return [*rows, *[("", "text", "", "optional", "before")] * MOST_QUESTIONS][:MOST_QUESTIONS]


@dataclass(frozen=True, slots=True)
class DesignPage:
    """sessions/design.html: sets to choose from, what stands in the form, the plan; `action` is where the form goes, `problem` why it came back.

    `follows` is the title of the session whose next phase this is, empty for none.
    """

    user: SignedIn
    action: str
    draft_id: str
    real_sets: list[ImageSetRow]
    synthetic_sets: list[ImageSetRow]
    templates: list[Choice]
    begun_from: str
    form: DesignForm
    cues: tuple[str, ...]
    plan: PlanView
    follows: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Typed:
    """The form's fields, each with all its texts, and the bytes of a protocol's file, if one was chosen."""

    fields: Fields
    file: bytes


async def _typed(request: Request) -> _Typed:
    async with request.form() as form:
        file = form.get("protocol_file")
        data = b"" if file is None or isinstance(file, str) else await file.read(exchange.LONGEST + 1)
        fields = {name: [text for text in form.getlist(name) if isinstance(text, str)] for name in form}
    return _Typed(fields, data)


Sent = Annotated[_Typed, Depends(_typed)]


@router.get("/new")
def new(
    request: Request, ctx: Ctx, user: CurrentUser, template: str = "", session: str = "", follows: str = ""
) -> HTMLResponse:
    """An empty form, or one that begins from a template, from another session, or as the next phase after one."""
    with ctx.database.read() as db:
        if follows:
            begun = _fields(designs.after(db, user, follows))
        elif session:
            begun = _fields(designs.as_typed(db, user, session)) | {"follows": [""]}
        else:
            protocol = templates.protocol(db, user, template) if template else Protocol()
            begun = {**filled.fields(protocol), "n_real": [USUAL_IMAGES], "n_synthetic": [USUAL_IMAGES]}
        page = _page(db, user, begun, "/sessions", begun_from=template)
    return render(request, "sessions/design.html", page)


@router.post("")
def create(request: Request, ctx: Ctx, user: CurrentUser, sent: Sent) -> Response:
    now = clock.now()
    try:
        with ctx.database.write() as db:
            session_id = designs.create(db, user, _asked(sent), ctx.settings.secret_key, now)
    except _REFUSALS as error:
        return _again(request, ctx, user, sent, error)
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.get("/{session_id}/design")
def draft(request: Request, session_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        begun = _fields(designs.as_typed(db, user, session_id))
        page = _page(db, user, begun, f"/sessions/{session_id}/design", draft_id=session_id)
    return render(request, "sessions/design.html", page)


@router.post("/{session_id}/design")
def revise(request: Request, session_id: str, ctx: Ctx, user: CurrentUser, sent: Sent) -> Response:
    try:
        with ctx.database.write() as db:
            designs.revise(db, user, session_id, _asked(sent), ctx.settings.secret_key, clock.now())
    except _REFUSALS as error:
        return _again(request, ctx, user, sent, error, session_id)
    return RedirectResponse(f"/sessions/{session_id}", 303)


@router.post("/{session_id}/discard")
def discard(session_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        designs.discard(db, user, session_id, ctx.settings.secret_key, clock.now())
    return RedirectResponse("/sessions", 303)


@router.post("/{session_id}/template")
def keep(session_id: str, ctx: Ctx, user: CurrentUser, name: Annotated[str, Form()] = "") -> RedirectResponse:
    with ctx.database.write() as db:
        templates.save(db, user, session_id, name, clock.now())
    return RedirectResponse("/sessions/new", 303)


@router.post("/templates/{template_id}/discard")
def forget(template_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    with ctx.database.write() as db:
        templates.discard(db, user, template_id)
    return RedirectResponse("/sessions/new", 303)


def _again(
    request: Request, ctx: Context, user: SignedIn, sent: _Typed, error: AppError, draft_id: str = ""
) -> HTMLResponse:
    """The form with all that was typed, and why it was refused; what was typed for a draft that is none any more can become a new one."""
    with ctx.database.read() as db:
        if not (draft_id and designs.is_draft(db, user, draft_id)):
            draft_id = ""
        action = f"/sessions/{draft_id}/design" if draft_id else "/sessions"
        page = _page(db, user, _kept(sent), action, draft_id=draft_id, problem=error.sentence)
    return render(request, "sessions/design.html", page, status_of(error))


def _kept(sent: _Typed) -> Fields:
    """What a form that is refused shows again: what was typed, and the protocol of the file in its place where there was one."""
    try:
        return {**sent.fields, **filled.fields(exchange.read(sent.file))} if sent.file else sent.fields
    except InvalidError:
        return sent.fields


def _asked(sent: _Typed) -> NewSession:
    """The design as it is meant; raises InvalidError."""
    form = DesignForm(sent.fields)
    return NewSession(
        title=form.first("title"),
        public_title=form.first("public_title"),
        real_set_id=form.first("real_set_id"),
        n_real=form.first("n_real"),
        synthetic=tuple((set_id, number) for set_id, number in form.arms() if set_id),
        protocol=exchange.read(sent.file) if sent.file else typed.protocol(sent.fields),
        follows=form.first("follows"),
    )


def _fields(design: NewSession) -> Fields:
    return {
        **filled.fields(design.protocol),
        "title": [design.title],
        "public_title": [design.public_title],
        "real_set_id": [design.real_set_id],
        "n_real": [design.n_real],
        "synthetic_set_id": [set_id for set_id, _ in design.synthetic],
        "n_synthetic": [number for _, number in design.synthetic],
        "follows": [design.follows],
    }


def _page(
    db: Session,
    user: SignedIn,
    fields: Fields,
    action: str,
    *,
    draft_id: str = "",
    begun_from: str = "",
    problem: str = "",
) -> DesignPage:
    now = clock.now()
    return DesignPage(
        user=user,
        action=action,
        draft_id=draft_id,
        real_sets=imageset_views.listing(db, user, now, "real"),
        synthetic_sets=imageset_views.listing(db, user, now, "synthetic"),
        templates=[] if draft_id else templates.choices(db, user),
        begun_from=begun_from,
        form=DesignForm(fields),
        cues=wording.CUES,
        plan=plans.typed_so_far(fields),
        follows=following.title(db, user, next(iter(fields.get("follows", [])), "")),
        problem=problem,
    )
