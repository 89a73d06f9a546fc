"""Pictures of what a checkpoint draws: made by the worker, looked at by researchers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import ConflictError, NotFoundError
from app.services import checkpoints, imagesets, jobs
from app.services.people import SignedIn
from app.tables.checkpoints import Picture
from app.tables.images import ImageSet
from app.tables.jobs import Job

NEIGHBOURS_JOB = "neighbours"
GRID_SEEDS = range(16)
SWEEP_SEEDS = range(4)
SWEEP_PSIS = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)
STRIP_SEEDS = (0, 1, 2)
STRIP_STEPS = 4
NEIGHBOUR_SEEDS = range(64)
NEIGHBOURS = 4
NEIGHBOURS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture of a checkpoint; `subject_name` is the real set that neighbours were looked for in."""

    kind: str
    subject: str
    subject_name: str
    facts: Mapping[str, object]


def keep(
    db: Session,
    checkpoint_id: str,
    kind: str,
    artifact: str,
    *,
    subject: str = "",
    facts: Mapping[str, object] | None = None,
    now: datetime,
) -> None:
    """Keep the name of a picture's artifact, in place of an earlier one of the same kind and subject."""
    values = {"artifact": artifact, "facts": dict(facts or {}), "created_at": now}
    there = db.get(Picture, (checkpoint_id, kind, subject))
    if there is None:
        db.add(Picture(checkpoint_id=checkpoint_id, kind=kind, subject=subject, **values))
        return
    for name, value in values.items():
        setattr(there, name, value)


def kinds(db: Session, checkpoint_id: str) -> set[str]:
    """The kinds of picture that a checkpoint has."""
    return set(db.scalars(select(Picture.kind).where(Picture.checkpoint_id == checkpoint_id)))


def listing(db: Session, checkpoint_id: str) -> list[PictureView]:
    """A checkpoint's pictures."""
    query = (
        select(Picture, ImageSet.name)
        .outerjoin(ImageSet, ImageSet.id == Picture.subject)
        .where(Picture.checkpoint_id == checkpoint_id)
        .order_by(Picture.kind, Picture.created_at)
    )
    return [
        PictureView(row.kind, row.subject, name or "", dict(row.facts)) for row, name in db.execute(query)
    ]


def png(
    db: Session, artifacts: Artifacts, user: SignedIn, checkpoint_id: str, kind: str, subject: str
) -> bytes:
    """A picture's PNG file; raises NotFoundError."""
    checkpoints.own(db, user, checkpoint_id)
    picture = db.get(Picture, (checkpoint_id, kind, subject))
    if picture is None:
        raise NotFoundError("There is no such picture yet.")
    return artifacts.get(picture.artifact)


def look_for_neighbours(db: Session, user: SignedIn, checkpoint_id: str, set_id: str, now: datetime) -> str:
    """Start the job that looks for the real images nearest to sampled ones; returns its id, or that of the one at work."""
    checkpoint = checkpoints.own(db, user, checkpoint_id)
    if checkpoint.artifact is None:
        raise ConflictError("This checkpoint has not been read yet; wait for its import to end.")
    real = imagesets.own(db, user, set_id, "real")
    if not imagesets.finished(db, real):
        raise ConflictError("This set is still being imported; wait for its import to end.")
    payload: dict[str, object] = {"checkpoint_id": checkpoint.id, "image_set_id": real.id}
    for job in db.scalars(
        select(Job).where(Job.kind == NEIGHBOURS_JOB, Job.status.in_(("queued", "running")))
    ):
        if job.payload == payload:
            return job.id
    return jobs.enqueue(db, checkpoint.owner_id, NEIGHBOURS_JOB, payload, now)


def neighbours_job(db: Session, checkpoint_id: str, now: datetime) -> jobs.JobView | None:
    """The newest search for neighbours of this checkpoint's images."""
    query = select(Job).where(Job.kind == NEIGHBOURS_JOB).order_by(Job.created_at.desc(), Job.id)
    return next(
        (jobs.shown(job, now) for job in db.scalars(query) if job.payload["checkpoint_id"] == checkpoint_id),
        None,
    )
