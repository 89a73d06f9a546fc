"""Checkpoints: register an uploaded file, look at what it is, start sampling from it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import ConflictError, InvalidError, NotFoundError
from app.services import imagesets, jobs, tokens
from app.services.imagesets import ImageSetRow
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint
from app.tables.images import ImageSet

IMPORT_JOB = "import_checkpoint"
SAMPLE_JOB = "sample"
NOISE_MODES = ("const", "none", "random")
MOST_IMAGES = 100_000
PREVIEW_SEEDS = range(16)


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A line of the list of checkpoints."""

    id: str
    name: str
    resolution: int | None
    job: JobView | None


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A checkpoint as its owner sees it; `conditional` is its number of classes, 0 for none."""

    id: str
    name: str
    facts: tuple[tuple[str, str], ...]
    conditional: int
    ready: bool
    has_preview: bool
    job: JobView | None
    sets: tuple[ImageSetRow, ...]
    created_at: datetime


def register(db: Session, user: SignedIn, *, name: str, staged: str, now: datetime) -> str:
    """Make a checkpoint and the job that reads the staged file; returns the checkpoint's id."""
    checkpoint = Checkpoint(
        id=tokens.identifier(), owner_id=user.id, name=imagesets.named(name), facts={}, created_at=now
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


def previewed(db: Session, checkpoint_id: str, preview: str) -> None:
    """Keep the name of the preview grid's artifact."""
    db.get_one(Checkpoint, checkpoint_id).preview = preview


def artifact_of(db: Session, checkpoint_id: str) -> str | None:
    """The artifact that holds the weights, None while they have not been read."""
    return db.get_one(Checkpoint, checkpoint_id).artifact


def listing(db: Session, user: SignedIn, now: datetime) -> list[CheckpointRow]:
    """The user's checkpoints (all for an admin), newest first."""
    query = select(Checkpoint).order_by(Checkpoint.created_at.desc(), Checkpoint.id)
    if not user.is_admin:
        query = query.where(Checkpoint.owner_id == user.id)
    return [
        CheckpointRow(c.id, c.name, _resolution(c), jobs.shown_by_id(db, c.job_id, now))
        for c in db.scalars(query)
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
        facts=tuple(_said(checkpoint.facts)),
        conditional=_classes(checkpoint),
        ready=checkpoint.artifact is not None,
        has_preview=checkpoint.preview is not None,
        job=jobs.shown_by_id(db, checkpoint.job_id, now),
        sets=tuple(imagesets.rows(db, sets, now)),
        created_at=checkpoint.created_at,
    )


def own(db: Session, user: SignedIn, checkpoint_id: str) -> Checkpoint:
    """The checkpoint, if this user may see it; raises NotFoundError."""
    checkpoint = db.get(Checkpoint, checkpoint_id)
    if checkpoint is None or not (user.is_admin or checkpoint.owner_id == user.id):
        raise NotFoundError("There is no such checkpoint.")
    return checkpoint


def preview_bytes(db: Session, artifacts: Artifacts, user: SignedIn, checkpoint_id: str) -> bytes:
    """The preview grid's PNG file; raises NotFoundError."""
    checkpoint = own(db, user, checkpoint_id)
    if checkpoint.preview is None:
        raise NotFoundError("There is no preview yet.")
    return artifacts.get(checkpoint.preview)


def start_sampling(
    db: Session,
    user: SignedIn,
    checkpoint_id: str,
    *,
    name: str,
    seeds: str,
    psi: str,
    noise_mode: str,
    class_index: str,
    now: datetime,
) -> str:
    """Make a synthetic set and the job that fills it; texts as typed. Returns the set's id."""
    checkpoint = own(db, user, checkpoint_id)
    if checkpoint.artifact is None:
        raise ConflictError("This checkpoint has not been read yet; wait for its import to end.")
    wanted = parse_seeds(seeds)
    if noise_mode not in NOISE_MODES:
        raise InvalidError(f"The noise mode is const, none or random, not “{noise_mode}”.")
    pipeline: dict[str, object] = {
        "checkpoint_id": checkpoint.id,
        "seeds": seeds.strip(),
        "psi": _psi(psi),
        "noise_mode": noise_mode,
        "class_index": _class(class_index, _classes(checkpoint)),
    }
    set_id = imagesets.create(db, user.id, name, "synthetic", pipeline, now)
    job_id = jobs.enqueue(db, user.id, SAMPLE_JOB, {"image_set_id": set_id, "count": len(wanted)}, now)
    db.get_one(ImageSet, set_id).job_id = job_id
    return set_id


def parse_seeds(text: str) -> list[int]:
    """“0-99, 120” as whole numbers in that order, each once; raises InvalidError."""
    found: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,10})\s*(?:[-–]\s*([0-9]{1,10})\s*)?", part)
        if match is None:
            raise InvalidError(f"Seeds are whole numbers and ranges such as 0-99 or 3,7,20-29, not “{text}”.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last >= 2**32:
            raise InvalidError(f"The range {first}-{last} of seeds is empty or beyond 4294967295.")
        if last - first >= MOST_IMAGES or len(found) + last - first >= MOST_IMAGES:
            raise InvalidError(f"At most {MOST_IMAGES} images can be sampled at once.")
        found.update(dict.fromkeys(range(first, last + 1)))
    return list(found)


def _psi(text: str) -> float:
    try:
        psi = float(text.strip().replace(",", "."))
    except ValueError:
        psi = float("nan")
    if not isfinite(psi) or not -2 <= psi <= 2:
        raise InvalidError(f"The truncation psi is a number from −2 to 2, usually 0.5 to 1, not “{text}”.")
    return psi


def _class(text: str, classes: int) -> int | None:
    text = text.strip()
    if not classes:
        if text:
            raise InvalidError("This checkpoint has no classes; leave the class empty.")
        return None
    if not (text.isascii() and text.isdigit() and int(text) < classes):
        raise InvalidError(f"This checkpoint needs a class from 0 to {classes - 1}.")
    return int(text)


def _classes(checkpoint: Checkpoint) -> int:
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
    "kimg": "Thousands of images shown in training",
    "source_sha256": "SHA-256 of the file",
}


def _said(facts: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for key, words in _WORDS.items():
        value = facts.get(key)
        if value is not None:
            text = f"{value:,}" if key == "parameters" and isinstance(value, int) else str(value)
            yield words, f"{text} × {text} px" if key == "resolution" else text
