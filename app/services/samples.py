"""Samples of synthetic images: a form's settings, the job, and what each sampled image becomes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.services import checkpoints, imagesets, jobs
from app.services.people import SignedIn
from app.tables.images import ImageSet
from app.typed import whole_number

SAMPLE_JOB = "sample"
NOISE_MODES = ("const", "none", "random")
MOST_IMAGES = 100_000


@dataclass(frozen=True, slots=True)
class Sampling:
    """What a sampling job renders."""

    checkpoint_id: str
    seeds: str
    psi: float
    noise_mode: str
    class_index: int | None


def sampling_of(db: Session, set_id: str) -> Sampling:
    """The settings that a sampling job was started with."""
    return Sampling(**db.get_one(ImageSet, set_id).pipeline)  # type: ignore[arg-type]  # written by start_sampling


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
    checkpoint = checkpoints.own(db, user, checkpoint_id)
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
        "class_index": _class(class_index, checkpoints.classes(checkpoint)),
    }
    set_id = imagesets.create(db, user.id, name, "synthetic", pipeline, now)
    job_id = jobs.enqueue(db, user.id, SAMPLE_JOB, {"image_set_id": set_id, "count": len(wanted)}, now)
    db.get_one(ImageSet, set_id).job_id = job_id
    return set_id


def add_synthetic(
    db: Session,
    set_id: str,
    *,
    checkpoint_id: str,
    seed: int,
    shape: tuple[int, ...],
    sha256: str,
    facts: Mapping[str, object],
) -> None:
    """Keep a sampled image, whose pixels are stored: what renders it again."""
    imagesets.add_image(db, set_id, sha256, shape, facts, checkpoint_id=checkpoint_id, seed=seed)


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
    index = whole_number(text, 0, classes - 1)
    if index is None:
        raise InvalidError(f"This checkpoint needs a class from 0 to {classes - 1}.")
    return index
