"""One experiment as its owner sees it: facts, measures, course, snapshots and checkpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import NotFoundError
from app.report.experiments import NAMES
from app.runs import divergence, facts, metrics
from app.runs.facts import Fact
from app.runs.options import Options
from app.services import comparisons, experiments, jobs
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint, Experiment


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot of the run: its measures in the order of the view's `kinds`, and its checkpoint, empty for none."""

    name: str
    kimg: float
    values: tuple[float | None, ...]
    best: bool
    checkpoint_id: str
    checkpoint: str


@dataclass(frozen=True, slots=True)
class CheckpointOf:
    """A checkpoint of the experiment that is none of its snapshots."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Course:
    """What the run's folder told at `read_at` of its course; None where it does not say."""

    folder: str
    ticks: int
    left_out: int
    last_kimg: float | None
    hours: float | None
    augment_p: float | None
    diverged: str
    rule: str
    missing: tuple[str, ...]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class ExperimentView:
    """An experiment; `course` is None before its run's folder was read."""

    id: str
    name: str
    facts: tuple[Fact, ...]
    known: Options
    notes: str
    course: Course | None
    kinds: tuple[str, ...]
    snapshots: tuple[SnapshotRow, ...]
    figures: tuple[tuple[str, str], ...]
    checkpoints: tuple[CheckpointOf, ...]
    job: JobView | None
    created_at: datetime


def view(db: Session, user: SignedIn, experiment_id: str, now: datetime) -> ExperimentView:
    """One experiment; raises NotFoundError."""
    found = experiments.own(db, user, experiment_id)
    run: Mapping[str, Any] = found.run or {}
    told = Options(**run.get("options", {}))
    query = select(Checkpoint).where(Checkpoint.experiment_id == found.id)
    there = list(db.scalars(query.order_by(Checkpoint.created_at, Checkpoint.id)))
    snapshots = _snapshots(found, there)
    placed = {one.checkpoint_id for one in snapshots}
    return ExperimentView(
        id=found.id,
        name=found.name,
        facts=tuple(facts.table(told, found.facts)),
        known=facts.known(told, found.facts),
        notes=str(found.facts.get(facts.NOTES, "")),
        course=_course(found),
        kinds=tuple(NAMES.get(name, name) for name in run.get("scores", {})),
        snapshots=tuple(snapshots),
        figures=tuple((one["name"], one["caption"]) for one in run.get("figures", ())),
        checkpoints=tuple(CheckpointOf(one.id, one.name) for one in there if one.id not in placed),
        job=jobs.shown_by_id(db, found.job_id, now),
        created_at=found.created_at,
    )


def figure(
    db: Session, artifacts: Artifacts, user: SignedIn, experiment_id: str, name: str, *, on_page: bool
) -> bytes:
    """A figure of the run's course, in the page's ink where it is shown `on_page`; raises NotFoundError."""
    run: Mapping[str, Any] = experiments.own(db, user, experiment_id).run or {}
    drawn = next((one for one in run.get("figures", ()) if one["name"] == name), None)
    if drawn is None:
        raise NotFoundError("There is no such figure.")
    made = experiments.figure(artifacts, drawn)
    return (made.image if on_page else made.file).encode()


def course(db: Session, artifacts: Artifacts, user: SignedIn, experiment_id: str) -> bytes:
    """All that the run's folder told, as JSON: its ticks, too. Raises NotFoundError."""
    found = experiments.own(db, user, experiment_id)
    if found.course is None:
        raise NotFoundError("No folder of this run has been read yet.")
    return artifacts.get(found.course)


def _course(found: Experiment) -> Course | None:
    run: Mapping[str, Any] | None = found.run
    if run is None or found.read_at is None:
        return None
    return Course(
        folder=run["folder"],
        ticks=run["ticks"],
        left_out=run["left_out"],
        last_kimg=run["last_kimg"],
        hours=run["hours"],
        augment_p=run["augment_p"],
        diverged=experiments.divergence(run)[1],
        rule=divergence.RULE,
        missing=tuple(run["missing"]),
        read_at=found.read_at,
    )


def _snapshots(found: Experiment, there: Sequence[Checkpoint]) -> list[SnapshotRow]:
    """The run's snapshots, those that are only measured too, in the order of their kimg."""
    run = experiments.run_of(found)
    kinds = list(run.scores)
    names = {one.kimg: one.snapshot for scores in run.scores.values() for one in scores}
    names |= {one.kimg: one.name for one in run.snapshots}
    named = [(comparisons.kimg_of(one), one.snapshot) for one in there]
    names |= {kimg: name for kimg, name in named if kimg is not None and name}
    values = {kind: {one.kimg: one.value for one in run.scores[kind]} for kind in kinds}
    best = metrics.best(run.scores.get(run.metric, ()))
    of = {comparisons.kimg_of(one): one for one in there}
    rows = []
    for kimg in sorted(names):
        own = of.get(kimg)
        measured = tuple(values[kind].get(kimg) for kind in kinds)
        is_best = best is not None and best.kimg == kimg
        rows.append(
            SnapshotRow(names[kimg], kimg, measured, is_best, own.id if own else "", own.name if own else "")
        )
    return rows
