"""`checkpoint import RUN_DIR`: a training run's folder becomes an experiment, and the snapshots that are asked for become checkpoints."""

import math
from collections.abc import Mapping
from pathlib import Path

from app import clock
from app.cli.imports import wait
from app.cli.opened import ACTOR, opened, owner_of
from app.errors import InvalidError
from app.report import experiments as tables
from app.runs import directory
from app.runs.metrics import Snapshot
from app.services import experiments, imagesets, run_folders
from app.services.run_folders import Registered


def import_run(
    environ: Mapping[str, str], folder: Path, experiment: str, which: str, budget: float | None, owner: str
) -> None:
    """Keep what the folder tells, register the chosen snapshots and wait until they have been read; raises InvalidError."""
    name, run = imagesets.named(experiment or folder.resolve().name), directory.read(folder)
    chosen, sentence = run_folders.choose(run, which, math.inf if budget is None else budget)
    with opened(environ) as (settings, database, artifacts):
        user = owner_of(database, owner)
        told = run_folders.tell(run, name, artifacts)
        staged = run_folders.stage(_files(folder, chosen), settings.staging_dir)
        with database.write() as db:
            now = clock.now()
            experiment_id = experiments.by_name(db, user.id, name, now)
            assert experiment_id is not None, "a folder has a name"
            differing = run_folders.keep(db, experiment_id, told, ACTOR, settings.secret_key, now)
            registered = run_folders.register(db, user, experiment_id, staged, now)
        run_folders.discard(staged, registered, settings.staging_dir)
        for line in (*tables.lines(tables.compare([told.run])), *differing, *filter(None, [sentence])):
            print(line)
        refused = [wait(settings, database, artifacts, user, one.checkpoint_id) for one in registered]
    for one in registered:
        print(_said(one))
    if any(refused):
        raise InvalidError(next(filter(None, refused)))
    print(f"Kept as the experiment “{name}” ({experiment_id}).")


def _files(folder: Path, chosen: list[Snapshot]) -> list[tuple[Snapshot, Path]]:
    return [(one, folder / one.name) for one in chosen]


def _said(one: Registered) -> str:
    if one.new:
        return f"Registered {one.snapshot.name} as “{one.name}” ({one.checkpoint_id})."
    if one.experiment:
        return f"{one.snapshot.name} is a checkpoint of the experiment “{one.experiment}” already: “{one.name}” ({one.checkpoint_id})."
    return f"{one.snapshot.name} is there already: “{one.name}” ({one.checkpoint_id})."
