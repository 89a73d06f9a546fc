"""Commands that bring in files: real images, checkpoints."""

import secrets
import shutil
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from app import clock
from app.artifacts import Artifacts
from app.cli.opened import opened, owner_of
from app.db import Database
from app.errors import InvalidError
from app.imaging import sources
from app.imaging.importer import Decoded, Outcomes, Refused, decode_all
from app.imaging.settings import to_json
from app.services import (
    checkpoints,
    imagesets,
    import_settings,
    import_words,
    imports,
)
from app.services.people import SignedIn
from app.settings import Settings


def import_images(
    environ: Mapping[str, str],
    name: str,
    paths: list[Path],
    masks: list[Path],
    texts: Mapping[str, str],
    owner: str,
) -> None:
    """Import files as a set of real images; every refusal is listed, and it fails only where nothing was kept."""
    settings = import_settings.parse(texts)
    settings = replace(settings, selection=replace(settings.selection, by_mask=bool(masks)))
    missing = next((path for path in (*paths, *masks) if not path.exists()), None)
    if missing:
        raise InvalidError(f"There is no file or folder {missing}.")
    with opened(environ) as (config, database, artifacts):
        folder = config.staging_dir / secrets.token_hex(16)
        try:
            found = sources.collect(paths, folder / "unpacked")
            found_masks = sources.collect(masks, folder / "unpacked-masks")
            user = owner_of(database, owner)
            with database.write() as db:
                set_id = imagesets.create(db, user.id, name, "real", to_json(settings), clock.now())
            decoded = decode_all(found, settings, folder / "decoding", mask_sources=found_masks)
            kept = _keep(imports.fill(database, artifacts, set_id, decoded))
            with database.read() as db:
                left_out = import_words.left_out(imagesets.pipeline(db, set_id))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    for sentence in left_out:
        print(sentence)
    if not kept:
        raise InvalidError("No image could be kept.")
    print(f"{kept} images kept in the set “{name}” ({set_id}).")


def _keep(filling: Outcomes) -> int:
    """Use up an import, telling each refusal; returns the number of kept images."""
    kept = 0
    with closing(filling) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Decoded):
                kept += 1
            elif isinstance(outcome, Refused):
                what = f"file {outcome.place}" if outcome.place else f"mask {outcome.frame}"
                print(f"{what}: {outcome.reason}", file=sys.stderr)
    return kept


def import_checkpoint(environ: Mapping[str, str], file: Path, name: str, owner: str) -> None:
    """Register a checkpoint and wait until it has been read; raises InvalidError with the reason where it cannot be."""
    if not file.is_file():
        raise InvalidError(f"There is no file {file}.")
    with opened(environ) as (settings, database, artifacts):
        user = owner_of(database, owner)
        staged = settings.staging_dir / secrets.token_hex(16)
        staged.mkdir(parents=True)
        shutil.copyfile(file, staged / "000001")
        with database.write() as db:
            checkpoint_id = checkpoints.register(db, user, name=name, staged=staged.name, now=clock.now())
        refused = wait(settings, database, artifacts, user, checkpoint_id)
    if refused:
        raise InvalidError(refused)
    print(f"Registered “{name}” ({checkpoint_id}).")


def wait(
    settings: Settings, database: Database, artifacts: Artifacts, user: SignedIn, checkpoint_id: str
) -> str:
    """Wait until a checkpoint has been read, by us or by a worker that runs already; why it was not, empty where it was."""
    from app import worker  # it loads torch

    parts = worker.Parts(settings, database, artifacts, "cpu")
    while True:
        worker.run_until_idle(parts)
        with database.read() as db:
            view = checkpoints.view(db, user, checkpoint_id, clock.now())
        if view.job is None or view.job.ended:
            return "" if view.ready else (view.job and view.job.error) or "The import was cancelled."
        time.sleep(0.2)
