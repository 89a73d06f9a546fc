"""Jobs as people see them: ask for work, watch it, stop it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import ConflictError, NotFoundError
from app.services import access, tokens
from app.services.people import SignedIn
from app.tables.jobs import Job
from app.tables.sessions import VttSession

ENDED = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class JobView:
    """A job's state; `seconds_left` is an estimate from its pace so far, None while unknown."""

    id: str
    kind: str
    status: str
    done: int
    total: int
    error: str | None
    seconds_left: float | None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


def enqueue(db: Session, owner_id: str, kind: str, payload: dict[str, object], now: datetime) -> str:
    """Add a job for the worker; returns its id."""
    job = Job(
        id=tokens.identifier(),
        owner_id=owner_id,
        kind=kind,
        payload=payload,
        status="queued",
        done=0,
        total=0,
        done_at_start=0,
        attempts=0,
        furthest=0,
        cancel_requested=False,
        created_at=now,
    )
    db.add(job)
    db.flush()
    return job.id


def view(db: Session, user: SignedIn, job_id: str, now: datetime) -> JobView:
    """A job of this user's or of a session that they may handle, any job for an admin; raises NotFoundError."""
    return shown(_own(db, user, job_id), now)


def shown(job: Job, now: datetime) -> JobView:
    left = None
    here = job.done - job.done_at_start
    if job.status == "running" and job.started_at and here > 0 and job.done <= job.total:
        left = (now - job.started_at).total_seconds() / here * (job.total - job.done)
    return JobView(job.id, job.kind, job.status, job.done, job.total, job.error, left)


def shown_by_id(db: Session, job_id: str | None, now: datetime) -> JobView | None:
    job = db.get(Job, job_id) if job_id else None
    return shown(job, now) if job else None


def cancel(db: Session, user: SignedIn, job_id: str, now: datetime) -> None:
    """Stop a job: at once where nobody works on it, else at its next sign of life; what it made is kept."""
    job = _own(db, user, job_id)
    if job.status in ENDED:
        raise ConflictError("This job has ended already.")
    job.cancel_requested = True
    if job.status == "queued":
        job.status, job.finished_at = "cancelled", now


def _own(db: Session, user: SignedIn, job_id: str) -> Job:
    job = db.get(Job, job_id)
    if job is None or not (user.is_admin or job.owner_id == user.id or _of_their_session(db, user, job)):
        raise NotFoundError("There is no such job.")
    return job


def _of_their_session(db: Session, user: SignedIn, job: Job) -> bool:
    """Whether it works on a session that this user may handle, whoever of them asked for it."""
    session = db.get(VttSession, str(job.payload.get("session_id", "")))
    if session is not None and session.preview_of:
        session = db.get(VttSession, session.preview_of)
    return session is not None and access.may_handle(db, user, session)
