"""The job engine of one machine: the worker process leases rows of the jobs table.

A lease lasts a minute and is renewed at each sign of life; a worker that was killed leaves a lease that runs out, and
the job is then claimed again. Bodies of jobs are batches that may be repeated, so nothing is done twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.tables.jobs import Job

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
REST = timedelta(seconds=5)  # before a second attempt, twice that before a third


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds."""

    id: str
    owner_id: str
    kind: str
    payload: dict[str, object]


def claim(db: Session, worker: str, now: datetime) -> Claimed | None:
    """Take the oldest job that is queued or whose worker went silent; None where there is nothing to do."""
    rested = or_(Job.leased_until.is_(None), Job.leased_until < now)
    free = ((Job.status == "queued") & rested) | ((Job.status == "running") & (Job.leased_until < now))
    for job in db.scalars(select(Job).where(free).order_by(Job.created_at, Job.id)):
        if job.cancel_requested:
            _end(job, "cancelled", now)
        elif job.attempts >= MOST_ATTEMPTS:
            before = f" Before that: {job.error}" if job.error else ""
            _end(job, "failed", now, f"The worker died {MOST_ATTEMPTS} times while doing this.{before}")
        else:
            job.status, job.worker, job.leased_until = "running", worker, now + LEASE
            job.attempts += 1
            job.started_at, job.done_at_start = now, job.done
            db.flush()
            return Claimed(job.id, job.owner_id, job.kind, dict(job.payload))
    return None


def release(db: Session, gone: Callable[[str], bool], now: datetime) -> None:
    """Free the jobs of workers that are `gone`, so that nobody waits for their leases to run out."""
    for job in db.scalars(select(Job).where(Job.status == "running", Job.worker.is_not(None))):
        if gone(job.worker or ""):
            job.leased_until = now - LEASE


def give_back(db: Session, job_id: str, worker: str) -> None:
    """Put an unfinished job back into the queue because this worker is stopping."""
    job = db.get_one(Job, job_id)
    if job.worker == worker and job.status == "running":
        job.status, job.leased_until, job.attempts = "queued", None, job.attempts - 1


def heartbeat(
    db: Session, job_id: str, worker: str, now: datetime, done: int | None = None, total: int | None = None
) -> bool:
    """Renew the lease and tell the progress; False where the job was cancelled or taken over: stop then."""
    job = db.get_one(Job, job_id)
    if job.worker != worker or job.status != "running" or job.cancel_requested:
        return False
    job.leased_until = now + LEASE
    if done is not None and done > job.furthest:
        job.furthest, job.attempts = done, 1  # it gets on: only failures without progress count
    job.done = job.done if done is None else done
    job.total = job.total if total is None else total
    return True


def finish(db: Session, job_id: str, worker: str, now: datetime, error: str | None = None) -> None:
    """End a job that this worker holds: done, failed with a sentence, or cancelled where that was asked for."""
    job = db.get_one(Job, job_id)
    if job.worker != worker or job.status != "running":
        return
    if job.cancel_requested:
        _end(job, "cancelled", now)
    else:
        _end(job, "failed" if error else "done", now, error)


def has_ended(db: Session, job_id: str) -> bool:
    """Whether nobody will work on it any more."""
    return db.get_one(Job, job_id).finished_at is not None


def put_off(
    db: Session, job_id: str, worker: str, now: datetime, reason: str, rest: timedelta = REST
) -> None:
    """Try a job again after a rest (twice as long the second time), with the reason kept; after MOST_ATTEMPTS without progress it has failed."""
    job = db.get_one(Job, job_id)
    if job.worker != worker or job.status != "running":
        return
    if job.cancel_requested:
        _end(job, "cancelled", now)
    elif job.attempts >= MOST_ATTEMPTS:
        _end(job, "failed", now, f"{reason} It was tried {MOST_ATTEMPTS} times.")
    else:
        job.status, job.leased_until, job.error = "queued", now + rest * job.attempts, reason


def _end(job: Job, status: str, now: datetime, error: str | None = None) -> None:
    job.status, job.finished_at, job.error, job.leased_until = status, now, error, None
