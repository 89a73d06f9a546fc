"""Distances of synthetic sets from real ones: asked for by researchers, measured by the worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ConflictError
from app.services import imagesets, jobs
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.images import Distance, ImageSet
from app.tables.jobs import Job

DISTANCE_JOB = "distance"
SEED = 0
"""Draws halves and blocks, the same for all sets, so that numbers of one network can stand beside each other."""


@dataclass(frozen=True, slots=True)
class DistanceView:
    """A measurement: `found` as models.distances gives it, with the network's name, weights and preprocessing."""

    real_set_id: str
    real_set_name: str
    extractor: str
    found: Mapping[str, object]
    created_at: datetime


def measure(db: Session, user: SignedIn, set_id: str, real_set_id: str, now: datetime) -> str:
    """Ask for the distance of a synthetic set from a real one; returns the job's id, or that of the one at work."""
    synthetic = imagesets.own(db, user, set_id, "synthetic")
    real = imagesets.own(db, user, real_set_id, "real")
    if not (imagesets.finished(db, synthetic) and imagesets.finished(db, real)):
        raise ConflictError("One of these sets is still being made; wait for its job to end.")
    payload: dict[str, object] = {"image_set_id": synthetic.id, "real_set_id": real.id}
    at_work = select(Job).where(Job.kind == DISTANCE_JOB, Job.status.in_(("queued", "running")))
    for job in db.scalars(at_work):
        if job.payload == payload:
            return job.id
    return jobs.enqueue(db, synthetic.owner_id, DISTANCE_JOB, payload, now)


def keep(
    db: Session, set_id: str, real_set_id: str, extractor: str, found: Mapping[str, object], now: datetime
) -> None:
    """Keep a measurement in place of an earlier one of the same sets and network."""
    row = Distance(
        image_set_id=set_id,
        real_set_id=real_set_id,
        extractor=extractor,
        found=dict(found),
        created_at=now,
    )
    db.merge(row)


def listing(db: Session, set_id: str) -> list[DistanceView]:
    """What was measured of a synthetic set, by real set and network."""
    query = (
        select(Distance, ImageSet.name)
        .join(ImageSet, ImageSet.id == Distance.real_set_id)
        .where(Distance.image_set_id == set_id)
        .order_by(ImageSet.name, Distance.real_set_id, Distance.extractor)
    )
    return [
        DistanceView(row.real_set_id, name, row.extractor, row.found, row.created_at)
        for row, name in db.execute(query)
    ]


def job_of(db: Session, set_id: str, now: datetime) -> JobView | None:
    """The newest measurement that was asked for of this set."""
    query = select(Job).where(Job.kind == DISTANCE_JOB).order_by(Job.created_at.desc(), Job.id)
    return next(
        (jobs.shown(job, now) for job in db.scalars(query) if job.payload["image_set_id"] == set_id), None
    )
