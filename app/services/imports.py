"""Imports of real images: the job, and what each decoded file becomes."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.db import Database
from app.imaging import stimulus
from app.imaging.importer import Decoded, ImportSettings, LeftOut, Outcomes, Refused
from app.imaging.settings import from_json, to_json
from app.services import imagesets, import_settings, import_words, jobs
from app.services.people import SignedIn
from app.tables.images import ImageSet, Refusal

IMPORT_JOB = "import_images"


def start_import(
    db: Session, user: SignedIn, *, name: str, staged: str, now: datetime, masks: bool = False, **texts: str
) -> str:
    """Make a set and the job that fills it from the staged upload; returns the set's id, which is the upload's name.

    `texts` are the form's (see import_settings.FIELDS); `masks` says that the upload has masks. Raises InvalidError.
    """
    settings = import_settings.parse(texts)
    if masks:
        settings = replace(settings, selection=replace(settings.selection, by_mask=True))
    set_id = imagesets.create(db, user.id, name, "real", to_json(settings), now, set_id=staged)
    job_id = jobs.enqueue(db, user.id, IMPORT_JOB, {"image_set_id": set_id, "staged": staged}, now)
    db.get_one(ImageSet, set_id).job_id = job_id
    return set_id


def settings_of(db: Session, set_id: str) -> ImportSettings:
    """The settings that an import was started with."""
    return from_json(db.get_one(ImageSet, set_id).pipeline)


def fill(database: Database, artifacts: Artifacts, set_id: str, outcomes: Outcomes) -> Outcomes:
    """Keep each outcome of decoding, in a transaction of its own, pixels first; gives it back when it is kept.

    Its caller must use it up or close it, which closes `outcomes`. How many slices were left out is kept at the end.
    """
    left_out: Counter[str] = Counter()
    with closing(outcomes):
        for outcome in outcomes:
            if isinstance(outcome, Decoded):
                file = stimulus.encode(outcome.pixels, compress=True)
                sha256 = artifacts.put_content("images", file, ".png")
                with database.write() as db:
                    add_real(db, set_id, outcome, sha256)
            elif isinstance(outcome, Refused):
                with database.write() as db:
                    add_refusal(db, set_id, outcome)
            elif isinstance(outcome, LeftOut):
                left_out[outcome.why] += outcome.count
            yield outcome
    if left_out:
        with database.write() as db:
            image_set = db.get_one(ImageSet, set_id)
            image_set.pipeline = {**image_set.pipeline, import_words.LEFT_OUT: dict(left_out)}


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
