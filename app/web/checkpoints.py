"""Checkpoints: list, upload, look at, sample from."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app import clock
from app.errors import AppError, InvalidError
from app.services import checkpoints, experiments, imageset_views, pictures, samples
from app.services.checkpoints import CheckpointRow, CheckpointView
from app.services.imageset_views import ImageSetRow
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.services.pictures import PictureView
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
    experiments: list[str]


@dataclass(frozen=True, slots=True)
class CheckpointPage:
    """checkpoints/detail.html: facts, pictures, and the forms that sample and that look for neighbours."""

    user: SignedIn
    checkpoint: CheckpointView
    noise_modes: tuple[str, ...]
    pictures: dict[str, PictureView]
    neighbours: list[PictureView]
    neighbours_job: JobView | None
    real_sets: list[ImageSetRow]
    experiments: list[str]


@router.get("")
def listing(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        page = CheckpointsPage(user, checkpoints.listing(db, user, clock.now()))
    return render(request, "checkpoints/list.html", page)


@router.get("/new")
def new(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        page = NewCheckpointPage(user, ctx.settings.upload_limit_mb, experiments.names(db, user))
    return render(request, "checkpoints/new.html", page)


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
    now = clock.now()
    with ctx.database.read() as db:
        view = checkpoints.view(db, user, checkpoint_id, now)
        drawn = pictures.listing(db, view.id)
        page = CheckpointPage(
            user,
            view,
            samples.NOISE_MODES,
            pictures={picture.kind: picture for picture in drawn if not picture.subject},
            neighbours=[picture for picture in drawn if picture.subject],
            neighbours_job=pictures.neighbours_job(db, view.id, now),
            real_sets=[row for row in imageset_views.listing(db, user, now, "real") if row.count],
            experiments=experiments.names(db, user),
        )
    return render(request, "checkpoints/detail.html", page)


@router.get("/{checkpoint_id}/pictures/{kind}.png")
def picture(checkpoint_id: str, kind: str, ctx: Ctx, user: CurrentUser, subject: str = "") -> Response:
    with ctx.database.read() as db:
        data = pictures.png(db, ctx.artifacts, user, checkpoint_id, kind, subject)
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, no-cache"})


@router.post("/{checkpoint_id}/experiment")
def move(
    checkpoint_id: str, ctx: Ctx, user: CurrentUser, experiment: Annotated[str, Form()] = ""
) -> RedirectResponse:
    with ctx.database.write() as db:
        checkpoints.move(db, user, checkpoint_id, experiment, clock.now())
    return RedirectResponse(f"/checkpoints/{checkpoint_id}#facts", 303)


@router.post("/{checkpoint_id}/neighbours")
def look_for_neighbours(
    checkpoint_id: str, ctx: Ctx, user: CurrentUser, real_set_id: Annotated[str, Form()] = ""
) -> RedirectResponse:
    with ctx.database.write() as db:
        pictures.look_for_neighbours(db, user, checkpoint_id, real_set_id, clock.now())
    return RedirectResponse(f"/checkpoints/{checkpoint_id}#neighbours", 303)


@router.post("/{checkpoint_id}/samples")
def start_sampling(
    checkpoint_id: str,
    ctx: Ctx,
    user: CurrentUser,
    name: Annotated[str, Form()] = "",
    seeds: Annotated[str, Form()] = "",
    psi: Annotated[str, Form()] = "",
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


def begin(db: Session, user: SignedIn, upload: Upload) -> str:
    """Register what was uploaded; returns the checkpoint's id. Raises InvalidError."""
    if upload.files != 1:
        raise InvalidError("Choose one checkpoint file (.pkl, .pt or .safetensors).")
    return checkpoints.register(
        db,
        user,
        name=upload.fields.get("name", ""),
        experiment=upload.fields.get("experiment", ""),
        staged=upload.staged,
        now=clock.now(),
    )


def _register(ctx: Context, user: SignedIn, upload: Upload) -> str:
    try:
        with ctx.database.write() as db:
            return begin(db, user, upload)
    except AppError:
        uploads.discard(ctx.settings, upload)
        raise
