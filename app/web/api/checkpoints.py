"""Checkpoints: register, look at, sample from, look for near real images."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.services import checkpoints, experiments, jobs, pictures, samples
from app.services.pictures import PictureView
from app.web import checkpoints as pages
from app.web.api import imagesets
from app.web.api.asking import CurrentCaller, CurrentUploader, CurrentWriter
from app.web.api.imagesets import PNG, SetRow, SetView
from app.web.api.paging import Page, Paged, newest_first
from app.web.api.shapes import Ask, Id, Job, Moment, Shape, example
from app.web.api.uploading import CHECKPOINT, form, take

router = APIRouter(prefix="/checkpoints", tags=["checkpoints"])


class CheckpointRow(Shape):
    """A checkpoint in a list."""

    id: Id
    name: str = Field(examples=["25 Mimg"])
    experiment: str = Field(description="The training run it belongs to; empty for none.", examples=["ADA"])
    created_at: Moment
    job: Job | None = Field(description="The job that reads its file.")


class Picture(Shape):
    """A picture of what a checkpoint draws; `subject` is the real set that near images were looked for in."""

    kind: str = Field(examples=["grid"])
    subject: str = Field(examples=[""])
    address: str = Field(description="Where to get it.")


class CheckpointView(CheckpointRow):
    """A checkpoint: what its file says, its pictures and the sets sampled from it."""

    facts: list[tuple[str, str]] = Field(description="Names and values.")
    classes: int = Field(description="0 for none.", examples=[0])
    ready: bool = Field(description="Whether its file has been read.", examples=[True])
    sets: list[SetRow]
    pictures: list[Picture]
    neighbours_job: Job | None = Field(description="The last search for near real images.")


class Moved(Ask):
    """The experiment that a checkpoint belongs to."""

    model_config = example(experiment="ADA, transfer learning")
    experiment: str = Field("", max_length=300, description="By name, made where it is new; empty for none.")


class Sampling(Ask):
    """What to render."""

    model_config = example(name="Samples, psi 0.7", seeds="0-99", psi=0.7)
    name: str = Field(max_length=300, description="Of the set to be made.")
    seeds: str = Field(max_length=20_000, description="Numbers and ranges, such as 0-99,120.")
    psi: float = Field(1.0, ge=-2, le=2, allow_inf_nan=False, description="Truncation; 1 is none.")
    noise_mode: str = Field("const", max_length=20, description="const, none or random (seeded per image).")
    class_index: int | None = Field(None, ge=0, le=10**6, description="Where there are classes.")


class Looking(Ask):
    """The real set to look in."""

    model_config = example(real_set_id="0f3c9a5d7b2e4c6f8a1b3d5e7f902468")
    real_set_id: Id


@router.get("", response_model=Page[CheckpointRow], summary="Your checkpoints, newest first")
def listing(caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        rows = checkpoints.listing(db, caller.user, caller.now)
    return paging.page(rows, newest_first, CheckpointRow.model_validate)


@router.post(
    "",
    response_model=CheckpointView,
    status_code=201,
    summary="Upload a checkpoint",
    openapi_extra=form(["name", "file"], **CHECKPOINT),
)
async def register(request: Request, writer: CurrentUploader) -> Response:
    """One file (.pkl, .pt or .safetensors) in the field `file`; nothing in it is run."""
    return await take(
        request,
        writer,
        lambda db, upload: _view(db, writer.caller, pages.begin(db, writer.user, upload)),
    )


@router.get("/experiments", response_model=Page[str], summary="The names of your experiments")
def experiment_names(caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        rows = experiments.names(db, caller.user)
    return paging.page(sorted(rows), lambda one: (one,), str)


@router.get("/{checkpoint_id}", response_model=CheckpointView, summary="A checkpoint")
def detail(checkpoint_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _view(db, caller, checkpoint_id)


@router.get(
    "/{checkpoint_id}/pictures/{kind}.png",
    response_class=Response,
    responses=PNG,
    summary="A picture of what it draws",
)
def picture(checkpoint_id: str, kind: str, caller: CurrentCaller, subject: str = "") -> Response:
    return pages.picture(checkpoint_id, kind, caller.ctx, caller.user, subject)


@router.post("/{checkpoint_id}/experiment", response_model=CheckpointView, summary="Say its experiment")
def move(checkpoint_id: str, asked: Moved, writer: CurrentWriter) -> Response:
    def do(db: Session) -> CheckpointView:
        checkpoints.move(db, writer.user, checkpoint_id, asked.experiment, writer.now)
        return _view(db, writer.caller, checkpoint_id)

    return writer.once(do)


@router.post(
    "/{checkpoint_id}/neighbours",
    response_model=Job,
    status_code=202,
    summary="Look for the real images nearest to what it draws",
)
def look_for_neighbours(checkpoint_id: str, asked: Looking, writer: CurrentWriter) -> Response:
    def do(db: Session) -> Job:
        job_id = pictures.look_for_neighbours(db, writer.user, checkpoint_id, asked.real_set_id, writer.now)
        return Job.model_validate(jobs.shown_by_id(db, job_id, writer.now))

    return writer.once(do, 202)


@router.post(
    "/{checkpoint_id}/samples", response_model=SetView, status_code=201, summary="Sample a synthetic set"
)
def start_sampling(checkpoint_id: str, asked: Sampling, writer: CurrentWriter) -> Response:
    def do(db: Session) -> SetView:
        set_id = samples.start_sampling(
            db,
            writer.user,
            checkpoint_id,
            name=asked.name,
            seeds=asked.seeds,
            psi=repr(asked.psi),
            noise_mode=asked.noise_mode,
            class_index="" if asked.class_index is None else str(asked.class_index),
            now=writer.now,
        )
        return imagesets.shown(db, writer, set_id)

    return writer.once(do, 201)


def _view(db: Session, caller: CurrentCaller, checkpoint_id: str) -> CheckpointView:
    found = checkpoints.view(db, caller.user, checkpoint_id, caller.now)
    search = pictures.neighbours_job(db, found.id, caller.now)
    return CheckpointView(
        id=found.id,
        name=found.name,
        experiment=found.experiment,
        created_at=found.created_at,
        job=Job.model_validate(found.job) if found.job else None,
        facts=list(found.facts),
        classes=found.conditional,
        ready=found.ready,
        sets=[SetRow.model_validate(row) for row in found.sets],
        pictures=[_picture(found.id, one) for one in pictures.listing(db, found.id)],
        neighbours_job=Job.model_validate(search) if search else None,
    )


def _picture(checkpoint_id: str, one: PictureView) -> Picture:
    asked = f"?subject={one.subject}" if one.subject else ""
    address = f"/api/v1/checkpoints/{checkpoint_id}/pictures/{one.kind}.png{asked}"
    return Picture(kind=one.kind, subject=one.subject, address=address)
