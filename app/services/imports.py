"""Imports of real images: a form's settings, the job, and what each decoded file becomes."""

from collections.abc import Generator
from contextlib import closing
from datetime import datetime

from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.db import Database
from app.errors import InvalidError
from app.imaging import stimulus
from app.imaging.importer import Decoded, ImportSettings, Refused
from app.imaging.window import Window
from app.services import imagesets, jobs
from app.services.people import SignedIn
from app.tables.images import ImageSet, Refusal
from app.typed import whole_number

IMPORT_JOB = "import_images"


def import_settings(window_center: str, window_width: str, size: str) -> ImportSettings:
    """A form's texts as settings; empty texts mean automatic. Raises InvalidError."""
    window = (
        Window.parse(window_center, window_width) if window_center.strip() or window_width.strip() else None
    )
    return ImportSettings(window=window, size=_size(size))


def _size(text: str) -> int | None:
    if not text.strip():
        return None
    size = whole_number(text, 16, 2048)
    if size is None:
        raise InvalidError(
            f"The size is a whole number of pixels from 16 to 2048, not “{text.strip()[:40]}”."
        )
    return size


def pipeline_of(settings: ImportSettings) -> dict[str, object]:
    """What is stored of an import's settings."""
    window = settings.window
    return {
        "window_center": window.center if window else None,
        "window_width": window.width if window else None,
        "size": settings.size,
    }


def start_import(
    db: Session,
    user: SignedIn,
    *,
    name: str,
    window_center: str,
    window_width: str,
    size: str,
    staged: str,
    now: datetime,
) -> str:
    """Make a set and the job that fills it from the staged upload; returns the set's id."""
    settings = import_settings(window_center, window_width, size)
    set_id = imagesets.create(db, user.id, name, "real", pipeline_of(settings), now)
    job_id = jobs.enqueue(db, user.id, IMPORT_JOB, {"image_set_id": set_id, "staged": staged}, now)
    db.get_one(ImageSet, set_id).job_id = job_id
    return set_id


def settings_of(db: Session, set_id: str) -> ImportSettings:
    """The settings that an import was started with."""
    pipeline = db.get_one(ImageSet, set_id).pipeline
    texts = [
        "" if pipeline[key] is None else str(pipeline[key])
        for key in ("window_center", "window_width", "size")
    ]
    return import_settings(*texts)


def fill(
    database: Database, artifacts: Artifacts, set_id: str, outcomes: Generator[Decoded | Refused, None, None]
) -> Generator[Decoded | Refused, None, None]:
    """Keep each outcome of decoding, in a transaction of its own, pixels first; gives it back when it is kept.

    Its caller must use it up or close it, which closes `outcomes`.
    """
    with closing(outcomes):
        for outcome in outcomes:
            if isinstance(outcome, Decoded):
                file = stimulus.encode(outcome.pixels, compress=True)
                sha256 = artifacts.put_content("images", file, ".png")
                with database.write() as db:
                    add_real(db, set_id, outcome, sha256)
            else:
                with database.write() as db:
                    add_refusal(db, set_id, outcome)
            yield outcome


def add_real(db: Session, set_id: str, decoded: Decoded, sha256: str) -> None:
    """Keep a decoded image, whose pixels are stored: its origin with the allow-listed facts."""
    window = decoded.window_used
    facts: dict[str, object] = {
        **decoded.facts,
        "window_center": window.center if window else None,
        "window_width": window.width if window else None,
        "window_source": decoded.window_source,
        "text_reasons": list(decoded.text_reasons),
        "text_boxes": [list(box) for box in decoded.text_boxes],
    }
    imagesets.add_image(
        db,
        set_id,
        sha256,
        decoded.pixels.shape,
        facts,
        place=decoded.place,
        frame=decoded.frame,
        patient_group=decoded.patient_group,
        text_suspected=bool(decoded.text_reasons),
    )


def add_refusal(db: Session, set_id: str, refused: Refused) -> None:
    """Keep why a file was refused, under its place."""
    db.add(Refusal(image_set_id=set_id, place=refused.place, frame=refused.frame or 0, reason=refused.reason))
