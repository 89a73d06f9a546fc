"""Erasing a reader on request: what is kept, which of two kinds, and that it was done."""

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.errors import InvalidError
from app.services import privacy, told
from app.services.people import SignedIn
from app.services.privacy import Kept
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render, status_of

router = APIRouter(prefix="/sessions/{session_id}/readers/{reading_id}/erase")
KINDS = ("identity", "ratings")


@dataclass(frozen=True, slots=True)
class ErasePage:
    """sessions/erase.html: `problem` is why the form came back, `reason` what was typed."""

    user: SignedIn
    session_id: str
    kept: Kept
    reason: str
    problem: str


@dataclass(frozen=True, slots=True)
class ErasedPage:
    """sessions/erased.html: `whole` is false where the log could not be emptied yet."""

    user: SignedIn
    session_id: str
    code: str
    ratings: int
    whole: bool


@router.get("")
def ask(request: Request, session_id: str, reading_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    return _page(request, ctx, user, session_id, reading_id)


@router.post("", response_model=None)
def erase(
    request: Request,
    session_id: str,
    reading_id: str,
    ctx: Ctx,
    user: CurrentUser,
    kind: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form()] = "",
) -> HTMLResponse | RedirectResponse:
    try:
        with ctx.database.write() as db:
            erased = privacy.erase(
                db,
                user,
                session_id,
                reading_id,
                reason,
                ctx.settings.secret_key,
                clock.now(),
                ratings=_with_ratings(kind),
            )
    except InvalidError as error:
        status = status_of(error)
        return _page(request, ctx, user, session_id, reading_id, reason, error.sentence, status)
    whole = privacy.clear_traces(ctx.database, ctx.artifacts, erased)
    page = ErasedPage(user, session_id, erased.code, erased.ratings, whole)
    return render(request, "sessions/erased.html", page)


@router.post("/person.json")
def give(session_id: str, reading_id: str, ctx: Ctx, user: CurrentUser) -> Response:
    """What is kept about this reader, to hand out to that person: a write, since giving it is written down."""
    with ctx.database.write() as db:
        found = told.give(db, user, session_id, reading_id, ctx.settings.secret_key, clock.now())
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="person.json"'}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    return Response(text, media_type="application/json", headers=headers)


def _with_ratings(kind: str) -> bool:
    if kind not in KINDS:
        raise InvalidError("Choose what is to be erased.")
    return kind == "ratings"


def _page(
    request: Request,
    ctx: Context,
    user: SignedIn,
    session_id: str,
    reading_id: str,
    reason: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    with ctx.database.read() as db:
        kept = privacy.kept(db, user, session_id, reading_id)
    return render(request, "sessions/erase.html", ErasePage(user, session_id, kept, reason, problem), status)
