"""Distances of synthetic sets from real ones: asked for by researchers, measured by the worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.report.measured import Distances, Extractor, Measured
from app.services import imagesets, jobs
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.images import Distance, ImageSet
from app.tables.jobs import Job
from app.tables.sessions import Arm, VttSession

DISTANCE_JOB = "distance"
SEED = 0
"""Draws halves and blocks, the same for all sets, so that numbers of one network can stand beside each other."""


@dataclass(frozen=True, slots=True)
class NetworkView:
    """What one network measured of a set, a line for each real set: numbers of another network never stand in the same column."""

    extractor: str
    title: str
    weights_sha256: str
    preprocessing: str
    dimensions: int
    few: bool
    lines: tuple["DistanceView", ...]


@dataclass(frozen=True, slots=True)
class DistanceView:
    """A measurement: `found` as models.distances gives it, with the network's name, weights and preprocessing."""

    real_set_id: str
    real_set_name: str
    extractor: str
    found: Mapping[str, object]
    created_at: datetime


def measure(
    db: Session,
    user: SignedIn,
    set_id: str,
    real_set_id: str,
    extractor: str,
    known: Sequence[str],
    now: datetime,
) -> str:
    """Ask for the distance of a synthetic set from a real one by one of the `known` extractors; returns the job's id, or that of the one at work."""
    if extractor not in known:
        raise InvalidError(f"There is no extractor “{extractor}” here; known are {', '.join(known)}.")
    synthetic = imagesets.own(db, user, set_id, "synthetic")
    real = imagesets.own(db, user, real_set_id, "real")
    if not (imagesets.finished(db, synthetic) and imagesets.finished(db, real)):
        raise ConflictError("One of these sets is still being made; wait for its job to end.")
    payload: dict[str, object] = {
        "image_set_id": synthetic.id,
        "real_set_id": real.id,
        "extractor": extractor,
    }
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


def by_network(db: Session, set_id: str) -> list[NetworkView]:
    """The same, each network apart: by its name, weights and preprocessing."""
    found: dict[Extractor, list[DistanceView]] = {}
    for one in listing(db, set_id):
        found.setdefault(_network(one.extractor, one.found), []).append(one)
    return [
        NetworkView(
            network.name,
            network.title,
            network.weights_sha256,
            network.preprocessing,
            dimensions=max(cast("int", one.found["dimensions"]) for one in lines),
            few=any(one.found["few"] for one in lines),
            lines=tuple(lines),
        )
        for network, lines in sorted(found.items(), key=lambda each: each[0])
    ]


def _network(extractor: str, found: Mapping[str, Any]) -> Extractor:
    return Extractor(extractor, found["distance"], found["weights_sha256"], found["preprocessing"])


def job_of(db: Session, set_id: str, now: datetime) -> JobView | None:
    """The newest measurement that was asked for of this set."""
    query = select(Job).where(Job.kind == DISTANCE_JOB).order_by(Job.created_at.desc(), Job.id)
    return next(
        (jobs.shown(job, now) for job in db.scalars(query) if job.payload["image_set_id"] == set_id), None
    )


def of_session(db: Session, session: VttSession) -> Distances:
    """The distances of a session's models from the real set that readers see, by network and model; empty where nothing was measured.

    Those of one network stand together if its name, its weights and its preprocessing are the same (decision 0032).
    """
    query = (
        select(Arm.label, Distance)
        .join(Distance, Distance.image_set_id == Arm.image_set_id)
        .where(Arm.session_id == session.id, Distance.real_set_id == session.real_set_id)
        .order_by(Distance.extractor, Arm.label)
    )
    found: dict[Extractor, dict[str, Measured]] = {}
    for label, row in db.execute(query):
        told: Mapping[str, Any] = row.found
        measured = Measured(told["frechet"], told["n_real"], told["n_synthetic"])
        found.setdefault(_network(row.extractor, told), {})[label] = measured
    return found
