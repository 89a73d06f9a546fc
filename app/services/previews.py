"""A session as its readers will see it, for its researcher: another one of the same design, open at once, that is listed nowhere and never analysed.

Its images are drawn anew from the same sets, so it shows nothing of the items that readers get.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ConflictError
from app.protocol.design import Protocol
from app.services import audit, designs, eligibility, invitations, jobs, seats, sessions
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.sessions import VttSession

PREVIEW_JOB = "preview"


@dataclass(frozen=True, slots=True)
class PreviewView:
    """Whether a preview of the present design can be entered, and the job that prepares it, if any."""

    ready: bool
    job: JobView | None


def view(db: Session, user: SignedIn, session_id: str, now: datetime) -> PreviewView:
    """How far the preview of this session is; raises NotFoundError for a session that is not the user's."""
    found = _current(db, sessions.own(db, user, session_id))
    if found is None:
        return PreviewView(ready=False, job=None)
    return PreviewView(ready=found.state == "open", job=jobs.shown_by_id(db, found.job_id, now))


def prepare(db: Session, user: SignedIn, session_id: str, now: datetime) -> None:
    """Ask the worker for a preview; where one is there or under way, nothing new is made. Raises ConflictError where a set is not signed off."""
    session = sessions.own(db, user, session_id)
    sessions.require_signed_off(db, session)
    found = _current(db, session)
    job = jobs.shown_by_id(db, found.job_id, now) if found else None
    if found and (found.state == "open" or (job and not job.ended)):
        return
    made = designs.add(db, session.owner_id, designs.of(db, session), now, preview_of=session.id)
    payload: dict[str, object] = {"session_id": made.id, "actor": user.pseudonym}
    made.job_id = jobs.enqueue(db, user.id, PREVIEW_JOB, payload, now)


def open_for_researcher(session: VttSession, now: datetime) -> None:
    """Open a frozen preview; it needs no audit, since no reader will see it."""
    session.state, session.opened_at = "open", now


def enter(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> str:
    """A new reading of the preview; returns the token for its cookie. Raises ConflictError before it is ready."""
    return seats.confirm(db, link(db, user, session_id, key, now), now)


def link(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> str:
    """The token of a personal link to a new reading of the preview; raises ConflictError before it is ready.

    Practice tells the truth about some images of the sets, so who previews it has seen truth of this session.
    """
    session = sessions.own(db, user, session_id)
    found = _current(db, session)
    if found is None or found.state != "open":
        raise ConflictError("The preview is not ready yet; try again in a moment.")
    sessions.record(db, key, user, session, "previewed", now)
    if Protocol.from_json(session.protocol).practice.images:
        sessions.record(db, key, user, session, audit.TRUTH_SEEN, now, images="practice of a preview")
        eligibility.end_seats(db, session.id, user.pseudonym, key)
    return invitations.invite(db, found.id, found.owner_id, None, now).token


def _current(db: Session, session: VttSession) -> VttSession | None:
    """The last preview that has the design which the session has now."""
    query = select(VttSession).where(VttSession.preview_of == session.id)
    wanted = designs.of(db, session)
    for found in db.scalars(query.order_by(VttSession.created_at.desc())):
        if replace(designs.of(db, found), title=wanted.title) == wanted:
            return found
    return None
