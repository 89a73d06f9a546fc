"""The worker process: claim a job, do it, finish it; again until it is told to stop."""

import os
import shutil
import socket
import threading
from collections.abc import Callable

import structlog
from sqlalchemy import select

from app import clock
from app.engines import local
from app.errors import AppError
from app.services import checkpoints, imports, pictures, reports, samples, sessions
from app.tables.jobs import Job
from app.worker import drawing, generators, images, studies
from app.worker.work import Parts, Work
from models.errors import Refusal

log = structlog.get_logger()
_IDLE_SECONDS = 0.5

BODIES: dict[str, Callable[[Work], None]] = {
    imports.IMPORT_JOB: images.import_images,
    checkpoints.IMPORT_JOB: generators.import_checkpoint,
    samples.SAMPLE_JOB: generators.sample_images,
    pictures.NEIGHBOURS_JOB: drawing.look_for_neighbours,
    sessions.FREEZE_JOB: studies.freeze,
    reports.REPORT_JOB: studies.make_report,
}


def run(parts: Parts, stopping: threading.Event) -> None:
    """Work until `stopping` is set; a job in hand is then given back and goes on at the next start."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    with parts.database.write() as db:
        local.release(db, _gone, clock.now())
    sweep_staging(parts)
    log.info("worker ready", worker=name, device=parts.device)
    while not stopping.is_set():
        if not run_one(parts, name, stopping):
            stopping.wait(_IDLE_SECONDS)


def run_until_idle(parts: Parts) -> None:
    """Do all that is queued, in this process, and return."""
    while run_one(parts, f"{socket.gethostname()}:{os.getpid()}", threading.Event()):
        pass


def run_one(parts: Parts, name: str, stopping: threading.Event) -> bool:
    """Claim one job and do it; False where there is none."""
    with parts.database.write() as db:
        job = local.claim(db, name, clock.now())
    if job is None:
        return False
    error = _do(Work(parts, job, name, stopping))
    with parts.database.write() as db:
        if stopping.is_set() and error is None:
            local.give_back(db, job.id, name)
        else:
            local.finish(db, job.id, name, clock.now(), error)
    return True


def _gone(worker: str) -> bool:
    """Whether a worker of this machine has died; of other machines nothing is known, their leases run out."""
    host, _, pid = worker.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _do(work: Work) -> str | None:
    """The sentence to show where the job failed."""
    job = work.job
    log.info("job started", job=job.id, kind=job.kind)
    try:
        with work.beating():
            BODIES[job.kind](work)
    except (AppError, Refusal) as refusal:
        return str(refusal)
    except Exception as error:
        log.exception("job failed", job=job.id, kind=job.kind)
        return f"Something went wrong in the worker ({type(error).__name__}); its log says more."
    log.info("job left", job=job.id, kind=job.kind)
    return None


def sweep_staging(parts: Parts) -> None:
    """Remove uploads that no waiting job needs: originals may hold patients' data."""
    staging = parts.settings.staging_dir
    if not staging.is_dir():
        return
    with parts.database.read() as db:
        waiting = db.scalars(select(Job).where(Job.status.in_(("queued", "running"))))
        needed = {str(job.payload.get("staged")) for job in waiting}
    for folder in staging.iterdir():
        if folder.name not in needed:
            shutil.rmtree(folder, ignore_errors=True)


__all__ = ["BODIES", "Parts", "Work", "run", "run_one", "run_until_idle", "sweep_staging"]
