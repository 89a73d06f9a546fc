"""Experiments: training runs by the names that researchers give them, with what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import InvalidError, NotFoundError
from app.report import experiments as tables
from app.report.experiments import Experiments
from app.report.figures.canvas import Figure
from app.runs import facts, kept
from app.runs.directory import Run
from app.runs.metrics import Score, Snapshot
from app.runs.options import Options
from app.services import audit, changes, imagesets, jobs, tokens
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.checkpoints import Checkpoint, Experiment

LARGEST_BUDGET = 10**9


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """A line of the table of experiments: its best snapshot within the budget, how it compares with the baseline.

    `diverged` is in words, empty where the run does not say.
    """

    id: str
    name: str
    facts: Options
    metric: str
    best: Score | None
    values: tuple[float | None, ...]
    improvement: float | None
    diverged: str
    diverges_at: float | None
    checkpoints: int
    job: JobView | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ExperimentTable:
    """All of a user's experiments; `kinds` names the columns of measures, one each. `baseline` is an experiment's id."""

    rows: tuple[ExperimentRow, ...]
    kinds: tuple[str, ...]
    baseline: str
    budget: float


def by_name(db: Session, owner_id: str, name: str, now: datetime) -> str | None:
    """The id of the owner's experiment of this name, made where it is new; None for an empty name."""
    if not name.strip():
        return None
    name = imagesets.named(name)
    found = db.scalar(select(Experiment.id).where(Experiment.owner_id == owner_id, Experiment.name == name))
    if found is not None:
        return found
    experiment = Experiment(id=tokens.identifier(), owner_id=owner_id, name=name, facts={}, created_at=now)
    db.add(experiment)
    db.flush()
    return experiment.id


def name_of(db: Session, experiment_id: str | None) -> str:
    """Its name, empty for none."""
    return db.get_one(Experiment, experiment_id).name if experiment_id else ""


def names(db: Session, user: SignedIn) -> list[str]:
    """The names of the user's experiments, for choosing."""
    query = select(Experiment.name).where(Experiment.owner_id == user.id).order_by(Experiment.name)
    return list(db.scalars(query))


def own(db: Session, user: SignedIn, experiment_id: str) -> Experiment:
    """The experiment, if this user may see it; raises NotFoundError."""
    experiment = db.get(Experiment, experiment_id)
    if experiment is None or not (user.is_admin or experiment.owner_id == user.id):
        raise NotFoundError("There is no such experiment.")
    return experiment


def change_facts(
    db: Session, user: SignedIn, experiment_id: str, texts: Mapping[str, str], key: bytes, now: datetime
) -> None:
    """Keep what its owner typed; an empty text leaves a fact to the run's folder. Raises InvalidError."""
    experiment = own(db, user, experiment_id)
    old, new = experiment.facts, facts.parse(texts)
    if old == new:
        return
    experiment.facts = new
    audit.record(
        db,
        key,
        now=now,
        actor=user.pseudonym,
        action="experiment described",
        subject=f"experiment:{experiment.id}",
        changes=changes.between(_plain(old), _plain(new)),
    )


def _plain(typed: Mapping[str, object]) -> dict[str, object]:
    """Notes by what tells them from others alone: they may name people."""
    return {name: changes.digest(value) if name == facts.NOTES else value for name, value in typed.items()}


def listing(
    db: Session, user: SignedIn, now: datetime, baseline: str = "", budget: str = ""
) -> ExperimentTable:
    """The user's experiments (all for an admin), in the order they were made; raises InvalidError where they cannot be compared so."""
    query = select(Experiment).order_by(Experiment.created_at, Experiment.id)
    if not user.is_admin:
        query = query.where(Experiment.owner_id == user.id)
    found, most = list(db.scalars(query)), budget_of(budget)
    compared = side_by_side([(one, run_of(one)) for one in found], baseline, most)
    counts = _checkpoints(db)
    rows = []
    for one, each in zip(found, compared.experiments, strict=True):
        diverges_at, words = divergence(one.run)
        rows.append(
            ExperimentRow(
                one.id,
                one.name,
                each.run.options,
                each.metric,
                each.best,
                tuple(map(each.value_of, compared.kinds)),
                each.improvement,
                words,
                diverges_at,
                counts.get(one.id, 0),
                jobs.shown_by_id(db, one.job_id, now),
                one.created_at,
            )
        )
    return ExperimentTable(tuple(rows), compared.kinds, baseline, most)


def side_by_side(runs: list[tuple[Experiment, Run]], baseline: str, budget: float) -> Experiments:
    """The report's table of experiments with what is known of them; `baseline` is an id, empty for none. Raises InvalidError."""
    compared, name = [run for _, run in runs], ""
    if baseline:
        place = next((place for place, (one, _) in enumerate(runs) if one.id == baseline), None)
        if place is None:
            raise InvalidError("The baseline is none of these experiments.")
        name = tables.named(compared)[place]
    return tables.compare(compared, name, budget)


def budget_of(text: str) -> float:
    """A budget in kimg as typed, infinite for an empty text; raises InvalidError."""
    text = text.strip().replace(",", ".")
    if not text:
        return float("inf")
    if not text.replace(".", "", 1).isascii() or not text.replace(".", "", 1).isdigit():
        raise InvalidError(f"A budget is a number of kimg, such as 10000, not “{text[:40]}”.")
    found = float(text)
    if found > LARGEST_BUDGET:
        raise InvalidError(f"A budget is at most {LARGEST_BUDGET} kimg.")
    return found


def run_of(experiment: Experiment, artifacts: Artifacts | None = None) -> Run:
    """Its run under the experiment's name, with what was typed; with its ticks only where the artifacts are given."""
    told: Mapping[str, Any] = experiment.run or {}
    if artifacts is not None and experiment.course:
        run = kept.read(artifacts.get(experiment.course))
    else:
        run = Run(
            experiment.name,
            Options(**told.get("options", {})),
            [],
            {name: [Score(**one) for one in some] for name, some in told.get("scores", {}).items()},
            [Snapshot(**one) for one in told.get("snapshots", ())],
            tuple(told.get("missing", ())),
        )
    return replace(run, name=experiment.name, options=facts.known(run.options, experiment.facts))


def figure(artifacts: Artifacts, drawn: Mapping[str, Any]) -> Figure:
    """A figure as it was kept."""
    return Figure(drawn["name"], drawn["caption"], artifacts.get(drawn["artifact"]).decode())


def keep_figures(artifacts: Artifacts, figures: list[Figure]) -> list[dict[str, str]]:
    """Keep figures; gives what `figure` takes."""
    made = []
    for one in figures:
        digest = artifacts.put_content("figures", one.svg.encode(), ".svg")
        made.append(
            {
                "name": one.name,
                "caption": one.caption,
                "artifact": f"figures/{digest[:2]}/{digest}.svg",
            }
        )
    return made


def _checkpoints(db: Session) -> dict[str, int]:
    query = select(Checkpoint.experiment_id, func.count()).group_by(Checkpoint.experiment_id)
    return {experiment_id: count for experiment_id, count in db.execute(query) if experiment_id}


def divergence(run: Mapping[str, Any] | None) -> tuple[float | None, str]:
    """At which kimg a kept run has diverged, None for nowhere; and in words, empty where it is too short to say."""
    if not run or not run["judged"]:
        return None, ""
    at = run["diverges_at"]
    return at, "no" if at is None else f"at {at:g} kimg"
