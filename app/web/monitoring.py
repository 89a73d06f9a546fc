"""How the readers of a session get on: part of its page, which is asked for again while the page is open."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app import clock
from app.report import flow
from app.report.flow import Stage
from app.services import monitoring, sessions
from app.services.monitoring import Watched
from app.services.people import SignedIn
from app.web.deps import Ctx, CurrentUser
from app.web.pages import render

router = APIRouter(prefix="/sessions/{session_id}")
STALLED_DAYS = 3


@dataclass(frozen=True, slots=True)
class Watch:
    """sessions/_readers.html: the readers of a session; `stalled` has the days of silence by reading, `catch` whether there are degraded images."""

    session_id: str
    state: str
    readers: tuple[Watched, ...]
    flow: tuple[Stage, ...]
    stalled: dict[str, int]
    catch: bool
    mark: str


@dataclass(frozen=True, slots=True)
class WatchPage:
    """The part by itself."""

    watch: Watch


def watched(db: Session, user: SignedIn, session_id: str) -> Watch:
    """How the readers get on now; raises NotFoundError for a session that is not the user's."""
    session, now = sessions.own(db, user, session_id), clock.now()
    found = monitoring.monitor(db, session_id)
    at_work = session.state in {"open", "paused"}
    idle = {
        one.reader.reading_id: monitoring.idle_days(one.reader, now)
        for one in found.readers
        if at_work and not one.reader.ended
    }
    return Watch(
        session_id=session_id,
        state=session.state,
        readers=found.readers,
        flow=flow.stages(found.turnout),
        stalled={reading_id: days for reading_id, days in idle.items() if days >= STALLED_DAYS},
        catch=any(one.catch_seen for one in found.readers),
        mark=found.mark,
    )


@router.get("/readers")
def readers(request: Request, session_id: str, ctx: Ctx, user: CurrentUser, mark: str = "") -> Response:
    """The readers by themselves; nothing (204) where they are as they were at `mark`."""
    with ctx.database.read() as db:
        sessions.own(db, user, session_id)
        if monitoring.mark(db, session_id) == mark:
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        found = watched(db, user, session_id)
    answer = render(request, "sessions/_readers.html", WatchPage(found))
    answer.headers["X-Mark"] = found.mark
    return answer
