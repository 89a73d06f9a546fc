"""Image sets: list, import, look at."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app import clock
from app.errors import AppError, InvalidError
from app.imaging import stimulus, thumbnail
from app.services import (
    distances,
    drafts,
    faces,
    imageset_views,
    import_settings,
    import_words,
    imports,
    signoff,
)
from app.services.distances import NetworkView
from app.services.drafts import Draft
from app.services.imageset_views import ImageSetRow, ImageSetView
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.services.signoff import Review
from app.settings import OWN_EXTRACTOR
from app.web import uploads
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render
from app.web.uploads import Upload

router = APIRouter(prefix="/image-sets")


@dataclass(frozen=True, slots=True)
class ImageSetsPage:
    """imagesets/list.html."""

    user: SignedIn
    sets: list[ImageSetRow]
    drafts: list[Draft]


@dataclass(frozen=True, slots=True)
class NewImageSetPage:
    """imagesets/new.html."""

    user: SignedIn
    limit_mb: int


@dataclass(frozen=True, slots=True)
class ImageSetPage:
    """imagesets/detail.html; distances, their job and the real sets to choose from for a synthetic set alone."""

    user: SignedIn
    set: ImageSetView
    review: Review
    faces: str | None
    made: list[tuple[str, str]]
    left_out: list[str]
    networks: list[NetworkView]
    distance_job: JobView | None
    real_sets: list[ImageSetRow]
    extractors: tuple[str, ...]


@router.get("")
def listing(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        sets = imageset_views.listing(db, user, clock.now())
    page = ImageSetsPage(user, sets, drafts.waiting(ctx.settings.staging_dir, user))
    return render(request, "imagesets/list.html", page)


@router.get("/new")
def new(request: Request, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    return render(request, "imagesets/new.html", NewImageSetPage(user, ctx.settings.upload_limit_mb))


@router.post("", response_model=None)
async def start_import(request: Request, ctx: Ctx, user: CurrentUser) -> RedirectResponse | JSONResponse:
    """Take an upload and start its import; a script that asks for JSON gets the set's address."""
    upload = await uploads.receive(request, ctx.settings)
    set_id = await run_in_threadpool(_start, ctx, user, upload)
    address = f"/image-sets/{set_id}"
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"address": address})
    return RedirectResponse(address, 303)


@router.get("/{set_id}")
def detail(request: Request, set_id: str, ctx: Ctx, user: CurrentUser, writing: int = 1) -> HTMLResponse:
    """One set; `writing` is the page of images whose pixels may hold text."""
    now = clock.now()
    with ctx.database.read() as db:
        found = imageset_views.view(db, user, set_id, now)
        review, advice = signoff.review(db, set_id, writing), faces.advice(db, set_id)
        synthetic = found.kind == "synthetic"
        page = ImageSetPage(
            user,
            found,
            review,
            advice,
            made=[] if synthetic else import_words.said(found.pipeline),
            left_out=import_words.left_out(found.pipeline),
            networks=distances.by_network(db, set_id),
            distance_job=distances.job_of(db, set_id, now),
            real_sets=[row for row in imageset_views.listing(db, user, now, "real") if row.count]
            if synthetic
            else [],
            extractors=ctx.settings.extractor_names,
        )
    return render(request, "imagesets/detail.html", page)


@router.post("/{set_id}/distances")
def measure(
    set_id: str,
    ctx: Ctx,
    user: CurrentUser,
    real_set_id: Annotated[str, Form()] = "",
    extractor: Annotated[str, Form()] = OWN_EXTRACTOR,
) -> RedirectResponse:
    """Ask for a synthetic set's distance from a real one."""
    known = ctx.settings.extractor_names
    with ctx.database.write() as db:
        distances.measure(db, user, set_id, real_set_id, extractor, known, clock.now())
    return RedirectResponse(f"/image-sets/{set_id}#distances", 303)


@router.get("/{set_id}/images/{image_id}.png")
def image(set_id: str, image_id: str, ctx: Ctx, user: CurrentUser, small: bool = False) -> Response:
    """An image as it is stored, or a `small` one for lists."""
    with ctx.database.read() as db:
        data = imageset_views.image_bytes(db, ctx.artifacts, user, set_id, image_id)
    if small:
        data = thumbnail.encode(stimulus.decode(data))
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


def begin(db: Session, user: SignedIn, upload: Upload) -> str:
    """Start the import of an upload; returns the set's id. Raises InvalidError."""
    if upload.files == 0:
        raise InvalidError("Choose a folder, some files or a zip to import.")
    return imports.start_import(
        db,
        user,
        name=upload.fields.get("name", ""),
        staged=upload.staged,
        now=clock.now(),
        masks=upload.masks > 0,
        **{name: upload.fields.get(name, "") for name in import_settings.FIELDS},
    )


def _start(ctx: Context, user: SignedIn, upload: Upload) -> str:
    try:
        with ctx.database.write() as db:
            return begin(db, user, upload)
    except AppError:
        uploads.discard(ctx.settings, upload)
        raise
