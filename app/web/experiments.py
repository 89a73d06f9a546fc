"""Experiments: the table of them, one of them, a run's folder as an upload, and some of them side by side."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app import clock
from app.errors import AppError
from app.report.experiments import NAMES
from app.runs import directory
from app.runs.divergence import RULE
from app.services import comparisons, experiment_views, experiments, run_folders
from app.services.comparisons import MOST_SAMPLES, ComparisonView
from app.services.experiment_views import ExperimentView
from app.services.experiments import ExperimentTable
from app.services.people import SignedIn
from app.web import uploads
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render
from app.web.uploads import Upload

router = APIRouter(prefix="/experiments")
SAMPLES, SEED = "8", "1"
TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "tex": "application/x-tex; charset=utf-8",
    "json": "application/json",
}
_PRIVATE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class ExperimentsPage:
    """experiments/list.html: Table 1, and the form that compares; `budget` as it was typed, `patients` where any are known."""

    user: SignedIn
    table: ExperimentTable
    kinds: list[str]
    patients: bool
    budget: str
    samples: str
    seed: str
    most_samples: int
    comparisons: list[ComparisonView]
    rule: str
    problem: str


@dataclass(frozen=True, slots=True)
class NewExperimentPage:
    """experiments/new.html."""

    user: SignedIn
    limit_mb: int
    name: str


@dataclass(frozen=True, slots=True)
class ExperimentPage:
    """experiments/detail.html."""

    user: SignedIn
    experiment: ExperimentView


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """experiments/comparison.html."""

    user: SignedIn
    comparison: ComparisonView
    files: list[str]


@router.get("")
def listing(
    request: Request, ctx: Ctx, user: CurrentUser, budget: str = "", baseline: str = ""
) -> HTMLResponse:
    """The table; a budget or baseline that cannot be used is said in the page, which then shows it without."""
    now, problem = clock.now(), ""
    with ctx.database.read() as db:
        try:
            table = experiments.listing(db, user, now, baseline, budget)
        except AppError as error:
            problem = error.sentence
            table = experiments.listing(db, user, now)
        drawn = comparisons.listing(db, user, now)
    kinds = [NAMES.get(kind, kind) for kind in table.kinds]
    patients = any(row.facts.patients is not None for row in table.rows)
    page = ExperimentsPage(
        user, table, kinds, patients, budget[:40], SAMPLES, SEED, MOST_SAMPLES, drawn[:20], RULE, problem
    )
    return render(request, "experiments/list.html", page, 422 if problem else 200)


@router.get("/new")
def new(request: Request, ctx: Ctx, user: CurrentUser, name: str = "") -> HTMLResponse:
    page = NewExperimentPage(user, ctx.settings.upload_limit_mb, name[:120])
    return render(request, "experiments/new.html", page)


@router.post("", response_model=None)
async def upload(request: Request, ctx: Ctx, user: CurrentUser) -> RedirectResponse | JSONResponse:
    """Take a run's files and start reading them; a script that asks for JSON gets the experiment's address."""
    received = await uploads.receive(request, ctx.settings, directory.belongs)
    experiment_id = await run_in_threadpool(_begin, ctx, user, received)
    address = f"/experiments/{experiment_id}"
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"address": address})
    return RedirectResponse(address, 303)


@router.post("/comparisons")
def compare(
    ctx: Ctx,
    user: CurrentUser,
    experiments: Annotated[list[str], Form(default_factory=list)],
    baseline: Annotated[str, Form()] = "",
    budget: Annotated[str, Form()] = "",
    seed: Annotated[str, Form()] = SEED,
    samples: Annotated[str, Form()] = SAMPLES,
) -> RedirectResponse:
    """Side by side; a baseline that is not among the chosen experiments is left out of account."""
    with ctx.database.write() as db:
        comparison_id = comparisons.start(
            db,
            user,
            experiments,
            baseline=baseline if baseline in experiments else "",
            budget=budget,
            seed=seed,
            samples=samples,
            now=clock.now(),
        )
    return RedirectResponse(f"/experiments/comparisons/{comparison_id}", 303)


@router.get("/comparisons/{comparison_id}")
def comparison(request: Request, comparison_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        found = comparisons.view(db, user, comparison_id, clock.now())
    return render(request, "experiments/comparison.html", ComparisonPage(user, found, names(found)))


@router.get("/comparisons/{comparison_id}/files/{name}")
def comparison_file(
    comparison_id: str, name: str, ctx: Ctx, user: CurrentUser, *, shown: bool = False
) -> Response:
    """A file of a comparison: to keep, or `shown` in the page."""
    with ctx.database.read() as db:
        data = comparisons.file(db, ctx.artifacts, user, comparison_id, name, on_page=shown)
    return _file(data, name, shown=shown)


@router.get("/{experiment_id}")
def detail(request: Request, experiment_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    with ctx.database.read() as db:
        found = experiment_views.view(db, user, experiment_id, clock.now())
    return render(request, "experiments/detail.html", ExperimentPage(user, found))


@router.post("/{experiment_id}/facts")
def change_facts(
    experiment_id: str,
    ctx: Ctx,
    user: CurrentUser,
    images: Annotated[str, Form()] = "",
    patients: Annotated[str, Form()] = "",
    pretraining: Annotated[str, Form()] = "",
    augmentation: Annotated[str, Form()] = "",
    resolution: Annotated[str, Form()] = "",
    gamma: Annotated[str, Form()] = "",
    batch: Annotated[str, Form()] = "",
    kimg: Annotated[str, Form()] = "",
    mirrored: Annotated[str, Form()] = "",
    notes: Annotated[str, Form()] = "",
) -> RedirectResponse:
    texts = {
        "images": images,
        "patients": patients,
        "pretraining": pretraining,
        "augmentation": augmentation,
        "resolution": resolution,
        "gamma": gamma,
        "batch": batch,
        "kimg": kimg,
        "mirrored": mirrored,
        "notes": notes,
    }
    with ctx.database.write() as db:
        experiments.change_facts(db, user, experiment_id, texts, ctx.settings.secret_key, clock.now())
    return RedirectResponse(f"/experiments/{experiment_id}#facts", 303)


@router.get("/{experiment_id}/figures/{name}")
def figure(experiment_id: str, name: str, ctx: Ctx, user: CurrentUser, *, shown: bool = False) -> Response:
    with ctx.database.read() as db:
        data = experiment_views.figure(db, ctx.artifacts, user, experiment_id, name, on_page=shown)
    return _file(data, name, shown=shown)


def begin(db: Session, user: SignedIn, received: Upload) -> str:
    """Start reading what was uploaded of a run's folder; returns the experiment's id. Raises InvalidError."""
    return run_folders.begin(
        db,
        user,
        name=received.fields.get("name", ""),
        staged=received.staged,
        files=received.names,
        now=clock.now(),
    )


def names(found: ComparisonView) -> list[str]:
    """The names of a comparison's files, figures first."""
    if found.made is None:
        return []
    return [*(one["name"] for one in found.made["figures"]), *found.made["files"]]


def _file(data: bytes, name: str, *, shown: bool) -> Response:
    headers = _PRIVATE if shown else {**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=TYPES[name.rpartition(".")[2]], headers=headers)


def _begin(ctx: Context, user: SignedIn, received: Upload) -> str:
    try:
        with ctx.database.write() as db:
            return begin(db, user, received)
    except AppError:
        uploads.discard(ctx.settings, received)
        raise
