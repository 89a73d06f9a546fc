"""Experiments side by side: a table, their losses, and randomly chosen samples at each one's reported snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isinf
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import ConflictError, InvalidError, NotFoundError
from app.report.experiments import Experiments
from app.runs import metrics
from app.runs.metrics import Score
from app.services import experiments, jobs, tokens
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint, Comparison, Experiment
from app.typed import whole_number

COMPARE_JOB = "compare"
MOST_EXPERIMENTS = 24
MOST_SAMPLES = 16
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Reported:
    """The checkpoint that stands for an experiment; `artifact` is empty where there is none, and `words` say why."""

    checkpoint_id: str
    artifact: str
    sha256: str
    words: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What the worker draws: the table, and for each experiment in it the snapshot to sample from."""

    table: Experiments
    reported: tuple[Reported, ...]
    seed: int
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison: what was asked, and what was made of it (None until the job is done)."""

    id: str
    names: tuple[str, ...]
    baseline: str
    budget: float | None
    seed: int
    samples: int
    made: Mapping[str, Any] | None
    job: JobView | None
    created_at: datetime


def start(
    db: Session,
    user: SignedIn,
    ids: Sequence[str],
    *,
    baseline: str,
    budget: str,
    seed: str,
    samples: str,
    now: datetime,
) -> str:
    """Ask for a comparison, texts as typed; the same while it is at work gives that one. Returns its id; raises InvalidError."""
    chosen = [experiments.own(db, user, one) for one in dict.fromkeys(ids)]
    if not 0 < len(chosen) <= MOST_EXPERIMENTS:
        raise InvalidError(f"Choose from 1 to {MOST_EXPERIMENTS} experiments to compare.")
    number = whole_number(seed, 0, LARGEST_SEED)
    if number is None:
        raise InvalidError(f"The seed is a whole number from 0 to {LARGEST_SEED}, not “{seed[:40]}”.")
    count = whole_number(samples, 0, MOST_SAMPLES)
    if count is None:
        raise InvalidError(f"Samples of each experiment are a whole number from 0 to {MOST_SAMPLES}.")
    most = experiments.budget_of(budget)
    experiments.side_by_side([(one, experiments.run_of(one)) for one in chosen], baseline, most)
    asked: dict[str, object] = {
        "experiments": [one.id for one in chosen],
        "baseline": baseline,
        "budget": None if isinf(most) else most,
        "seed": number,
        "samples": count,
    }
    for row in db.scalars(select(Comparison).where(Comparison.owner_id == user.id)):
        at_work = jobs.shown_by_id(db, row.job_id, now)
        if row.asked == asked and at_work and not at_work.ended:
            return row.id
    made = Comparison(id=tokens.identifier(), owner_id=user.id, asked=asked, created_at=now)
    db.add(made)
    db.flush()
    made.job_id = jobs.enqueue(db, user.id, COMPARE_JOB, {"comparison_id": made.id}, now)
    return made.id


def own(db: Session, user: SignedIn, comparison_id: str) -> Comparison:
    """The comparison, if this user may see it; raises NotFoundError."""
    found = db.get(Comparison, comparison_id)
    if found is None or not (user.is_admin or found.owner_id == user.id):
        raise NotFoundError("There is no such comparison.")
    return found


def view(db: Session, user: SignedIn, comparison_id: str, now: datetime) -> ComparisonView:
    """One comparison; raises NotFoundError."""
    return _view(db, own(db, user, comparison_id), now)


def listing(db: Session, user: SignedIn, now: datetime) -> list[ComparisonView]:
    """The user's comparisons (all for an admin), newest first."""
    query = select(Comparison).order_by(Comparison.created_at.desc(), Comparison.id)
    if not user.is_admin:
        query = query.where(Comparison.owner_id == user.id)
    return [_view(db, row, now) for row in db.scalars(query)]


def _view(db: Session, row: Comparison, now: datetime) -> ComparisonView:
    asked: Mapping[str, Any] = row.asked
    names = [experiments.name_of(db, one) for one in asked["experiments"]]
    return ComparisonView(
        row.id,
        tuple(names),
        experiments.name_of(db, asked["baseline"] or None),
        asked["budget"],
        asked["seed"],
        asked["samples"],
        row.made,
        jobs.shown_by_id(db, row.job_id, now),
        row.created_at,
    )


def plan(db: Session, artifacts: Artifacts, comparison_id: str) -> Plan:
    """What to draw; raises InvalidError."""
    asked: Mapping[str, Any] = db.get_one(Comparison, comparison_id).asked
    found = [db.get_one(Experiment, one) for one in asked["experiments"]]
    budget = float("inf") if asked["budget"] is None else asked["budget"]
    table = experiments.side_by_side(
        [(one, experiments.run_of(one, artifacts)) for one in found], asked["baseline"], budget
    )
    reported = [
        reported_by(db, one.id, each.best, each.metric, budget)
        for one, each in zip(found, table.experiments, strict=True)
    ]
    return Plan(table, tuple(reported), asked["seed"], seeds_of(asked["seed"], asked["samples"]))


def seeds_of(seed: int, count: int) -> tuple[int, ...]:
    """So many different seeds, each as likely as any other, the same for the same seed."""
    drawn: dict[int, None] = {}
    rng = np.random.default_rng(seed)
    while len(drawn) < count:
        drawn[int(rng.integers(0, 2**32))] = None
    return tuple(drawn)


def reported_by(db: Session, experiment_id: str, best: Score | None, metric: str, budget: float) -> Reported:
    """The checkpoint of the best snapshot; where nothing was measured that of the last one, else the newest."""
    query = select(Checkpoint).where(
        Checkpoint.experiment_id == experiment_id, Checkpoint.artifact.is_not(None)
    )
    there = [(kimg_of(one), one) for one in db.scalars(query.order_by(Checkpoint.created_at, Checkpoint.id))]
    if best is not None:
        found = next((one for kimg, one in there if kimg == best.kimg), None)
        words = f"{best.kimg:g} kimg, {metric} {best.value:.2f}"
        return _reported(
            found, words if found else f"{best.snapshot}, its best, is not among its checkpoints"
        )
    within = [(kimg, one) for kimg, one in there if kimg is not None and kimg <= budget]
    if within:
        kimg, last = max(within, key=lambda pair: pair[0])
        return _reported(last, f"{kimg:g} kimg, its last; nothing was measured")
    newest = there[-1][1] if there else None
    return _reported(newest, f"{newest.name}; nothing was measured" if newest else "it has no checkpoint")


def kimg_of(checkpoint: Checkpoint) -> float | None:
    """How far a checkpoint's snapshot had come, by its name or by what the file says."""
    named = metrics.snapshot(checkpoint.snapshot) if checkpoint.snapshot else None
    told = checkpoint.facts.get("kimg")
    return named.kimg if named else float(told) if isinstance(told, int | float) else None


def keep(db: Session, comparison_id: str, made: Mapping[str, object]) -> None:
    """Keep what the worker made."""
    db.get_one(Comparison, comparison_id).made = dict(made)


def file(
    db: Session, artifacts: Artifacts, user: SignedIn, comparison_id: str, name: str, *, on_page: bool
) -> bytes:
    """A file of a comparison, a figure in the page's ink where it is shown `on_page`; raises NotFoundError."""
    made: Mapping[str, Any] | None = own(db, user, comparison_id).made
    if made is None:
        raise ConflictError("This comparison has not been drawn yet.")
    for drawn in made["figures"]:
        if drawn["name"] == name:
            figure = experiments.figure(artifacts, drawn)
            return (figure.image if on_page else figure.file).encode()
    if name not in made["files"]:
        raise NotFoundError("There is no such file.")
    return artifacts.get(made["files"][name])


def _reported(found: Checkpoint | None, words: str) -> Reported:
    if found is None or found.artifact is None:
        return Reported("", "", "", words)
    return Reported(found.id, found.artifact, str(found.facts.get("source_sha256", "")), words)
