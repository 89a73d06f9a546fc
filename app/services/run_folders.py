"""A training run's folder becomes an experiment: what it told is kept, and snapshots of it become checkpoints."""

import hashlib
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from math import isfinite
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import InvalidError
from app.report import experiments as tables
from app.runs import directory, facts, kept, metrics
from app.runs.directory import Run
from app.runs.metrics import Snapshot
from app.services import audit, checkpoints, experiments, jobs
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint, Experiment
from app.tables.jobs import Job

IMPORT_JOB = "import_run"
WHICH = ("best", "last", "all")


@dataclass(frozen=True, slots=True)
class Told:
    """A folder that was read: the run under its experiment's name, the artifact of its course, and the row's summary."""

    run: Run
    course: str
    summary: dict[str, object]


@dataclass(frozen=True, slots=True)
class Staged:
    """A snapshot's file where a worker finds it."""

    snapshot: Snapshot
    sha256: str
    folder: str


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a snapshot: `new` where it became a checkpoint just now, `experiment` where it is another's already."""

    snapshot: Snapshot
    checkpoint_id: str
    name: str
    new: bool
    experiment: str = ""


def begin(
    db: Session, user: SignedIn, *, name: str, staged: str, files: Mapping[str, str], now: datetime
) -> str:
    """Start the job that reads an uploaded folder; `files` says under which number each of its files lies. Returns the experiment's id."""
    if not any(map(directory.belongs, files.values())):
        raise InvalidError(
            "None of these files is a training run's: choose its training_options.json, stats.jsonl, metric-….jsonl, and snapshots if you like."
        )
    twice = next((one for one, times in Counter(files.values()).items() if times > 1), "")
    if twice:
        raise InvalidError(f"There are several files {twice}: choose the folder of one run alone.")
    experiment_id = experiments.by_name(db, user.id, name, now)
    if experiment_id is None:
        raise InvalidError("Give a name.")
    payload: dict[str, object] = {"experiment_id": experiment_id, "staged": staged, "files": dict(files)}
    db.get_one(Experiment, experiment_id).job_id = jobs.enqueue(db, user.id, IMPORT_JOB, payload, now)
    return experiment_id


def tell(run: Run, name: str, artifacts: Artifacts) -> Told:
    """Draw a run for the experiment of this name, and keep its course."""
    where, run = run.name, replace(run, name=name)
    compared = tables.compare([run])
    course = compared.experiments[0].course
    data = kept.write(run)
    digest = artifacts.put_content("courses", data, ".json")
    summary: dict[str, object] = {
        "folder": where,
        "options": asdict(run.options),
        "scores": {metric: [asdict(score) for score in scores] for metric, scores in run.scores.items()},
        "snapshots": [asdict(one) for one in run.snapshots],
        "missing": list(run.missing),
        "ticks": len(run.ticks),
        "left_out": course.left_out,
        "judged": len(course.kimg) > 0,
        "diverges_at": course.diverges_at,
        "last_kimg": run.ticks[-1].kimg if run.ticks else None,
        "hours": _hours(run),
        "augment_p": _last(run),
        "figures": experiments.keep_figures(artifacts, tables.figures(compared)),
    }
    return Told(run, f"courses/{digest[:2]}/{digest}.json", summary)


def keep(db: Session, experiment_id: str, told: Told, actor: str, key: bytes, now: datetime) -> list[str]:
    """Keep what a folder told in place of what it told before; what was typed stays. Gives what differs from that, in words."""
    experiment = db.get_one(Experiment, experiment_id)
    if experiment.course != told.course or experiment.run != told.summary:
        audit.record(
            db,
            key,
            now=now,
            actor=actor,
            action="experiment read",
            subject=f"experiment:{experiment_id}",
            sha256=Path(told.course).stem,
            ticks=len(told.run.ticks),
        )
    experiment.run, experiment.course, experiment.read_at = told.summary, told.course, now
    return differing(told.run, experiment.facts)


def differing(run: Run, typed: Mapping[str, object]) -> list[str]:
    """A sentence for each fact that people say otherwise than the run's folder."""
    return [
        f"{fact.label}: the folder says {fact.told}; {fact.typed}, as it was typed, stays."
        for fact in facts.table(run.options, typed)
        if fact.differs
    ]


def choose(run: Run, which: str, budget: float) -> tuple[list[Snapshot], str]:
    """The snapshots that `which` names (WHICH, or a number of kimg), and a sentence where there is none. Raises InvalidError."""
    within = [one for one in run.snapshots if one.kimg <= budget]
    if which == "all":
        return within, "" if within else "There is no snapshot in the folder within the budget."
    if which == "last":
        return within[-1:], "" if within else "There is no snapshot in the folder within the budget."
    if which == "best":
        return _best(run, budget)
    kimg = experiments.budget_of(which) if which[:1].isdigit() else None
    if kimg is None:
        raise InvalidError(f"--snapshot is best, last, all or a number of kimg, not “{which}”.")
    found = [one for one in run.snapshots if one.kimg == kimg]
    if not found:
        there = ", ".join(f"{one.kimg:g}" for one in run.snapshots[:20]) or "none"
        raise InvalidError(f"There is no snapshot at {kimg:g} kimg; those in the folder: {there}.")
    return found, ""


def _best(run: Run, budget: float) -> tuple[list[Snapshot], str]:
    best = metrics.best(run.scores.get(run.metric, ()), budget)
    if best is None:
        return (
            [],
            "No snapshot was measured within the budget, so none was registered; --snapshot last takes the newest.",
        )
    found = [one for one in run.snapshots if one.name == best.snapshot] or [
        one for one in run.snapshots if one.kimg == best.kimg
    ]
    missing = f"The best snapshot, {best.snapshot} ({run.metric} {best.value:g}), is not in the folder, so none was registered."
    return found[:1], "" if found else missing


def stage(files: Sequence[tuple[Snapshot, Path]], staging: Path) -> list[Staged]:
    """Put snapshots where the worker looks for uploads, each in a folder of its own."""
    found = []
    for snapshot, path in files:
        folder = staging / secrets.token_hex(16)
        folder.mkdir(parents=True)
        _link(path, folder / "000001")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(Staged(snapshot, sha256, folder.name))
    return found


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or a file of somebody else's
        shutil.copyfile(source, target)


def register(
    db: Session, user: SignedIn, experiment_id: str, staged: Sequence[Staged], now: datetime
) -> list[Registered]:
    """Make a checkpoint of each snapshot that is none yet: one file, by its SHA-256, is one checkpoint of its owner."""
    experiment = db.get_one(Experiment, experiment_id)
    made = []
    for one in staged:
        there = _same(db, user.id, one.sha256)
        if there is not None:
            made.append(_joined(db, there, experiment_id, one.snapshot))
            continue
        name = f"{experiment.name[:100]}, {one.snapshot.kimg:g} kimg"
        checkpoint_id = checkpoints.register(
            db,
            user,
            name=name,
            staged=one.folder,
            now=now,
            experiment=experiment.name,
            snapshot=one.snapshot.name,
            sha256=one.sha256,
        )
        made.append(Registered(one.snapshot, checkpoint_id, name, new=True))
    return made


def discard(staged: Sequence[Staged], registered: Sequence[Registered], staging: Path) -> None:
    """Remove what was staged for snapshots that need not be read again."""
    for one, outcome in zip(staged, registered, strict=True):
        if not outcome.new:
            shutil.rmtree(staging / one.folder, ignore_errors=True)


def _joined(db: Session, checkpoint: Checkpoint, experiment_id: str, snapshot: Snapshot) -> Registered:
    """A checkpoint that is there already comes to the experiment, unless it is another's."""
    other = ""
    if checkpoint.experiment_id in {None, experiment_id}:
        checkpoint.experiment_id = experiment_id
        checkpoint.snapshot = (
            checkpoint.snapshot or snapshot.name
        )  # the same weights under two names keep the first
    else:
        other = experiments.name_of(db, checkpoint.experiment_id)
    return Registered(snapshot, checkpoint.id, checkpoint.name, new=False, experiment=other)


def _same(db: Session, owner_id: str, sha256: str) -> Checkpoint | None:
    """The owner's checkpoint of this file that has been read or waits to be."""
    query = (
        select(Checkpoint)
        .outerjoin(Job, Job.id == Checkpoint.job_id)
        .where(
            Checkpoint.owner_id == owner_id,
            Checkpoint.facts["source_sha256"].as_string() == sha256,
            Checkpoint.artifact.is_not(None) | Job.status.in_(("queued", "running")),
        )
        .order_by(Checkpoint.created_at, Checkpoint.id)
    )
    return db.scalars(query.limit(1)).first()


def _hours(run: Run) -> float | None:
    seconds = [tick.seconds for tick in run.ticks if isfinite(tick.seconds)]
    return round(seconds[-1] / 3600, 3) if seconds else None


def _last(run: Run) -> float | None:
    found = [tick.augment_p for tick in run.ticks if isfinite(tick.augment_p)]
    return round(found[-1], 4) if found else None
