"""How the readers of a session get on: part of its page, which is asked for again while the page is open."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app import clock
from app.report import flow
from app.report.flow import Stage
from app.services import access, monitoring, sessions
from app.services.monitoring import Watched
from app.services.people import SignedIn
from app.web.deps import Ctx, CurrentUser
from app.web.pages import render

router = APIRouter(prefix="/sessions/{session_id}")
STALLED_DAYS = 3


@dataclass(frozen=True, slots=True)
class Watch:
    """sessions/_readers.html: the readers of a session; `stalled` has the days of silence by reading, `catch` whether there are degraded images.

    `outdated` says that the page around shows the session in another state.
    """

    session_id: str
    state: str
    outdated: bool
    readers: tuple[Watched, ...]
    flow: tuple[Stage, ...]
    stalled: dict[str, int]
    catch: bool
    mark: str
    owned: bool


@dataclass(frozen=True, slots=True)
class WatchPage:
    """The part by itself."""

    watch: Watch


def watched(db: Session, user: SignedIn, session_id: str, shown_state: str = "") -> Watch:
    """How the readers get on now; raises NotFoundError for a session that is not the user's. `shown_state` is that of the page around."""
    session = sessions.own(db, user, session_id)
    found = monitoring.monitor(db, session, clock.now())
    return Watch(
        session_id=session_id,
        state=session.state,
        outdated=shown_state not in ("", session.state),
        readers=found.readers,
        flow=flow.stages(found.turnout),
        stalled={
            one.reader.reading_id: one.idle_days for one in found.readers if one.idle_days >= STALLED_DAYS
        },
        catch=any(one.catch_seen for one in found.readers),
        mark=found.mark,
        owned=access.is_owner(user, session),
    )


@router.get("/readers")
def readers(
    request: Request, session_id: str, ctx: Ctx, user: CurrentUser, mark: str = "", state: str = ""
) -> Response:
    """The readers by themselves; nothing (204) where they are as they were at `mark`. `state` is what the page around shows."""
    with ctx.database.read() as db:
        session = sessions.own(db, user, session_id)
        if monitoring.mark(db, session, clock.now()) == mark:
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        found = watched(db, user, session_id, state)
    answer = render(request, "sessions/_readers.html", WatchPage(found))
    answer.headers["X-Mark"] = found.mark
    return answer
