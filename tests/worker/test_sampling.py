"""Sampling jobs: each seed once, also when the worker is killed, cancelled or stopped."""

import signal

import numpy as np
import pytest
from sqlalchemy import select

from app import clock, worker
from app.errors import InvalidError
from app.imaging import stimulus
from app.services import checkpoints, imageset_views, jobs, pictures, samples
from app.tables.origins import Origin
from models import checkpoint, sample
from tests.worker.conftest import job_view, set_view, stage, start_sampling, start_worker, wait_until


def seeds_of(parts, set_id):
    with parts.database.read() as db:
        return sorted(db.scalars(select(Origin.seed).where(Origin.image_set_id == set_id)))


def test_it_works(parts, researcher, registered, generator_file):
    set_id = start_sampling(parts, researcher, registered, "3-5, 9")
    worker.run_until_idle(parts)
    view = set_view(parts, researcher, set_id)
    assert (view.count, view.shapes, view.mixed) == (4, "16 × 16 grey", False)
    assert view.job.status == "done"
    assert (view.job.done, view.job.total) == (4, 4)
    assert seeds_of(parts, set_id) == [3, 4, 5, 9]
    alone = dict(sample.sample(checkpoint.load(generator_file, "cpu"), [5], sample.Settings()))[5]
    with parts.database.read() as db:
        stored = [
            stimulus.decode(imageset_views.image_bytes(db, parts.artifacts, researcher, set_id, image_id))
            for image_id in view.image_ids
        ]
    assert np.abs(stored[2].astype(int) - alone.astype(int)).max() <= 1


def test_a_job_that_runs_again_makes_nothing_twice(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered, "0-9")
    worker.run_until_idle(parts)
    with parts.database.write() as db:
        jobs.enqueue(
            db, researcher.id, samples.SAMPLE_JOB, {"image_set_id": set_id, "count": 10}, clock.now()
        )
    worker.run_until_idle(parts)
    assert seeds_of(parts, set_id) == list(range(10))


@pytest.mark.timeout(120)
def test_a_cancelled_job_stops_and_keeps_what_is_made(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered, "0-20000")
    job_id = set_view(parts, researcher, set_id).job.id
    process = start_worker(parts)
    wait_until(lambda: len(seeds_of(parts, set_id)) > 0)
    with parts.database.write() as db:
        jobs.cancel(db, researcher, job_id, clock.now())
    wait_until(lambda: job_view(parts, researcher, job_id).status == "cancelled")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert 0 < len(seeds_of(parts, set_id)) < 20001


def test_a_queued_job_is_cancelled_at_once(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered)
    job_id = set_view(parts, researcher, set_id).job.id
    with parts.database.write() as db:
        jobs.cancel(db, researcher, job_id, clock.now())
    worker.run_until_idle(parts)
    assert job_view(parts, researcher, job_id).status == "cancelled"
    assert seeds_of(parts, set_id) == []


@pytest.mark.timeout(240)
def test_a_killed_worker_resumes_without_a_doubled_or_missing_image(parts, researcher, registered):
    """Real worker processes, killed with SIGKILL while they work."""
    count = 400
    set_id = start_sampling(parts, researcher, registered, f"0-{count - 1}")
    kills, seen = 0, 0
    while kills < 2:
        process = start_worker(parts)
        wait_until(lambda seen=seen: len(seeds_of(parts, set_id)) > seen)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills, seen = kills + 1, len(seeds_of(parts, set_id))
    assert seen < count
    process = start_worker(parts)
    wait_until(lambda: set_view(parts, researcher, set_id).job.status == "done")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert seeds_of(parts, set_id) == list(range(count))


@pytest.mark.timeout(120)
def test_a_stopped_worker_gives_its_job_back(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered, "0-20000")
    process = start_worker(parts)
    wait_until(lambda: len(seeds_of(parts, set_id)) > 0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    job = set_view(parts, researcher, set_id).job
    assert job.status == "queued"
    assert job.done == pytest.approx(len(seeds_of(parts, set_id)), abs=500)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"psi": "strong"}, "number"),
        ({"psi": "nan"}, "number"),
        ({"psi": "7"}, "number"),
        ({"seeds": "a-b"}, "Seeds are"),
        ({"seeds": ""}, "Seeds are"),
        ({"seeds": "9-3"}, "empty"),
        ({"seeds": "0-99999999"}, "At most"),
        ({"seeds": "4294967296"}, "beyond"),
        ({"noise_mode": "pink"}, "noise mode"),
        ({"class_index": "1"}, "no classes"),
        ({"name": "  "}, "name"),
    ],
)
def test_what_cannot_be_sampled_gets_a_sentence(parts, researcher, registered, changes, word):
    with pytest.raises(InvalidError, match=word):
        start_sampling(parts, researcher, registered, **changes)


def test_a_file_that_is_no_checkpoint_fails_with_a_sentence(parts, researcher, tmp_path):
    (tmp_path / "notes.txt").write_text("no generator at all")
    staged = stage(parts, [tmp_path / "notes.txt"])
    with parts.database.write() as db:
        checkpoint_id = checkpoints.register(db, researcher, name="notes", staged=staged, now=clock.now())
    worker.run_until_idle(parts)
    with parts.database.read() as db:
        view = checkpoints.view(db, researcher, checkpoint_id, clock.now())
    assert view.job.status == "failed"
    assert view.job.error.endswith(".")
    assert not view.ready
    assert not (parts.settings.staging_dir / staged).exists()


def test_a_checkpoint_has_facts_and_pictures(parts, researcher, registered):
    with parts.database.read() as db:
        view = checkpoints.view(db, researcher, registered, clock.now())
        drawn = {
            kind: stimulus.decode(pictures.png(db, parts.artifacts, researcher, registered, kind, ""))
            for kind in ("grid", "truncation", "interpolation")
        }
    facts = dict(view.facts)
    assert facts["Resolution"] == "16 × 16 px"
    assert facts["Channels"] == "1"
    assert len(facts["SHA-256 of the file"]) == 64
    assert {kind: picture.shape for kind, picture in drawn.items()} == {
        "grid": (64, 64),
        "truncation": (64, 96),
        "interpolation": (16, 144),
    }
    tiles = drawn["truncation"].reshape(4, 16, 6, 16).swapaxes(1, 2)
    assert all(np.array_equal(row[0], tiles[0, 0]) for row in tiles)  # psi 0 is one image whatever the seed
    assert np.array_equal(tiles[1, 5], drawn["grid"][:16, 16:32])  # psi 1 is the seed's own image
    strip = drawn["interpolation"].reshape(16, 9, 16).swapaxes(0, 1)
    assert [
        np.abs(strip[at].astype(int) - tiles[seed, 5]).max() <= 1 for seed, at in enumerate((0, 4, 8))
    ] == [True] * 3
