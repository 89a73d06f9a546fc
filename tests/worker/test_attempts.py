"""What happens to a job whose attempt fails: bounded retries with the reason kept, nothing lost."""

import signal
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock, worker
from app.engines import local
from app.services import jobs
from app.tables.jobs import Job
from app.tables.origins import Origin
from tests.worker.conftest import set_view, stage, start_sampling, start_worker, wait_until, write_png
from tests.worker.test_importing import start_import


def rested(parts):
    """As if the rest before the next attempt were over."""
    with parts.database.write() as db:
        for job in db.scalars(select(Job).where(Job.status == "queued")):
            job.leased_until = None


def hidden(parts):
    """Take the artifacts' folder away and block its place, as a disk that cannot be written to would."""
    there = parts.settings.data_dir / "artifacts"
    there.rename(there.with_name("away"))
    there.write_text("no folder")


def back_again(parts):
    there = parts.settings.data_dir / "artifacts"
    there.unlink()
    there.with_name("away").rename(there)


def test_an_attempt_that_breaks_off_is_repeated_and_then_succeeds(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered, "0-9")
    hidden(parts)
    worker.run_until_idle(parts)
    job = set_view(parts, researcher, set_id).job
    assert job.status == "queued"
    assert "Something went wrong" in job.error
    back_again(parts)
    worker.run_until_idle(parts)
    assert set_view(parts, researcher, set_id).job.status == "queued"  # it rests first
    rested(parts)
    worker.run_until_idle(parts)
    view = set_view(parts, researcher, set_id)
    assert (view.job.status, view.job.error, view.count) == ("done", None, 10)


def test_attempts_are_bounded_and_the_reason_is_kept(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered, "0-9")
    hidden(parts)
    for _ in range(local.MOST_ATTEMPTS):
        assert set_view(parts, researcher, set_id).job.status == "queued"
        worker.run_until_idle(parts)
        rested(parts)
    job = set_view(parts, researcher, set_id).job
    assert job.status == "failed"
    assert "Something went wrong" in job.error
    assert job.error.endswith("tried 3 times.")


def test_an_upload_is_kept_until_its_last_attempt(parts, researcher, tmp_path):
    staged = stage(parts, [write_png(tmp_path / "a.png", 1)])
    set_id = start_import(parts, researcher, staged)
    blocked = parts.settings.data_dir / "artifacts"
    blocked.write_text("not a folder")
    worker.run_until_idle(parts)
    assert set_view(parts, researcher, set_id).job.status == "queued"
    assert (parts.settings.staging_dir / staged).exists()
    blocked.unlink()
    rested(parts)
    worker.run_until_idle(parts)
    assert set_view(parts, researcher, set_id).count == 1
    assert not (parts.settings.staging_dir / staged).exists()


@pytest.fixture
def queued(parts, researcher):
    with parts.database.write() as db:
        return jobs.enqueue(db, researcher.id, "sample", {}, clock.now())


def claim(parts, name, now):
    with parts.database.write() as db:
        return local.claim(db, name, now)


def test_a_lease_that_ran_out_is_taken_over_and_the_first_holder_can_end_nothing(parts, researcher, queued):
    now = clock.now()
    assert claim(parts, "a:1:1", now).id == queued
    assert claim(parts, "b:1:1", now) is None
    later = now + 2 * local.LEASE
    assert claim(parts, "b:1:1", later).id == queued
    with parts.database.write() as db:
        assert not local.heartbeat(db, queued, "a:1:1", later)
        local.finish(db, queued, "a:1:1", later)
        local.put_off(db, queued, "a:1:1", later, "Never.")
        local.give_back(db, queued, "a:1:1")
    with parts.database.read() as db:
        job = db.get_one(Job, queued)
        assert (job.status, job.worker, job.error) == ("running", "b:1:1", None)


def test_a_job_whose_worker_dies_each_time_fails_in_the_end(parts, queued):
    now = clock.now()
    for attempt in range(local.MOST_ATTEMPTS):
        assert claim(parts, f"a:{attempt}:1", now).id == queued
        now += 2 * local.LEASE
    assert claim(parts, "a:9:1", now) is None
    with parts.database.read() as db:
        job = db.get_one(Job, queued)
        assert (job.status, job.error) == ("failed", "The worker died 3 times while doing this.")


def test_progress_gives_new_attempts(parts, queued):
    now = clock.now()
    for attempt in range(2 * local.MOST_ATTEMPTS):
        assert claim(parts, f"a:{attempt}:1", now).id == queued
        with parts.database.write() as db:
            assert local.heartbeat(db, queued, f"a:{attempt}:1", now, done=attempt + 1, total=99)
        now += 2 * local.LEASE


def test_a_job_that_begins_anew_and_breaks_at_the_same_place_fails_in_the_end(parts, queued):
    now = clock.now()
    for attempt in range(local.MOST_ATTEMPTS):
        assert claim(parts, f"a:{attempt}:1", now).id == queued
        with parts.database.write() as db:
            for done in (0, 10, 20):
                assert local.heartbeat(db, queued, f"a:{attempt}:1", now, done=done, total=99)
            local.put_off(db, queued, f"a:{attempt}:1", now, "The disk is full.")
        now += local.LEASE
    with parts.database.read() as db:
        job = db.get_one(Job, queued)
        assert (job.status, job.error) == ("failed", "The disk is full. It was tried 3 times.")


def test_a_cancelled_job_is_not_tried_again(parts, researcher, queued):
    now = clock.now()
    claim(parts, "a:1:1", now)
    with parts.database.write() as db:
        jobs.cancel(db, researcher, queued, now)
        local.put_off(db, queued, "a:1:1", now, "It broke.")
    assert claim(parts, "a:1:1", now + timedelta(days=1)) is None
    with parts.database.read() as db:
        assert db.get_one(Job, queued).status == "cancelled"


def test_two_jobs_at_a_time_share_a_process(parts, researcher, registered):
    """Two sampling jobs of one worker with two hands: both move before either ends, and each seed is there once."""
    sets = [start_sampling(parts, researcher, registered, "0-1999", name=f"set {n}") for n in range(2)]
    process = start_worker(parts, "--concurrency", "2")

    def counts():
        return [set_view(parts, researcher, set_id).count for set_id in sets]

    wait_until(lambda: all(0 < count < 2000 for count in counts()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    with parts.database.read() as db:
        for set_id in sets:
            seeds = list(db.scalars(select(Origin.seed).where(Origin.image_set_id == set_id)))
            assert len(seeds) == len(set(seeds)) < 2000
        assert {job.status for job in db.scalars(select(Job).where(Job.kind == "sample"))} == {"queued"}


def test_the_estimate_leaves_out_the_time_in_which_nobody_worked(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered, "0-99")
    job_id = set_view(parts, researcher, set_id).job.id
    begun = clock.now()
    for later, done in ((timedelta(), 20), (timedelta(hours=1), 30)):
        with parts.database.write() as db:
            local.claim(db, "host:1:1", begun + later)
            local.heartbeat(db, job_id, "host:1:1", begun + later + timedelta(seconds=10), done, 100)
    with parts.database.read() as db:
        view = jobs.view(db, researcher, job_id, begun + timedelta(hours=1, seconds=10))
    assert view.seconds_left == pytest.approx(70)
