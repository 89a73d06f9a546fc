"""Image sets: what is in them and who may see them. How they are filled stands in imports.py and samples.py.

An image and its origin are written in one transaction, each at most once (by place in the import, or by seed), so that
a job which was killed goes on where it stopped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import InvalidError, NotFoundError
from app.services import jobs, tokens
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint
from app.tables.images import Image, ImageSet, Refusal
from app.tables.jobs import Job
from app.tables.origins import Origin
from app.tables.sessions import Item

LONGEST_NAME = 120
Shape = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class SampledImage:
    """A sampled image's stored file, its checkpoint's weights, and what renders it again."""

    sha256: str
    artifact: str
    facts: Mapping[str, object]


def named(name: str) -> str:
    """A name as people type it, trimmed; raises InvalidError where nothing or too much is left."""
    name = re.sub(r"\s+", " ", name).strip()
    if not name.isprintable():
        raise InvalidError("A name has letters, numbers and signs only, no control characters.")
    if not name:
        raise InvalidError("Give a name.")
    if len(name) > LONGEST_NAME:
        raise InvalidError(f"This name has {len(name)} characters; the longest has {LONGEST_NAME}.")
    return name


def create(
    db: Session,
    owner_id: str,
    name: str,
    kind: str,
    pipeline: Mapping[str, object],
    now: datetime,
    set_id: str | None = None,
) -> str:
    """An empty set; returns its id, which is a new one where none is given."""
    image_set = ImageSet(
        id=set_id or tokens.identifier(),
        owner_id=owner_id,
        name=named(name),
        kind=kind,
        pipeline=dict(pipeline),
        created_at=now,
    )
    db.add(image_set)
    db.flush()
    return image_set.id


def pipeline(db: Session, set_id: str) -> dict[str, object]:
    """How a set's images were made, as it is kept for the manifest."""
    return dict(db.get_one(ImageSet, set_id).pipeline)


def clear(db: Session, set_id: str) -> None:
    """Take everything out of a set: images, their origins, refusals."""
    inside = select(Origin.image_id).where(Origin.image_set_id == set_id)
    db.execute(delete(Image).where(Image.id.in_(inside)))  # origins go with their images
    db.execute(delete(Refusal).where(Refusal.image_set_id == set_id))


def add_image(
    db: Session,
    set_id: str,
    sha256: str,
    shape: tuple[int, ...],
    facts: Mapping[str, object],
    **origin: int | str | None,
) -> None:
    """Put an image, whose pixels are stored, into a set: the image and its origin in one transaction.

    `shape` is (H, W) or (H, W, 3); `origin` is what else the origin's columns say. Raises IntegrityError where the place or the
    seed is in the set already.
    """
    image = Image(id=tokens.identifier(), sha256=sha256)
    db.add(image)
    db.flush()
    height, width = shape[:2]
    mode = "RGB" if len(shape) == 3 else "L"
    kind = db.get_one(ImageSet, set_id).kind
    db.add(
        Origin(
            image_id=image.id,
            image_set_id=set_id,
            kind=kind,
            height=height,
            width=width,
            mode=mode,
            facts=dict(facts),
            **origin,
        )
    )
    db.flush()


def shapes(db: Session, set_id: str) -> set[Shape]:
    """The different widths, heights and modes of a set's images."""
    query = select(Origin.width, Origin.height, Origin.mode).where(Origin.image_set_id == set_id).distinct()
    return {(width, height, mode) for width, height, mode in db.execute(query)}


def shapes_said(found: set[Shape]) -> str:
    """Shapes in words."""
    words = {"L": "grey", "RGB": "colour"}
    return (
        " and ".join(f"{width} × {height} {words[mode]}" for width, height, mode in sorted(found)) or "none"
    )


def seeds(db: Session, set_id: str) -> set[int]:
    """The seeds of the images in a synthetic set."""
    found = db.scalars(select(Origin.seed).where(Origin.image_set_id == set_id))
    return {seed for seed in found if seed is not None}


def digests(db: Session, set_id: str) -> list[str]:
    """The sha256 of each image's file, in the order of the set."""
    query = (
        select(Image.sha256)
        .join(Origin, Origin.image_id == Image.id)
        .where(Origin.image_set_id == set_id)
        .order_by(Origin.place, Origin.frame, Origin.seed)
    )
    return list(db.scalars(query))


def patients(db: Session, set_id: str) -> list[int]:
    """The random patient number of each image, in the order of `digests`; −1 for all that name no patient."""
    query = (
        select(Origin.patient_group)
        .where(Origin.image_set_id == set_id)
        .order_by(Origin.place, Origin.frame, Origin.seed)
    )
    return [-1 if group is None else group for group in db.scalars(query)]


def sampled(db: Session, session_id: str | None = None) -> list[SampledImage]:
    """All sampled images, or those of a session, each set's by seed."""
    query = (
        select(Image.sha256, Checkpoint.artifact, Origin.facts)
        .join(Origin, Origin.image_id == Image.id)
        .join(Checkpoint, Checkpoint.id == Origin.checkpoint_id)
        .order_by(Origin.image_set_id, Origin.seed)
    )
    if session_id is not None:
        query = query.join(Item, Item.image_id == Image.id).where(Item.session_id == session_id)
    return [SampledImage(sha256, artifact or "", facts) for sha256, artifact, facts in db.execute(query)]


def count(db: Session, set_id: str, without: frozenset[str] = frozenset()) -> int:
    """How many images a set has, those with these ids left out."""
    if without:
        ids = db.scalars(select(Origin.image_id).where(Origin.image_set_id == set_id))
        return sum(image_id not in without for image_id in ids)
    return db.scalar(select(func.count()).select_from(Origin).where(Origin.image_set_id == set_id)) or 0


def own(db: Session, user: SignedIn, set_id: str, kind: str | None = None) -> ImageSet:
    """The set, if this user may see it; raises NotFoundError."""
    image_set = db.get(ImageSet, set_id)
    if (
        image_set is None
        or not (user.is_admin or image_set.owner_id == user.id)
        or kind not in (None, image_set.kind)
    ):
        raise NotFoundError("There is no such image set.")
    return image_set


def finished(db: Session, image_set: ImageSet) -> bool:
    """Whether no job is filling the set any more."""
    job = db.get(Job, image_set.job_id) if image_set.job_id else None
    return job is None or job.status in jobs.ENDED
