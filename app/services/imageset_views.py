"""Image sets as their owners see them: lists with a few pictures, one set whole, one image."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import NotFoundError
from app.services import jobs
from app.services.imagesets import own, shapes, shapes_said
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint
from app.tables.images import Image, ImageSet, Refusal
from app.tables.origins import Origin


@dataclass(frozen=True, slots=True)
class ImageSetRow:
    """A line of a list of sets; `pictures` are some of its images, evenly spread."""

    id: str
    name: str
    kind: str
    count: int
    created_at: datetime
    job: JobView | None
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A file that was not kept: its place in the upload (from 1), the frame (0 for the whole file) and why."""

    place: int
    frame: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImageSetView:
    """A set as its owner sees it."""

    id: str
    name: str
    kind: str
    count: int
    width: int
    height: int
    shapes: str
    mixed: bool
    pipeline: dict[str, object]
    image_ids: tuple[str, ...]
    refusals: tuple[RefusalView, ...]
    job: JobView | None
    checkpoint_id: str | None
    checkpoint_name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image of a set: its place and frame in an import, or its seed; 0 for what it has not."""

    id: str
    place: int
    frame: int
    seed: int
    width: int
    height: int


def listing(db: Session, user: SignedIn, now: datetime, kind: str | None = None) -> list[ImageSetRow]:
    """The user's sets (all sets for an admin), newest first."""
    query = select(ImageSet).order_by(ImageSet.created_at.desc(), ImageSet.id)
    if not user.is_admin:
        query = query.where(ImageSet.owner_id == user.id)
    if kind:
        query = query.where(ImageSet.kind == kind)
    return rows(db, list(db.scalars(query)), now)


def rows(db: Session, sets: list[ImageSet], now: datetime) -> list[ImageSetRow]:
    ids = [s.id for s in sets]
    counts = dict(
        db.execute(
            select(Origin.image_set_id, func.count())
            .where(Origin.image_set_id.in_(ids))
            .group_by(Origin.image_set_id)
        ).all()
    )
    pictures = _pictures(db, ids)
    return [
        ImageSetRow(
            id=s.id,
            name=s.name,
            kind=s.kind,
            count=counts.get(s.id, 0),
            created_at=s.created_at,
            job=jobs.shown_by_id(db, s.job_id, now),
            pictures=tuple(pictures.get(s.id, ())),
        )
        for s in sets
    ]


def _pictures(db: Session, set_ids: list[str]) -> dict[str, list[str]]:
    """Three images of each set: a sixth, a half and five sixths of the way through it."""
    order = (Origin.place, Origin.frame, Origin.seed, Origin.image_id)
    size = func.count().over(partition_by=Origin.image_set_id)
    place = func.row_number().over(partition_by=Origin.image_set_id, order_by=order)
    numbered = (
        select(Origin.image_set_id, Origin.image_id, size.label("size"), place.label("place"))
        .where(Origin.image_set_id.in_(set_ids))
        .subquery()
    )
    last = numbered.c.size - 1
    wanted = [1 + last * sixths // 6 for sixths in (1, 3, 5)]
    query = select(numbered.c.image_set_id, numbered.c.image_id).where(numbered.c.place.in_(wanted))
    found: dict[str, list[str]] = {}
    for set_id, image_id in db.execute(query.order_by(numbered.c.image_set_id, numbered.c.place)):
        found.setdefault(set_id, []).append(image_id)
    return found


def view(db: Session, user: SignedIn, set_id: str, now: datetime) -> ImageSetView:
    """One set with its images and refusals; raises NotFoundError."""
    image_set = own(db, user, set_id)
    origins = list(
        db.scalars(
            select(Origin)
            .where(Origin.image_set_id == set_id)
            .order_by(Origin.place, Origin.frame, Origin.seed)
        )
    )
    first = origins[0] if origins else None
    found = shapes(db, set_id)
    checkpoint_id = image_set.pipeline.get("checkpoint_id")
    checkpoint = db.get(Checkpoint, str(checkpoint_id)) if checkpoint_id else None
    refusals = db.scalars(
        select(Refusal).where(Refusal.image_set_id == set_id).order_by(Refusal.place, Refusal.frame)
    )
    return ImageSetView(
        id=image_set.id,
        name=image_set.name,
        kind=image_set.kind,
        count=len(origins),
        width=first.width if first else 0,
        height=first.height if first else 0,
        shapes=shapes_said(found),
        mixed=len(found) > 1,
        pipeline=dict(image_set.pipeline),
        image_ids=tuple(origin.image_id for origin in origins),
        refusals=tuple(RefusalView(r.place, r.frame, r.reason) for r in refusals),
        job=jobs.shown_by_id(db, image_set.job_id, now),
        checkpoint_id=checkpoint.id if checkpoint else None,
        checkpoint_name=checkpoint.name if checkpoint else None,
        created_at=image_set.created_at,
    )


def placed(db: Session, user: SignedIn, set_id: str) -> list[PlacedImage]:
    """All images of a set, by place, frame and seed; raises NotFoundError."""
    own(db, user, set_id)
    columns = (Origin.image_id, Origin.place, Origin.frame, Origin.seed, Origin.width, Origin.height)
    found = [
        PlacedImage(key, place or 0, frame or 0, seed or 0, width, height)
        for key, place, frame, seed, width, height in db.execute(
            select(*columns).where(Origin.image_set_id == set_id)
        )
    ]
    return sorted(found, key=lambda one: (one.place, one.frame, one.seed, one.id))


def image_bytes(db: Session, artifacts: Artifacts, user: SignedIn, set_id: str, image_id: str) -> bytes:
    """An image's PNG file; raises NotFoundError."""
    own(db, user, set_id)
    sha256 = db.scalar(
        select(Image.sha256)
        .join(Origin, Origin.image_id == Image.id)
        .where(Image.id == image_id, Origin.image_set_id == set_id)
    )
    if sha256 is None:
        raise NotFoundError("There is no such image.")
    return artifacts.get_content("images", sha256, ".png")
