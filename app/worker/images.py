"""The import job: staged files → decoded images, in a child process → a set."""

from contextlib import closing

from app.imaging import sources
from app.imaging.importer import Looked, decode_all, passes
from app.services import drafts, imagesets, imports
from app.worker.work import Work


def import_images(work: Work) -> None:
    """Decode the staged upload into its set."""
    set_id = str(work.payload["image_set_id"])
    database, artifacts = work.parts.database, work.parts.artifacts
    with database.write() as db:
        imagesets.clear(db, set_id)  # patients' groups are random within one pass: a cut off one begins anew
        settings = imports.settings_of(db, set_id)
    staged = work.staged()
    found = sources.collect([staged], staged / "unpacked")
    masks = sources.collect([staged / drafts.MASKS], staged / drafts.MASKS / "unpacked")
    decoded = decode_all(found, settings, staged / "decoding", mask_sources=masks)
    steps, done = len(found) * passes(settings), 0
    with closing(imports.fill(database, artifacts, set_id, decoded)) as outcomes:
        for outcome in outcomes:
            done += isinstance(outcome, Looked)
            at = done if isinstance(outcome, Looked) else done + outcome.place
            if not work.alive(min(at, steps), steps):
                return
