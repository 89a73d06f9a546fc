"""Experiments: a run's folder as an upload, facts, course, and some of them side by side."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.runs import directory, facts
from app.runs.metrics import Score
from app.services import comparisons, experiment_views, experiments
from app.services.comparisons import ComparisonView as Found
from app.services.experiments import ExperimentRow as Row
from app.web import experiments as pages
from app.web.api.asking import Caller, CurrentCaller, CurrentUploader, CurrentWriter
from app.web.api.paging import Page, Paged, newest_first
from app.web.api.shapes import Ask, Id, Job, Moment, Shape, example
from app.web.api.uploading import RUN, form, take

router = APIRouter(prefix="/experiments", tags=["experiments"])
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for kind in pages.TYPES.values()
        }
    }
}
FILES[200]["content"]["application/json"] = {"schema": {"type": "object"}}
_COURSE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}


class Facts(Shape):
    """What is known of a run: what was typed, else what its folder tells; null or empty where nobody says."""

    images: int | None = Field(examples=[2618])
    patients: int | None = Field(examples=[120])
    pretraining: str = Field(description="The file that training went on from.", examples=["ffhq256.pkl"])
    augmentation: str = Field(examples=["ADA 0.6, bgc"])
    resolution: int | None = Field(examples=[256])
    gamma: float | None = Field(description="The weight of R1.", examples=[6.5])
    batch: int | None = Field(examples=[32])
    kimg: float | None = Field(description="The length it was started with.", examples=[25000])
    mirrored: bool | None = Field(examples=[True])


class Best(Shape):
    """The snapshot with the lowest measure within the budget."""

    kimg: float = Field(examples=[10000])
    value: float = Field(examples=[7.15])
    snapshot: str = Field(examples=["network-snapshot-010000.pkl"])


class ExperimentRow(Shape):
    """An experiment in a list; `improvement` is relative to the baseline, null where measures are of different kinds."""

    id: Id
    name: str = Field(examples=["ADA, pretrained"])
    facts: Facts
    metric: str = Field(description="By which `best` was chosen; empty for none.", examples=["fid50k_full"])
    best: Best | None
    improvement: float | None = Field(examples=[0.63])
    diverges_at: float | None = Field(description="In kimg; null where it does not.", examples=[None])
    checkpoints: int = Field(examples=[1])
    job: Job | None = Field(description="The job that reads its folder.")
    created_at: Moment


class Differs(Shape):
    """A fact of which the folder says otherwise than was typed."""

    name: str = Field(examples=["images"])
    told: str = Field(examples=["2618"])
    typed: str = Field(examples=["2600"])


class Snapshot(Shape):
    """A snapshot of the run; `checkpoint_id` is empty where it is none."""

    name: str = Field(examples=["network-snapshot-010000.pkl"])
    kimg: float = Field(examples=[10000])
    best: bool = Field(examples=[True])
    checkpoint_id: str = Field(examples=[""])


class ExperimentView(Shape):
    """An experiment: facts, what its folder told, snapshots."""

    id: Id
    name: str = Field(examples=["ADA, pretrained"])
    facts: Facts
    notes: str = Field(examples=[""])
    differs: list[Differs]
    read: bool = Field(description="Whether a folder was read.", examples=[True])
    ticks: int = Field(examples=[6250])
    hours: float | None = Field(examples=[31.5])
    diverged: str = Field(description="In words; empty where it is too short to say.", examples=["no"])
    missing: list[str] = Field(description="What the folder does not hold.")
    snapshots: list[Snapshot]
    figures: list[str] = Field(examples=[["losses.svg"]])
    job: Job | None = Field(description="The job that reads its folder.")
    created_at: Moment


class Described(Ask):
    """Facts as you know them, all of them: what is left out is as the folder says."""

    model_config = example(images=2618, patients=120, mirrored=True, notes="Slices of the first study.")
    images: int | None = Field(None, ge=1, lt=2**31)
    patients: int | None = Field(None, ge=1, lt=2**31)
    pretraining: str = Field("", max_length=300)
    augmentation: str = Field("", max_length=300)
    resolution: int | None = Field(None, ge=1, lt=2**31)
    gamma: float | None = Field(None, ge=0, le=10**9, allow_inf_nan=False)
    batch: int | None = Field(None, ge=1, lt=2**31)
    kimg: float | None = Field(None, ge=0, le=10**9, allow_inf_nan=False)
    mirrored: bool | None = None
    notes: str = Field("", max_length=5000)


class Compared(Ask):
    """Which experiments, and what to sample of each."""

    model_config = example(experiments=["0f3c9a5d7b2e4c6f8a1b3d5e7f902468"], samples=4, seed=1)
    experiments: list[Id] = Field(min_length=1, max_length=comparisons.MOST_EXPERIMENTS)
    baseline: str = Field("", max_length=64, description="The id of one of them; empty for none.")
    budget: float | None = Field(None, ge=0, le=10**9, allow_inf_nan=False, description="In kimg.")
    samples: int = Field(8, ge=0, le=comparisons.MOST_SAMPLES, description="Of each, chosen by chance.")
    seed: int = Field(
        1, ge=0, le=comparisons.LARGEST_SEED, description="That the samples' seeds are drawn from."
    )


class ComparisonView(Shape):
    """A comparison: what was asked, and the names of its files once `ready`."""

    id: Id
    names: list[str] = Field(examples=[["Scratch", "ADA"]])
    baseline: str = Field(description="A name; empty for none.", examples=["Scratch"])
    budget: float | None = Field(examples=[10000])
    seed: int = Field(examples=[1])
    samples: int = Field(examples=[8])
    seeds: list[int] = Field(description="Of the samples, drawn from `seed`.", examples=[[2033140153]])
    ready: bool = Field(examples=[True])
    files: list[str] = Field(examples=[["figure1.svg", "losses.svg", "table1.csv"]])
    job: Job | None = Field(description="The job that draws it.")
    created_at: Moment


@router.get("", response_model=Page[ExperimentRow], summary="Your experiments, newest first")
def listing(caller: CurrentCaller, paging: Paged, budget: str = "", baseline: str = "") -> Any:
    """With the best snapshot of each within `budget` kimg, and its improvement on the experiment `baseline` (an id)."""
    with caller.ctx.database.read() as db:
        table = experiments.listing(db, caller.user, caller.now, baseline, budget)
    return paging.page(sorted(table.rows, key=newest_first), newest_first, _row)


@router.post(
    "",
    response_model=ExperimentView,
    status_code=201,
    summary="Upload a training run's folder",
    openapi_extra=form(["name", "files"], **RUN),
)
async def upload(request: Request, writer: CurrentUploader) -> Response:
    """Its files in the field `files` under their own names: training_options.json, stats.jsonl, metric-….jsonl, snapshots. An experiment of this name is brought up to date."""
    return await take(
        request,
        writer,
        lambda db, received: _view(db, writer.caller, pages.begin(db, writer.user, received)),
        wanted=directory.belongs,
    )


@router.get("/comparisons", response_model=Page[ComparisonView], summary="Your comparisons, newest first")
def comparison_listing(caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        rows = comparisons.listing(db, caller.user, caller.now)
    return paging.page(rows, newest_first, _comparison)


@router.post(
    "/comparisons", response_model=ComparisonView, status_code=202, summary="Put experiments side by side"
)
def compare(asked: Compared, writer: CurrentWriter) -> Response:
    """Table 1, the losses (Figure 2), measures over training, and samples of each at its reported snapshot (Figure 1)."""

    def do(db: Session) -> ComparisonView:
        made = comparisons.start(
            db,
            writer.user,
            asked.experiments,
            baseline=asked.baseline,
            budget=facts.said(asked.budget),
            seed=str(asked.seed),
            samples=str(asked.samples),
            now=writer.now,
        )
        return _comparison(comparisons.view(db, writer.user, made, writer.now))

    return writer.once(do, 202)


@router.get("/comparisons/{comparison_id}", response_model=ComparisonView, summary="A comparison")
def comparison(comparison_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _comparison(comparisons.view(db, caller.user, comparison_id, caller.now))


@router.get(
    "/comparisons/{comparison_id}/files/{name}",
    response_class=Response,
    responses=FILES,
    summary="A file of a comparison",
)
def comparison_file(comparison_id: str, name: str, caller: CurrentCaller) -> Response:
    return pages.comparison_file(comparison_id, name, caller.ctx, caller.user)


@router.get("/{experiment_id}", response_model=ExperimentView, summary="An experiment")
def detail(experiment_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _view(db, caller, experiment_id)


@router.post("/{experiment_id}/facts", response_model=ExperimentView, summary="Say what is known of it")
def change_facts(experiment_id: str, asked: Described, writer: CurrentWriter) -> Response:
    texts = {name: facts.said(value) for name, value in asked.model_dump().items()}

    def do(db: Session) -> ExperimentView:
        experiments.change_facts(db, writer.user, experiment_id, texts, writer.secret, writer.now)
        return _view(db, writer.caller, experiment_id)

    return writer.once(do)


@router.get(
    "/{experiment_id}/course",
    response_class=Response,
    responses=_COURSE,
    summary="All that its folder told, by ticks",
)
def course(experiment_id: str, caller: CurrentCaller) -> Response:
    """`ticks` holds kimg, G loss, D loss, probability of augmentation and seconds of each tick; null for what is not finite."""
    with caller.ctx.database.read() as db:
        data = experiment_views.course(db, caller.ctx.artifacts, caller.user, experiment_id)
    return Response(data, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get(
    "/{experiment_id}/figures/{name}",
    response_class=Response,
    responses=FILES,
    summary="A figure of its course",
)
def figure(experiment_id: str, name: str, caller: CurrentCaller) -> Response:
    return pages.figure(experiment_id, name, caller.ctx, caller.user)


def _row(row: Row) -> ExperimentRow:
    best: Score | None = row.best
    return ExperimentRow(
        id=row.id,
        name=row.name,
        facts=Facts.model_validate(row.facts),
        metric=row.metric,
        best=Best.model_validate(best) if best else None,
        improvement=row.improvement,
        diverges_at=row.diverges_at,
        checkpoints=row.checkpoints,
        job=Job.model_validate(row.job) if row.job else None,
        created_at=row.created_at,
    )


def _view(db: Session, caller: Caller, experiment_id: str) -> ExperimentView:
    found = experiment_views.view(db, caller.user, experiment_id, caller.now)
    told = found.course
    return ExperimentView(
        id=found.id,
        name=found.name,
        facts=Facts.model_validate(found.known),
        notes=found.notes,
        differs=[Differs.model_validate(fact) for fact in found.facts if fact.differs],
        read=told is not None,
        ticks=told.ticks if told else 0,
        hours=told.hours if told else None,
        diverged=told.diverged if told else "",
        missing=list(told.missing) if told else [],
        snapshots=[Snapshot.model_validate(one) for one in found.snapshots],
        figures=[name for name, _ in found.figures],
        job=Job.model_validate(found.job) if found.job else None,
        created_at=found.created_at,
    )


def _comparison(found: Found) -> ComparisonView:
    return ComparisonView(
        id=found.id,
        names=list(found.names),
        baseline=found.baseline,
        budget=found.budget,
        seed=found.seed,
        samples=found.samples,
        seeds=list(comparisons.seeds_of(found.seed, found.samples)),
        ready=found.made is not None,
        files=pages.names(found),
        job=Job.model_validate(found.job) if found.job else None,
        created_at=found.created_at,
    )
