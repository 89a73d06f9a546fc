"""Training runs: read an uploaded folder; draw experiments side by side, with samples of each."""

import os
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app import clock
from app.imaging import stimulus
from app.imaging.resize import to_square
from app.report import cells
from app.report import experiments as tables
from app.report.figures import samples
from app.report.figures.canvas import Figure
from app.report.figures.samples import Row
from app.runs import directory
from app.services import comparisons, experiments, people, run_folders
from app.services.comparisons import Plan
from app.tables.checkpoints import Experiment
from app.worker.warm import GENERATORS
from app.worker.work import Work
from models import sample

Pixels = NDArray[np.uint8]
_SHOWN = 256  # pixels: larger images are made smaller for the figure, not for its PNG file
_GAP = 4


def import_run(work: Work) -> None:
    """Read what was uploaded of a run's folder, and register the snapshots in it; snapshots alone leave what is known of the run."""
    parts, experiment_id = work.parts, str(work.payload["experiment_id"])
    folder = _named(work)
    with parts.database.read() as db:
        experiment = db.get_one(Experiment, experiment_id)
        name, known = experiment.name, experiment.run is not None
        user = people.by_id(db, work.job.owner_id)
    run = directory.read(folder)
    told = run_folders.tell(run, name, parts.artifacts)
    if not work.alive(1, 3):
        return
    files = [(one, folder / one.name) for one in run.snapshots]
    staged = run_folders.stage(files, parts.settings.staging_dir)
    with parts.database.write() as db:
        now = clock.now()
        if not known or any(map(directory.is_text, (path.name for path in folder.iterdir()))):
            run_folders.keep(db, experiment_id, told, user.pseudonym, parts.settings.secret_key, now)
        registered = run_folders.register(db, user, experiment_id, staged, now)
    run_folders.discard(staged, registered, parts.settings.staging_dir)
    work.alive(3, 3)


def _named(work: Work) -> Path:
    """The uploaded files under their own names, which are a run's; in a folder of their own."""
    folder = work.staged() / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = work.payload["files"]
    assert isinstance(files, dict), "run_folders.begin wrote it"
    for number, name in files.items():
        if directory.belongs(name):
            os.link(work.staged() / number, folder / name)
    return folder


def compare(work: Work) -> None:
    """Draw a comparison's table and figures, and sample from each experiment's reported snapshot."""
    parts, comparison_id = work.parts, str(work.payload["comparison_id"])
    with parts.database.read() as db:
        plan = comparisons.plan(db, parts.artifacts, comparison_id)
    rows = _rows(work, plan)
    if rows is None:
        return
    figures = tables.figures(plan.table)
    files = {name: text.encode() for name, text in tables.texts(plan.table).items()}
    if plan.seeds:
        figures.insert(0, _figure_1(plan, rows))
        files["figure1.csv"] = _seeds(plan).encode()
        if any(row.images for row in rows):
            files["figure1.png"] = stimulus.encode(_sheet(rows), compress=True)
    head, printed = tables.printed(plan.table)
    made = {
        "head": head,
        "rows": printed,
        "note": tables.note(plan.table),
        "figures": experiments.keep_figures(parts.artifacts, figures),
        "files": {name: _kept(work, name, data) for name, data in files.items()},
        "seeds": list(plan.seeds),
        "checkpoints": [one.checkpoint_id for one in plan.reported],
        "reported": [one.words for one in plan.reported],
    }
    with parts.database.write() as db:
        comparisons.keep(db, comparison_id, made)
    work.alive(len(rows) + 1, len(rows) + 1)


def _rows(work: Work, plan: Plan) -> list[Row] | None:
    """The samples of each experiment; None where the work is to stop."""
    rows = []
    for each, reported in zip(plan.table.experiments, plan.reported, strict=True):
        images: list[Pixels] = []
        if reported.artifact and plan.seeds:
            path = work.parts.artifacts.local_path(reported.artifact)
            generator = GENERATORS.load(path, work.parts.device)[0]
            settings = sample.Settings(class_index=0 if generator.config.c_dim else None)
            images = [pixels for _, pixels in sample.sample(generator, plan.seeds, settings)]
        rows.append(Row(each.name, reported.words, images))
        if not work.alive(len(rows), len(plan.reported) + 1):
            return None
    return rows


def _figure_1(plan: Plan, rows: list[Row]) -> Figure:
    shown = [Row(row.name, row.words, [_smaller(pixels) for pixels in row.images]) for row in rows]
    settings = "truncation 1, noise const, class 0 where there are classes"
    return Figure("figure1.svg", *samples.grid(shown, plan.seed, plan.seeds, settings))


def _seeds(plan: Plan) -> str:
    """Which image of Figure 1 is of which seed and file."""
    lines = [
        (each.name, each.best.snapshot if each.best else "", reported.sha256, column, seed)
        for each, reported in zip(plan.table.experiments, plan.reported, strict=True)
        if reported.artifact
        for column, seed in enumerate(plan.seeds, 1)
    ]
    return cells.table(("experiment", "best_snapshot", "sha256_of_file", "column", "seed"), lines)


def _sheet(rows: list[Row]) -> Pixels:
    """The samples in full size, on white; those of smaller experiments are made as large as the largest."""
    images = [pixels for row in rows for pixels in row.images]
    side, colour = max(len(pixels) for pixels in images), any(pixels.ndim == 3 for pixels in images)
    lines = [
        np.concatenate([_framed(_alike(pixels, side, colour=colour)) for pixels in row.images], axis=1)
        for row in rows
        if row.images
    ]
    return np.concatenate(lines, axis=0)


def _framed(pixels: Pixels) -> Pixels:
    widths = [(0, _GAP), (0, _GAP), (0, 0)]
    return np.pad(pixels, widths[: pixels.ndim], constant_values=255)


def _alike(pixels: Pixels, side: int, *, colour: bool) -> Pixels:
    found = pixels if len(pixels) == side else _square(pixels, side)
    return np.repeat(found[..., None], 3, axis=2) if colour and found.ndim == 2 else found


def _smaller(pixels: Pixels) -> Pixels:
    return pixels if len(pixels) <= _SHOWN else _square(pixels, _SHOWN)


def _square(pixels: Pixels, side: int) -> Pixels:
    return to_square(pixels.astype(np.float32), side).clip(0, 255).round().astype(np.uint8)


def _kept(work: Work, name: str, data: bytes) -> str:
    suffix = f".{name.rpartition('.')[2]}"
    digest = work.parts.artifacts.put_content("comparisons", data, suffix)
    return f"comparisons/{digest[:2]}/{digest}{suffix}"
