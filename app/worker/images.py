"""The import job: staged files → decoded images, in a child process → a set."""

from app.imaging import sources, stimulus
from app.imaging.importer import Decoded, decode_all
from app.services import imagesets, imports
from app.worker.work import Work


def import_images(work: Work) -> None:
    """Decode the staged upload into its set."""
    set_id = str(work.payload["image_set_id"])
    database, artifacts = work.parts.database, work.parts.artifacts
    with database.write() as db:
        imagesets.clear(
            db, set_id
        )  # patients' groups are random within one pass, so a cut off one begins anew
        settings = imports.settings_of(db, set_id)
    staged = work.staged()
    found = sources.collect([staged], staged / "unpacked")
    for outcome in decode_all(found, settings, staged / "decoding"):
        if isinstance(outcome, Decoded):
            sha256 = artifacts.put_content("images", stimulus.encode(outcome.pixels, compress=True), ".png")
            with database.write() as db:
                imports.add_real(db, set_id, outcome, sha256)
        else:
            with database.write() as db:
                imports.add_refusal(db, set_id, outcome)
        if not work.alive(min(outcome.place, len(found)), len(found)):
            return
