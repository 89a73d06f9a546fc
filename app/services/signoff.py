"""Writing in the pixels of real images: a person looks at what is suspected, and says that it identifies nobody or takes it out.

Until that is done for a whole set, no session that uses the set can be frozen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import ConflictError, InvalidError, NotFoundError
from app.imaging import burned_text, stimulus
from app.services import audit, imageset_views, imagesets
from app.services.people import SignedIn
from app.tables.images import Image, ImageSet
from app.tables.origins import Origin
from app.tables.sessions import Item

A_PAGE = 24
_SAID = {
    burned_text.TAG: "its file says that there is",
    burned_text.MODALITY: "images of this kind often have some",
    burned_text.SEEN: "some seems to be in the frame",
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """An image that may have writing in its pixels: its place and frame in the import, and why it is suspected."""

    image_id: str
    place: int
    frame: int
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a set has to look at: a page of it, and how many wait in all or have been cleared."""

    waiting: int
    cleared: int
    page: int
    pages: int
    shown: tuple[Suspect, ...]


def waiting(db: Session, set_id: str) -> int:
    """How many images of a set nobody has judged yet."""
    return db.scalar(select(func.count()).select_from(Origin).where(*_waiting(set_id))) or 0


def require(db: Session, set_id: str) -> None:
    """Raise ConflictError unless all suspected images of a set have been judged."""
    left = waiting(db, set_id)
    if left:
        name = db.get_one(ImageSet, set_id).name
        raise ConflictError(
            f"{left} {'image' if left == 1 else 'images'} of the set “{name}” may have writing in the pixels. Look at them on "
            "the set's page, and say that none of it identifies anybody or take them out; then freeze."
        )


def review(db: Session, set_id: str, page: int) -> Review:
    """What waits in a set, `page` counting from 1; a page beyond the last is the last."""
    left = waiting(db, set_id)
    pages = max(-(-left // A_PAGE), 1)
    page = min(max(page, 1), pages)
    origins = db.scalars(
        select(Origin)
        .where(*_waiting(set_id))
        .order_by(Origin.place, Origin.frame)
        .offset((page - 1) * A_PAGE)
        .limit(A_PAGE)
    )
    cleared = db.scalar(
        select(func.count())
        .select_from(Origin)
        .where(Origin.image_set_id == set_id, Origin.text_cleared_at.is_not(None))
    )
    shown = (_suspect(origin) for origin in origins)
    return Review(left, cleared or 0, page, pages, tuple(shown))


def suspects(db: Session, set_id: str) -> list[Suspect]:
    """All that waits in a set, in the order of the import."""
    origins = db.scalars(
        select(Origin).where(*_waiting(set_id)).order_by(Origin.place, Origin.frame, Origin.image_id)
    )
    return [_suspect(origin) for origin in origins]


def clear(
    db: Session, user: SignedIn, set_id: str, image_ids: Sequence[str], key: bytes, now: datetime
) -> None:
    """Keep that this person saw these images and found nothing that identifies anybody; images judged before stay as they are."""
    imagesets.own(db, user, set_id)
    if not image_ids:
        raise InvalidError("Say which images you looked at.")
    found = list(db.scalars(select(Origin).where(*_waiting(set_id), Origin.image_id.in_(image_ids))))
    for origin in found:
        origin.text_cleared_by, origin.text_cleared_at = user.pseudonym, now
    if found:
        _record(db, key, user, set_id, "no identifying text", [origin.image_id for origin in found], now)


def take_out(
    db: Session, user: SignedIn, set_id: str, image_id: str, key: bytes, now: datetime
) -> str | None:
    """Take an image out of its set for good; returns the sha256 of its file where no other image has the same pixels.

    The caller deletes that file once this is committed. Raises NotFoundError, or ConflictError for an image of a frozen session.
    """
    imagesets.own(db, user, set_id)
    origin = db.get(Origin, image_id)
    if origin is None or origin.image_set_id != set_id:
        raise NotFoundError("There is no such image.")
    if db.scalar(select(Item.id).where(Item.image_id == image_id).limit(1)):
        raise ConflictError("This image is part of a frozen session and cannot be taken out any more.")
    sha256 = db.get_one(Image, image_id).sha256
    db.execute(delete(Image).where(Image.id == image_id))  # its origin goes with it
    _record(db, key, user, set_id, "image taken out for its text", [image_id], now)
    db.expire_all()
    return None if db.scalar(select(Image.id).where(Image.sha256 == sha256).limit(1)) else sha256


def picture(db: Session, artifacts: Artifacts, user: SignedIn, set_id: str, image_id: str) -> bytes:
    """A PNG file of an image with frames around what looks like writing; raises NotFoundError."""
    data = imageset_views.image_bytes(db, artifacts, user, set_id, image_id)
    boxes = db.get_one(Origin, image_id).facts.get("text_boxes")
    found = [(int(x), int(y), int(w), int(h)) for x, y, w, h in boxes] if isinstance(boxes, list) else []
    return stimulus.encode(burned_text.framed(stimulus.decode(data), found), compress=True)


def _waiting(set_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Origin.image_set_id == set_id,
        Origin.text_suspected.is_(True),
        Origin.text_cleared_at.is_(None),
    )


def _suspect(origin: Origin) -> Suspect:
    return Suspect(origin.image_id, origin.place or 0, origin.frame or 0, _why(origin.facts))


def _why(facts: dict[str, object]) -> str:
    reasons = facts.get("text_reasons")
    return "; ".join(_SAID[str(reason)] for reason in reasons) if isinstance(reasons, list) else ""


def _record(
    db: Session, key: bytes, user: SignedIn, set_id: str, action: str, images: list[str], now: datetime
) -> None:
    audit.record(
        db, key, now=now, actor=user.pseudonym, action=action, subject=f"image set:{set_id}", images=images
    )
