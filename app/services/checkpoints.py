"""Checkpoints: register an uploaded file, look at what it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.services import experiments, imageset_views, imagesets, jobs, tokens
from app.services.imageset_views import ImageSetRow
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint, Experiment, Picture
from app.tables.images import ImageSet

IMPORT_JOB = "import_checkpoint"


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A line of the list of checkpoints; `pictured` where there is a grid of what it draws."""

    id: str
    name: str
    resolution: int | None
    experiment: str
    job: JobView | None
    pictured: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A checkpoint as its owner sees it; `conditional` is its number of classes, 0 for none."""

    id: str
    name: str
    facts: tuple[tuple[str, str], ...]
    conditional: int
    ready: bool
    experiment: str
    job: JobView | None
    sets: tuple[ImageSetRow, ...]
    created_at: datetime


def register(
    db: Session,
    user: SignedIn,
    *,
    name: str,
    staged: str,
    now: datetime,
    experiment: str = "",
    snapshot: str | None = None,
    sha256: str = "",
) -> str:
    """Make a checkpoint and the job that reads the staged file; returns the checkpoint's id."""
    checkpoint = Checkpoint(
        id=tokens.identifier(),
        owner_id=user.id,
        experiment_id=experiments.by_name(db, user.id, experiment, now),
        name=imagesets.named(name),
        snapshot=snapshot,
        facts={"source_sha256": sha256} if sha256 else {},
        created_at=now,
    )
    db.add(checkpoint)
    db.flush()
    payload: dict[str, object] = {"checkpoint_id": checkpoint.id, "staged": staged}
    checkpoint.job_id = jobs.enqueue(db, user.id, IMPORT_JOB, payload, now)
    return checkpoint.id


def imported(db: Session, checkpoint_id: str, artifact: str, facts: Mapping[str, object]) -> None:
    """Keep what the worker read from the file."""
    checkpoint = db.get_one(Checkpoint, checkpoint_id)
    checkpoint.artifact, checkpoint.facts = artifact, dict(facts)


def move(db: Session, user: SignedIn, checkpoint_id: str, experiment: str, now: datetime) -> None:
    """Say which experiment a checkpoint belongs to, by name; none for an empty name."""
    checkpoint = own(db, user, checkpoint_id)
    checkpoint.experiment_id = experiments.by_name(db, checkpoint.owner_id, experiment, now)


def artifact_of(db: Session, checkpoint_id: str) -> str | None:
    """The artifact that holds the weights, None while they have not been read."""
    return db.get_one(Checkpoint, checkpoint_id).artifact


def listing(db: Session, user: SignedIn, now: datetime) -> list[CheckpointRow]:
    """The user's checkpoints (all for an admin), newest first."""
    query = (
        select(Checkpoint, Experiment.name, Picture.checkpoint_id)
        .outerjoin(Experiment, Experiment.id == Checkpoint.experiment_id)
        .outerjoin(Picture, (Picture.checkpoint_id == Checkpoint.id) & (Picture.kind == "grid"))
        .order_by(Checkpoint.created_at.desc(), Checkpoint.id)
    )
    if not user.is_admin:
        query = query.where(Checkpoint.owner_id == user.id)
    return [
        CheckpointRow(
            id=c.id,
            name=c.name,
            resolution=_resolution(c),
            experiment=experiment or "",
            job=jobs.shown_by_id(db, c.job_id, now),
            pictured=grid is not None,
            created_at=c.created_at,
        )
        for c, experiment, grid in db.execute(query)
    ]


def view(db: Session, user: SignedIn, checkpoint_id: str, now: datetime) -> CheckpointView:
    """One checkpoint with its facts and the sets sampled from it; raises NotFoundError."""
    checkpoint = own(db, user, checkpoint_id)
    sets = [
        s
        for s in db.scalars(
            select(ImageSet)
            .where(ImageSet.kind == "synthetic", ImageSet.owner_id == checkpoint.owner_id)
            .order_by(ImageSet.created_at.desc())
        )
        if s.pipeline.get("checkpoint_id") == checkpoint.id
    ]
    return CheckpointView(
        id=checkpoint.id,
        name=checkpoint.name,
        facts=tuple(said(checkpoint.facts)),
        conditional=classes(checkpoint),
        ready=checkpoint.artifact is not None,
        experiment=experiments.name_of(db, checkpoint.experiment_id),
        job=jobs.shown_by_id(db, checkpoint.job_id, now),
        sets=tuple(imageset_views.rows(db, sets, now)),
        created_at=checkpoint.created_at,
    )


def own(db: Session, user: SignedIn, checkpoint_id: str) -> Checkpoint:
    """The checkpoint, if this user may see it; raises NotFoundError."""
    checkpoint = db.get(Checkpoint, checkpoint_id)
    if checkpoint is None or not (user.is_admin or checkpoint.owner_id == user.id):
        raise NotFoundError("There is no such checkpoint.")
    return checkpoint


def classes(checkpoint: Checkpoint) -> int:
    """The number of classes, 0 where it has none."""
    found = checkpoint.facts.get("c_dim", 0)
    return found if isinstance(found, int) else 0


def _resolution(checkpoint: Checkpoint) -> int | None:
    found = checkpoint.facts.get("resolution")
    return found if isinstance(found, int) else None


_WORDS = {
    "format": "Format",
    "resolution": "Resolution",
    "channels": "Channels",
    "architecture": "Architecture",
    "parameters": "Parameters",
    "z_dim": "z dimensions",
    "w_dim": "w dimensions",
    "c_dim": "Classes",
    "mapping_layers": "Mapping layers",
    "channel_base": "Channels at a size, times the size",
    "channel_max": "Channels at most",
    "conv_clamp": "Features clamped at",
    "num_fp16_res": "Resolutions trained in half precision",
    "kimg": "Thousands of images shown in training",
    "w_avg_estimated_from": "Mean w not in the file, estimated from this many z",
    "source_sha256": "SHA-256 of the file",
    "origin_format": "Made from, as the file says",
    "origin_sha256": "SHA-256 of that, as the file says",
}


def said(facts: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """What is known of a checkpoint, in words: names and values."""
    for key, words in _WORDS.items():
        value = facts.get(key)
        if value is not None:
            text = f"{value:,}" if key == "parameters" and isinstance(value, int) else str(value)
            yield words, f"{text} × {text} px" if key == "resolution" else text
