"""Image sets: import, list, look at images, judge writing in pixels."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.services import distances, faces, imageset_views, imagesets, import_words, jobs, signoff
from app.services.imageset_views import ImageSetView
from app.settings import OWN_EXTRACTOR
from app.web import imagesets as pages
from app.web import writing as writing_pages
from app.web.api.asking import CurrentCaller, CurrentUploader, CurrentWriter, Writer
from app.web.api.paging import Page, Paged, newest_first
from app.web.api.shapes import Ask, Id, Job, Moment, Shape, example
from app.web.api.uploading import IMAGES, SETTINGS, form, take

router = APIRouter(prefix="/image-sets", tags=["image sets"])
PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}


class SetRow(Shape):
    """An image set in a list."""

    id: Id
    name: str = Field(examples=["Real slices"])
    kind: str = Field(description="real or synthetic.", examples=["real"])
    count: int = Field(description="Images so far.", examples=[120])
    created_at: Moment
    job: Job | None = Field(description="The job that fills it.")


class SetView(SetRow):
    """An image set."""

    shapes: str = Field(description="Sizes and colours of its images.", examples=["256 × 256 grey"])
    made: list[tuple[str, str]] = Field(description="How its images were made: names and values.")
    left_out: list[str] = Field(description="What an import left out, in sentences.")
    checkpoint_id: Id | None = Field(description="The checkpoint of a synthetic set.")
    writing_waiting: int = Field(description="Images with suspected writing that nobody has judged.")
    faces: str | None = Field(description="Advice where images may show faces.")


class Image(Shape):
    """An image of a set: its place and frame in the import, or its seed; 0 for what it has not."""

    id: Id
    place: int = Field(examples=[1])
    frame: int = Field(examples=[0])
    seed: int = Field(examples=[0])
    width: int = Field(examples=[256])
    height: int = Field(examples=[256])


class Refusal(Shape):
    """A file that was not kept."""

    place: int = Field(description="In the upload, from 1.", examples=[3])
    frame: int = Field(description="0 for the whole file.", examples=[0])
    reason: str = Field(examples=["This file is no image."])


class Suspect(Shape):
    """An image that may have writing in its pixels."""

    image_id: Id
    place: int = Field(examples=[1])
    frame: int = Field(examples=[0])
    why: str = Field(examples=["its file says that there is"])


class Cleared(Ask):
    """Images that a person has looked at."""

    model_config = example(images=["0f3c9a5d7b2e4c6f8a1b3d5e7f902468"])
    images: list[Id] = Field(max_length=1000)


class TakenOut(Ask):
    """An image to take out of its set for good."""

    model_config = example(image="0f3c9a5d7b2e4c6f8a1b3d5e7f902468")
    image: Id


class Measured(Ask):
    """The real set to measure from, and the network to measure by."""

    model_config = example(real_set_id="0f3c9a5d7b2e4c6f8a1b3d5e7f902468", extractor="efficientnet-lite0")
    real_set_id: Id
    extractor: str = Field(
        OWN_EXTRACTOR,
        max_length=60,
        description="efficientnet-lite0, or one that this server's settings name.",
    )


class SetDistance(Shape):
    """How far a synthetic set is from a real one by one network's features."""

    real_set_id: Id
    real_set_name: str = Field(examples=["Real slices"])
    extractor: str = Field(description="The network.", examples=["efficientnet-lite0"])
    found: dict[str, Any] = Field(
        description="The numbers as `blindread distance --json` has them, with what it takes to repeat them.",
        examples=[{"frechet": 12.3, "n_real": 2000, "n_synthetic": 2000}],
    )
    created_at: Moment


@router.get("", response_model=Page[SetRow], summary="Your image sets, newest first")
def listing(
    caller: CurrentCaller,
    paging: Paged,
    kind: Annotated[str, Query(pattern="^(real|synthetic)?$", description="Of this kind alone.")] = "",
) -> Any:
    with caller.ctx.database.read() as db:
        rows = imageset_views.listing(db, caller.user, caller.now, kind or None)
    return paging.page(rows, newest_first, SetRow.model_validate)


@router.post(
    "",
    response_model=SetView,
    status_code=201,
    summary="Upload images and import them",
    openapi_extra=form(["name", "files"], **IMAGES, **SETTINGS),
)
async def start_import(request: Request, writer: CurrentUploader) -> Response:
    """DICOM, NIfTI, PNG, JPEG and TIFF files or zips in the field `files`; the other fields are those of `blindread images import`."""
    return await take(
        request,
        writer,
        lambda db, upload: shown(db, writer, pages.begin(db, writer.user, upload)),
    )


@router.get("/{set_id}", response_model=SetView, summary="An image set")
def detail(set_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _view(db, imageset_views.view(db, caller.user, set_id, caller.now))


@router.get("/{set_id}/images", response_model=Page[Image], summary="Its images")
def images(set_id: str, caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        rows = imageset_views.placed(db, caller.user, set_id)
    return paging.page(rows, lambda one: (one.place, one.frame, one.seed, one.id), Image.model_validate)


@router.get("/{set_id}/refusals", response_model=Page[Refusal], summary="Files that were not kept, and why")
def refusals(set_id: str, caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        rows = imageset_views.view(db, caller.user, set_id, caller.now).refusals
    return paging.page(rows, lambda one: (one.place, one.frame), Refusal.model_validate)


@router.get(
    "/{set_id}/images/{image_id}.png", response_class=Response, responses=PNG, summary="An image as stored"
)
def image(set_id: str, image_id: str, caller: CurrentCaller, *, small: bool = False) -> Response:
    return pages.image(set_id, image_id, caller.ctx, caller.user, small)


@router.get("/{set_id}/distances", response_model=Page[SetDistance], summary="Its distances from real sets")
def measured(set_id: str, caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        imagesets.own(db, caller.user, set_id)
        rows = distances.listing(db, set_id)
    return paging.page(
        rows, lambda one: (one.real_set_name, one.real_set_id, one.extractor), SetDistance.model_validate
    )


@router.post(
    "/{set_id}/distances", response_model=Job, status_code=202, summary="Measure its distance from a real set"
)
def measure(set_id: str, asked: Measured, writer: CurrentWriter) -> Response:
    def do(db: Session) -> Job:
        known = writer.ctx.settings.extractor_names
        job_id = distances.measure(
            db, writer.user, set_id, asked.real_set_id, asked.extractor, known, writer.now
        )
        return Job.model_validate(jobs.shown_by_id(db, job_id, writer.now))

    return writer.once(do, 202)


@router.get("/{set_id}/writing", response_model=Page[Suspect], summary="Images with suspected writing")
def writing(set_id: str, caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        imagesets.own(db, caller.user, set_id)
        rows = signoff.suspects(db, set_id)
    return paging.page(rows, lambda one: (one.place, one.frame, one.image_id), Suspect.model_validate)


@router.get(
    "/{set_id}/writing/{image_id}.png",
    response_class=Response,
    responses=PNG,
    summary="An image with frames around what looks like writing",
)
def framed(set_id: str, image_id: str, caller: CurrentCaller) -> Response:
    return writing_pages.picture(set_id, image_id, caller.ctx, caller.user)


@router.post("/{set_id}/writing/clear", response_model=SetView, summary="No identifying text in these images")
def clear(set_id: str, asked: Cleared, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SetView:
        signoff.clear(db, writer.user, set_id, asked.images, writer.secret, writer.now)
        return shown(db, writer, set_id)

    return writer.once(do)


@router.post("/{set_id}/writing/take-out", response_model=SetView, summary="Take an image out for good")
def take_out(set_id: str, asked: TakenOut, writer: CurrentWriter) -> Response:
    unused: list[str | None] = []

    def do(db: Session) -> SetView:
        unused.append(signoff.take_out(db, writer.user, set_id, asked.image, writer.secret, writer.now))
        return shown(db, writer, set_id)

    answer = writer.once(do)
    writing_pages.delete(writer.ctx, unused[-1] if unused else None)
    return answer


def shown(db: Session, writer: Writer, set_id: str) -> SetView:
    """A set as it is now."""
    return _view(db, imageset_views.view(db, writer.user, set_id, writer.now))


def _view(db: Session, found: ImageSetView) -> SetView:
    return SetView(
        id=found.id,
        name=found.name,
        kind=found.kind,
        count=found.count,
        created_at=found.created_at,
        job=Job.model_validate(found.job) if found.job else None,
        shapes=found.shapes,
        made=import_words.said(found.pipeline) if found.kind == "real" else _settings(found.pipeline),
        left_out=import_words.left_out(found.pipeline),
        checkpoint_id=found.checkpoint_id,
        writing_waiting=signoff.waiting(db, found.id),
        faces=faces.advice(db, found.id),
    )


def _settings(pipeline: dict[str, object]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in sorted(pipeline.items()) if value is not None]
