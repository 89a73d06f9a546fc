"""How the server does, in numbers: what waits, what failed, what fills the disk. Nothing here tells about a person or a rating."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.services import jobs
from app.services.jobs import JobView
from app.tables.jobs import Job
from app.tables.people import User
from app.tables.sessions import Rating, Reading, VttSession

STATES = ("draft", "frozen", "open", "paused", "closed")
LEAST_FREE_BYTES = 200 * 2**20  # below it, an answer that cannot be saved is near
AT_WORK = timedelta(minutes=5)
WAITS_LONG = timedelta(minutes=2)
_MOST_FILES = 200_000


@dataclass(frozen=True, slots=True)
class State:
    """Numbers for a dashboard and for the metrics: by status, by state, and how long the oldest job has waited, in seconds."""

    jobs: Mapping[str, int]
    oldest_queued_seconds: float
    sessions: Mapping[str, int]
    readers_at_work: int
    ratings: int
    free_bytes: int

    @property
    def waits_long(self) -> bool:
        """Whether work has waited for so long that no worker seems to run."""
        return self.oldest_queued_seconds > WAITS_LONG.total_seconds() and not self.jobs.get("running")


@dataclass(frozen=True, slots=True)
class JobRow:
    """A line of the list of jobs."""

    job: JobView
    owner: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes and files in one folder of the data folder; `whole` is false where there were too many files to count them all."""

    name: str
    files: int
    bytes: int
    whole: bool


def state(db: Session, data_dir: Path, now: datetime) -> State:
    """The numbers of this moment."""
    oldest = db.scalar(select(func.min(Job.created_at)).where(Job.status == "queued"))
    by_state = select(VttSession.state, func.count()).where(VttSession.preview_of.is_(None))
    at_work = select(func.count()).select_from(Reading).where(Reading.last_seen_at > now - AT_WORK)
    return State(
        jobs=dict(db.execute(select(Job.status, func.count()).group_by(Job.status)).all()),
        oldest_queued_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        sessions=dict(db.execute(by_state.group_by(VttSession.state)).all()),
        readers_at_work=db.scalar(at_work) or 0,
        ratings=db.scalar(select(func.max(Rating.id))) or 0,
        free_bytes=shutil.disk_usage(data_dir).free,
    )


def recent_jobs(db: Session, now: datetime, most: int = 50) -> list[JobRow]:
    """The newest jobs, those at work and waiting before those that ended."""
    query = (
        select(Job, User.email)
        .join(User, User.id == Job.owner_id)
        .order_by(Job.finished_at.is_not(None), Job.created_at.desc())
        .limit(most)
    )
    return [
        JobRow(jobs.shown(job, now), email, job.created_at, job.finished_at)
        for job, email in db.execute(query)
    ]


def storage(data_dir: Path) -> list[Storage]:
    """What fills the data folder, the largest first."""
    parts = [data_dir, *(data_dir / "artifacts").glob("*"), data_dir / "staging"]
    counted = [_counted(part, data_dir) for part in parts if part.is_dir()]
    return sorted(counted, key=lambda part: -part.bytes)


def _counted(folder: Path, data_dir: Path) -> Storage:
    """The files in a folder; those of the data folder itself alone are the database's, and the keys."""
    top = folder == data_dir
    files = size = 0
    for place, folders, names in os.walk(folder):
        if top:
            folders.clear()
        for name in names:
            try:
                size += (Path(place) / name).stat().st_size
            except FileNotFoundError:  # removed meanwhile
                continue
            files += 1
        if files > _MOST_FILES:
            return Storage(folder.name, files, size, whole=False)
    return Storage("database and keys" if top else folder.name, files, size, whole=True)


def hindrances(db: Session, data_dir: Path) -> list[str]:
    """Why the server should be sent no readers just now: names of what does not work; empty where all does."""
    db.execute(text("SELECT 1"))
    found = []
    if not os.access(data_dir / "artifacts", os.W_OK) and not os.access(data_dir, os.W_OK):
        found.append("data folder cannot be written")
    if shutil.disk_usage(data_dir).free < LEAST_FREE_BYTES:
        found.append("disk nearly full")
    return found
