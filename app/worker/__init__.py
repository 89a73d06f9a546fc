"""The worker process: claim a job, do it, finish it; again until it is told to stop."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog
import torch
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engines import local
from app.errors import AppError, UnavailableError
from app.services import (
    audits,
    checkpoints,
    comparisons,
    distances,
    drafts,
    imports,
    mailing,
    pictures,
    previews,
    privacy,
    reports,
    retention,
    run_folders,
    samples,
    sessions,
)
from app.tables.jobs import Job
from app.worker import comparing, drawing, generators, images, mails, measuring, studies
from app.worker.work import Parts, Work
from models import feature_files, sample
from models.errors import Refusal

log = structlog.get_logger()
_IDLE_SECONDS = 0.5
_SWEEP_SECONDS = 60.0
_UPLOAD_SECONDS = 600.0
_FEATURES_SECONDS = 30 * 86_400.0
_DRAFTS_PATIENCE = 6  # an upload whose settings are being thought about stays for an hour after the last look

BODIES: dict[str, Callable[[Work], None]] = {
    imports.IMPORT_JOB: images.import_images,
    checkpoints.IMPORT_JOB: generators.import_checkpoint,
    run_folders.IMPORT_JOB: comparing.import_run,
    comparisons.COMPARE_JOB: comparing.compare,
    samples.SAMPLE_JOB: generators.sample_images,
    distances.DISTANCE_JOB: measuring.measure_distance,
    pictures.NEIGHBOURS_JOB: drawing.look_for_neighbours,
    sessions.FREEZE_JOB: studies.freeze,
    previews.PREVIEW_JOB: studies.freeze,
    audits.AUDIT_JOB: studies.audit,
    reports.REPORT_JOB: studies.make_report,
    mailing.MAIL_JOB: mails.send,
}
_RESTS = {mailing.MAIL_JOB: mails.REST}


def run(parts: Parts, stopping: threading.Event, concurrency: int = 1) -> None:
    """Raise SamplingRefused for a device that is not there. Work until `stopping` is set, on `concurrency` jobs at a time; those in hand are then given back and go on at the next start."""
    sample.pick_devices(parts.device)
    name = f"{socket.gethostname()}:{os.getpid()}"
    with suppress(UnavailableError):  # their leases run out by themselves
        release_dead(parts)
    torch.set_num_threads(max(1, torch.get_num_threads() // concurrency))
    log.info("worker ready", worker=name, device=parts.device, concurrency=concurrency)
    threads = [
        threading.Thread(target=_work, args=(parts, f"{name}:{number}", stopping))
        for number in range(1, concurrency + 1)
    ]
    for thread in threads:
        thread.start()
    while not stopping.is_set():
        with suppress(UnavailableError):  # the next sweep comes in a minute
            sweep_staging(parts)
            feature_files.sweep(parts.settings.data_dir / "features", _FEATURES_SECONDS)
            mails.remind(parts)
            retain(parts)
        stopping.wait(_SWEEP_SECONDS)
    for thread in threads:
        thread.join()


def _work(parts: Parts, name: str, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            busy = run_one(parts, name, stopping)
        except Exception:  # the database was away or locked for long: leases run out by themselves
            log.exception("worker could not take or end a job", worker=name)
            busy = False
        if not busy:
            stopping.wait(_IDLE_SECONDS)


def run_until_idle(parts: Parts) -> None:
    """Do all that can be done now, in this process, and return."""
    while run_one(parts, f"{socket.gethostname()}:{os.getpid()}:1", threading.Event()):
        pass


def run_one(parts: Parts, name: str, stopping: threading.Event) -> bool:
    """Claim one job and do it; False where there is none."""
    with parts.database.write() as db:
        job = local.claim(db, name, clock.now())
    if job is None:
        return False
    work = Work(parts, job, name, stopping)
    ended = _end(work, _do(work))
    if ended and "staged" in job.payload:
        shutil.rmtree(work.staged(), ignore_errors=True)
    return True


def _end(work: Work, end: Callable[[Session], None]) -> bool:
    """Write down how a job ended, as soon as the database can be written to; gives whether it is over for good.

    A worker that is told to stop meanwhile leaves it: its lease runs out, and the job is done again.
    """
    while True:
        try:
            with work.parts.database.write() as db:
                end(db)
                return local.has_ended(db, work.job.id)
        except UnavailableError as error:
            log.warning("job could not be ended yet", job=work.job.id, reason=error.sentence)
            if work.stopping.wait(_IDLE_SECONDS):
                return False


def release_dead(parts: Parts) -> None:
    """Free the jobs of workers of this machine that have died."""
    with parts.database.write() as db:
        local.release(db, _gone, clock.now())


def _gone(worker: str) -> bool:
    """Whether a worker of this machine has died; of other machines nothing is known, their leases run out."""
    host, _, rest = worker.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _do(work: Work) -> Callable[[Session], None]:
    """Do the job; gives how to end it: done, given back, failed with a sentence, or to be tried again."""
    job, name = work.job, work.worker
    log.info("job started", job=job.id, kind=job.kind)
    try:
        with work.beating():
            BODIES[job.kind](work)
    except UnavailableError as error:
        log.warning("job put off", job=job.id, kind=job.kind, reason=error.sentence)
        sentence, rest = error.sentence, _RESTS.get(job.kind, local.REST)
        return lambda db: local.put_off(db, job.id, name, clock.now(), sentence, rest)
    except (AppError, Refusal) as refusal:
        sentence = str(refusal)
        return lambda db: local.finish(db, job.id, name, clock.now(), sentence)
    except Exception as error:
        log.exception("job broke off", job=job.id, kind=job.kind)
        sentence = f"Something went wrong in the worker ({type(error).__name__}); its log says more."
        return lambda db: local.put_off(db, job.id, name, clock.now(), sentence)
    log.info("job left", job=job.id, kind=job.kind)
    if work.stopping.is_set():
        return lambda db: local.give_back(db, job.id, name)
    return lambda db: local.finish(db, job.id, name, clock.now())


def retain(parts: Parts) -> None:
    """Let go names, addresses and fingerprints as the settings say, and what has run out; no byte of it stays in the database's files.

    What an erasure left behind, because somebody kept reading or the process was killed, is cleared.
    """
    if parts.database.owes_scrub:
        emptied = privacy.clear_owed(parts.database, parts.artifacts)
        log.info("emptying the write-ahead log again", emptied=emptied)
    settings, now = parts.settings, clock.now()
    periods = retention.Periods(settings.keep_contacts_days, settings.keep_fingerprints_days)
    with parts.database.read() as db:
        if not retention.due(db, periods, now):
            return
    with parts.database.write() as db:
        gone = retention.apply(db, periods, settings.secret_key, now)
    if gone:
        log.info("kept no longer", rows=gone, emptied=parts.database.scrub())


def sweep_staging(parts: Parts, older_than: float = _UPLOAD_SECONDS) -> None:
    """Remove uploads that no waiting job needs, as originals may hold patients' data; one that was written to lately is still coming."""
    staging = parts.settings.staging_dir
    if not staging.is_dir():
        return
    with parts.database.read() as db:
        waiting = db.scalars(select(Job).where(Job.status.in_(("queued", "running"))))
        needed = {str(job.payload.get("staged")) for job in waiting}
    for folder in staging.iterdir():
        patience = older_than * (_DRAFTS_PATIENCE if drafts.is_draft(folder) else 1)
        if folder.name not in needed and time.time() - _written(folder) > patience:
            shutil.rmtree(folder, ignore_errors=True)


def _written(folder: Path) -> float:
    """When anything in a folder was last written to, in seconds since 1970; now where it is just being removed."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    except FileNotFoundError:
        return time.time()


__all__ = [
    "BODIES",
    "Parts",
    "Refusal",
    "Work",
    "release_dead",
    "run",
    "run_one",
    "run_until_idle",
    "sweep_staging",
]
