"""Checkpoints: list, upload, look at, sample from."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from app import clock
from app.errors import AppError, InvalidError
from app.services import checkpoints, samples
from app.services.checkpoints import CheckpointRow, CheckpointView
from app.services.people import SignedIn
from app.web import uploads
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render
from app.web.uploads import Upload

router = APIRouter(prefix="/checkpoints")


@dataclass(frozen=True, slots=True)
class CheckpointsPage:
    """checkpoints/list.html."""

    user: SignedIn
    checkpoints: list[CheckpointRow]


@dataclass(frozen=True, slots=True)
class NewCheckpointPage:
    """checkpoints/new.html."""

    user: SignedIn
    limit_mb: int


@dataclass(frozen=True, slots=True)
class CheckpointPage:
    """checkpoints/detail.html: facts, preview grid, and the form that starts a sampling job."""

    user: SignedIn
    checkpoint: CheckpointView
    noise_modes: tuple[str, ...]


@router.get("")
def listing(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        page = CheckpointsPage(user, checkpoints.listing(db, user, clock.now()))
    return render(request, "checkpoints/list.html", page)


@router.get("/new")
def new(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    return render(request, "checkpoints/new.html", NewCheckpointPage(user, ctx.settings.upload_limit_mb))


@router.post("", response_model=None)
async def register(request: Request, ctx: Ctx, user: CurrentUser) -> RedirectResponse | JSONResponse:
    """Take one file and start its import; a script that asks for JSON gets the checkpoint's address."""
    upload = await uploads.receive(request, ctx.settings)
    checkpoint_id = await run_in_threadpool(_register, ctx, user, upload)
    address = f"/checkpoints/{checkpoint_id}"
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"address": address})
    return RedirectResponse(address, 303)


@router.get("/{checkpoint_id}")
def detail(request: Request, checkpoint_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        view = checkpoints.view(db, user, checkpoint_id, clock.now())
    return render(request, "checkpoints/detail.html", CheckpointPage(user, view, samples.NOISE_MODES))


@router.get("/{checkpoint_id}/preview.png")
def preview(checkpoint_id: str, ctx: Ctx, user: CurrentUser) -> Response:
    with ctx.database.read() as db:
        data = checkpoints.preview_bytes(db, ctx.artifacts, user, checkpoint_id)
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


@router.post("/{checkpoint_id}/samples")
def start_sampling(
    checkpoint_id: str,
    ctx: Ctx,
    user: CurrentUser,
    name: Annotated[str, Form()] = "",
    seeds: Annotated[str, Form()] = "",
    psi: Annotated[str, Form()] = "1",
    noise_mode: Annotated[str, Form()] = "const",
    class_index: Annotated[str, Form()] = "",
) -> RedirectResponse:
    with ctx.database.write() as db:
        set_id = samples.start_sampling(
            db,
            user,
            checkpoint_id,
            name=name,
            seeds=seeds,
            psi=psi,
            noise_mode=noise_mode,
            class_index=class_index,
            now=clock.now(),
        )
    return RedirectResponse(f"/image-sets/{set_id}", 303)


def _register(ctx: Context, user: SignedIn, upload: Upload) -> str:
    try:
        if upload.files != 1:
            raise InvalidError("Choose one checkpoint file (.pkl or .safetensors).")
        with ctx.database.write() as db:
            return checkpoints.register(
                db, user, name=upload.fields.get("name", ""), staged=upload.staged, now=clock.now()
            )
    except AppError:
        uploads.discard(ctx.settings, upload)
        raise
