"""Drafts of imports: upload, look at a few slices through settings, then import or discard. A draft that nobody looks at for an hour is forgotten."""

from typing import Any

from anyio import from_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.db import after_commit
from app.services import drafts, import_settings
from app.services.drafts import Draft
from app.web import drafts as pages
from app.web.api import imagesets
from app.web.api.asking import CurrentCaller, CurrentUploader, CurrentWriter
from app.web.api.imagesets import SetView
from app.web.api.paging import Page, Paged
from app.web.api.shapes import Ask, Id, Shape, example
from app.web.api.uploading import IMAGES, form, take
from app.web.uploads import Upload

router = APIRouter(prefix="/image-sets/drafts", tags=["image sets"])


class DraftView(Shape):
    """An upload that waits for its settings; its id becomes the set's."""

    id: Id
    name: str = Field(examples=["Real slices"])
    files: int = Field(examples=[12])
    masks: int = Field(examples=[0])


class Settings(Ask):
    """How to import, as texts, as on the command line; what is left out is as by default."""

    model_config = example(window="percentiles", size="256", per_patient="3")
    window: str = Field("", max_length=40, description="A preset, custom, file or percentiles.")
    window_center: str = Field("", max_length=40)
    window_width: str = Field("", max_length=40)
    size: str = Field("", max_length=40, description="Side of the square images in pixels.")
    rotate: str = Field("", max_length=40, description="0, 90, 180 or 270, clockwise.")
    flip: str = Field("", max_length=40, description="none, left-right, up-down or both.")
    square: str = Field("", max_length=40, description="pad or crop.")
    side: str = Field("", max_length=40)
    axis: str = Field("", max_length=40, description="axial, coronal or sagittal.")
    first: str = Field("", max_length=40)
    last: str = Field("", max_length=40)
    every: str = Field("", max_length=40)
    min_share: str = Field("", max_length=40)
    threshold: str = Field("", max_length=40)
    per_patient: str = Field("", max_length=40)

    def texts(self) -> dict[str, str]:
        """As the services take them."""
        return {name: getattr(self, name) for name in import_settings.FIELDS}


class Slice(Shape):
    """A slice of a preview, or a sentence in its stead."""

    name: str = Field(examples=["File 1"])
    source: str = Field(description="The picture, as a data: address of a PNG; empty for none.")
    words: str = Field(examples=["512 × 512, your window (40 / 80)"])
    left_out: bool = Field(examples=[False])


class Preview(Shape):
    """What a few slices look like through the settings."""

    slices: list[Slice] | None
    problem: str = Field(description="Why there is nothing to see; empty where there is.", examples=[""])


@router.get("", response_model=Page[DraftView], summary="Your drafts")
def listing(caller: CurrentCaller, paging: Paged) -> Any:
    rows = drafts.waiting(caller.ctx.settings.staging_dir, caller.user)
    return paging.page(rows, lambda one: (one.id,), _view)


@router.post(
    "",
    response_model=DraftView,
    status_code=201,
    summary="Upload images, to look at before they are imported",
    openapi_extra=form(["name", "files"], **IMAGES),
)
async def upload(request: Request, writer: CurrentUploader) -> Response:
    def do(db: Session, received: Upload) -> DraftView:
        del db
        pages.keep(writer.ctx, writer.user, received)
        return _view(drafts.find(writer.ctx.settings.staging_dir, writer.user, received.staged))

    return await take(request, writer, do)


@router.get("/{draft_id}", response_model=DraftView, summary="A draft")
def draft(draft_id: str, caller: CurrentCaller) -> Any:
    return _view(drafts.find(caller.ctx.settings.staging_dir, caller.user, draft_id))


@router.post("/{draft_id}/preview", response_model=Preview, summary="A few slices through these settings")
def preview(draft_id: str, asked: Settings, caller: CurrentCaller) -> Any:
    """Changes nothing."""
    found = drafts.find(caller.ctx.settings.staging_dir, caller.user, draft_id)
    return from_thread.run(pages.looked_at, caller.ctx, found, asked.texts())


@router.post(
    "/{draft_id}/import", response_model=SetView, status_code=201, summary="Import it by these settings"
)
def start_import(draft_id: str, asked: Settings, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SetView:
        found = drafts.find(writer.ctx.settings.staging_dir, writer.user, draft_id)
        pages.begin(db, writer.user, found, asked.texts())
        return imagesets.shown(db, writer, draft_id)

    return writer.once(do, 201)


@router.delete("/{draft_id}", status_code=204, summary="Discard a draft")
def discard(draft_id: str, writer: CurrentWriter) -> Response:
    def do(db: Session) -> None:
        found = drafts.find(writer.ctx.settings.staging_dir, writer.user, draft_id)
        after_commit(db, "discard", lambda: drafts.discard(found))

    return writer.once(do, 204)


def _view(found: Draft) -> DraftView:
    return DraftView(id=found.id, name=found.name, files=len(found.files), masks=found.masks)
