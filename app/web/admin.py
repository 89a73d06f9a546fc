"""The server's state, for admins: what waits, what failed, what fills the disk."""

from dataclasses import dataclass
from importlib import metadata

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import clock
from app.services import operations
from app.services.operations import JobRow, State, Storage
from app.services.people import SignedIn
from app.web.deps import Ctx, CurrentAdmin
from app.web.pages import render

router = APIRouter(prefix="/admin")


@dataclass(frozen=True, slots=True)
class AdminPage:
    """admin/server.html."""

    user: SignedIn
    version: str
    state: State
    hindrances: list[str]
    jobs: list[JobRow]
    storage: list[Storage]
    mail: str


@router.get("")
def server(request: Request, ctx: Ctx, user: CurrentAdmin) -> HTMLResponse:
    now, settings = clock.now(), ctx.settings
    with ctx.database.read() as db:
        state = operations.state(db, settings.data_dir, now)
        hindrances = operations.hindrances(db, settings.data_dir)
        jobs = operations.recent_jobs(db, now)
    page = AdminPage(
        user=user,
        version=metadata.version("blindread"),
        state=state,
        hindrances=hindrances,
        jobs=jobs,
        storage=operations.storage(settings.data_dir),
        mail=settings.relay.host if settings.relay else "",
    )
    return render(request, "admin/server.html", page)
