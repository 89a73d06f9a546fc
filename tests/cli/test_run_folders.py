"""`checkpoint import RUN_DIR`: a run's folder becomes an experiment with its course, and snapshots become checkpoints, once."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from sqlalchemy import select

from app import clock, schema, worker
from app.runs import facts, kept
from app.services import audit, experiments, people
from app.settings import load_settings
from app.tables.audit import AuditEvent
from app.tables.checkpoints import Checkpoint, Experiment
from models import checkpoint
from models.data import read_folder
from models.network import Generator, GeneratorConfig
from models.train import TrainConfig, train
from tests.cli.test_experiments import written
from tests.runs.test_directory import tick

CONFIG = GeneratorConfig(
    resolution=16, channels=1, z_dim=16, w_dim=16, mapping_layers=2, channel_base=256, channel_max=16
)


@pytest.fixture
def parts(tmp_path):
    made = worker.Parts.build(load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "data")}), "cpu")
    schema.upgrade(made.database)
    with made.database.write() as db:
        people.add(db, "a@example.org", "admin", "a long enough password", clock.now())
    yield made
    made.database.close()


@pytest.fixture
def run(tmp_path):
    """A run of 400 kimg with three measured snapshots, of which the second is best."""
    folder = written(tmp_path / "00003-brain", [(100, 40.0), (200, 12.5), (400, 20.0)], gaps=[0.5] * 101)
    for kimg in (100, 200, 400):
        snapshot(folder, kimg)
    return folder


def snapshot(folder, kimg, name=""):
    torch.manual_seed(kimg)
    path = folder / (name or f"network-snapshot-{kimg:06d}.safetensors")
    checkpoint.save(Generator(CONFIG), path, {"kimg": kimg})
    return path


def stored(parts):
    with parts.database.read() as db:
        return (
            list(db.scalars(select(Experiment).order_by(Experiment.name))),
            list(db.scalars(select(Checkpoint).order_by(Checkpoint.name))),
        )


def describe(parts, **texts):
    with parts.database.write() as db:
        found = db.scalars(select(Experiment)).one()
        user = people.by_email(db, "a@example.org")
        experiments.change_facts(db, user, found.id, texts, parts.settings.secret_key, clock.now())


def test_it_works(parts, run, blindread):
    told = blindread("checkpoint", "import", run)
    assert told.code == 0, told.err
    assert "00003-brain: fid50k_full 12.50 at 200 kimg" in told.out
    assert "Registered network-snapshot-000200.safetensors as “00003-brain, 200 kimg”" in told.out
    (experiment,), (found,) = stored(parts)
    assert (experiment.name, experiment.run["options"]["gamma"]) == ("00003-brain", 10.0)
    assert (experiment.run["judged"], experiment.run["diverges_at"]) == (True, None)
    course = kept.read(parts.artifacts.get(experiment.course))
    assert (len(course.ticks), course.ticks[-1].kimg) == (101, 400)
    assert (found.experiment_id, found.snapshot) == (experiment.id, "network-snapshot-000200.safetensors")
    assert found.facts["kimg"] == 200
    assert found.artifact is not None
    assert {one["name"] for one in experiment.run["figures"]} == {"losses.svg", "fid50k_full.svg"}
    with parts.database.read() as db:
        actions = list(db.scalars(select(AuditEvent.action)))
        assert audit.first_break(db, parts.settings.secret_key) is None
    assert actions == ["experiment read", "checkpoint imported"]


def test_the_same_weights_under_two_names_stay_where_they_were(parts, run, blindread):
    copy = run / "network-snapshot-000300.safetensors"
    copy.write_bytes((run / "network-snapshot-000200.safetensors").read_bytes())
    assert blindread("checkpoint", "import", run, "--snapshot", "all").code == 0
    with parts.database.read() as db:
        kept = list(db.scalars(select(Checkpoint.snapshot).order_by(Checkpoint.snapshot)))
    assert kept == [f"network-snapshot-000{kimg}.safetensors" for kimg in (100, 200, 400)]


def test_the_same_again_doubles_nothing(parts, run, blindread):
    assert blindread("checkpoint", "import", run).code == 0
    first = stored(parts)
    again = blindread("checkpoint", "import", run, "--snapshot", "all")
    assert again.code == 0
    assert "network-snapshot-000200.safetensors is there already" in again.out
    assert again.out.count("Registered network-snapshot") == 2
    assert blindread("checkpoint", "import", run, "--snapshot", "all").out.count("is there already") == 3
    then = stored(parts)
    assert [one.id for one in then[0]] == [one.id for one in first[0]]
    assert len(then[1]) == 3
    with parts.database.read() as db:
        assert list(db.scalars(select(AuditEvent.action))).count("experiment read") == 1
    assert list(parts.settings.staging_dir.iterdir()) == []


def test_a_run_that_went_on_is_brought_up_to_date(parts, run, blindread):
    blindread("checkpoint", "import", run, "--snapshot", "last")
    with (run / "stats.jsonl").open("a") as file:
        file.write("\n" + "\n".join(tick(kimg) for kimg in range(396, 600, 4)) + "\n" + tick(600)[:50])
    (run / "metric-kid50k_full.jsonl").write_text('{"results": {"kid50k_full": NaN}}\n{"half')
    assert blindread("checkpoint", "import", run, "--snapshot", "last").code == 0
    (experiment,), checkpoints = stored(parts)
    assert (experiment.run["last_kimg"], len(checkpoints)) == (596, 1)
    assert list(experiment.run["scores"]) == ["fid50k_full"]


def test_what_was_typed_stays_and_what_differs_is_said(parts, run, blindread):
    blindread("checkpoint", "import", run, "--experiment", "ADA", "--snapshot", "last")
    describe(parts, images="900", patients="12", notes="of Dr Miller", gamma="10")
    told = blindread("checkpoint", "import", run, "--experiment", "ADA", "--snapshot", "last")
    assert "Images: the folder says 12345; 900, as it was typed, stays." in told.out
    assert "gamma" not in told.out
    (experiment,), _ = stored(parts)
    assert experiment.facts == {"images": 900, "patients": 12, "notes": "of Dr Miller", "gamma": 10.0}
    with parts.database.read() as db:
        (event,) = audit.events(db, "experiment described", f"experiment:{experiment.id}")
    assert event.details["changes"]["images"] == {"old": None, "new": 900}
    assert "Miller" not in json.dumps(event.details)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--snapshot", "best", "--budget", "150"], ["00003-brain, 100 kimg"]),
        (["--snapshot", "last", "--budget", "300"], ["00003-brain, 200 kimg"]),
        (["--snapshot", "all", "--budget", "300"], ["00003-brain, 100 kimg", "00003-brain, 200 kimg"]),
        (["--snapshot", "400"], ["00003-brain, 400 kimg"]),
        (["--snapshot", "best", "--budget", "1"], []),
    ],
)
def test_which_snapshots_become_checkpoints(parts, run, blindread, options, names):
    assert blindread("checkpoint", "import", run, *options).code == 0
    assert [one.name for one in stored(parts)[1]] == names


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--snapshot", "300"], "There is no snapshot at 300 kimg; those in the folder: 100, 200, 400."),
        (["--snapshot", "newest"], "--snapshot is best, last, all or a number of kimg, not “newest”."),
        (["--snapshot", "3e2"], "A budget is a number of kimg"),
        (["--experiment", "x" * 121], "This name has 121 characters"),
    ],
)
def test_what_cannot_be_chosen_is_said_and_nothing_is_kept(parts, run, blindread, options, sentence):
    told = blindread("checkpoint", "import", run, *options)
    assert (told.code, sentence in told.err) == (2, True), told.err
    assert stored(parts) == ([], [])


def test_a_best_snapshot_that_is_gone_and_a_run_without_measures(parts, run, blindread):
    (run / "network-snapshot-000200.safetensors").unlink()
    told = blindread("checkpoint", "import", run)
    assert told.code == 0
    assert "network-snapshot-000200.pkl (fid50k_full 12.5), is not in the folder" in told.out
    (run / "metric-fid50k_full.jsonl").unlink()
    (run / "training_options.json").unlink()
    told = blindread("checkpoint", "import", run)
    assert "No snapshot was measured within the budget" in told.out
    assert "missing training_options.json" in told.out
    assert stored(parts)[1] == []


def test_published_weights_tell_kimg_and_fid_by_their_names(parts, tmp_path, blindread):
    folder = tmp_path / "published"
    folder.mkdir()
    snapshot(folder, 10_000, "stylegan-ADA-10000-7.15.safetensors")
    snapshot(folder, 25_000, "stylegan-ADA-25000-5.06.safetensors")
    assert blindread("checkpoint", "import", folder, "--budget", "10000").code == 0
    (experiment,), (found,) = stored(parts)
    assert found.snapshot == "stylegan-ADA-10000-7.15.safetensors"
    assert [one["value"] for one in experiment.run["scores"]["FID of the file names"]] == [7.15, 5.06]


def test_a_snapshot_that_is_no_checkpoint_is_refused_and_can_be_tried_again(parts, run, blindread):
    good = (run / "network-snapshot-000200.safetensors").read_bytes()
    (run / "network-snapshot-000200.safetensors").write_bytes(b"no weights")
    told = blindread("checkpoint", "import", run)
    assert told.code == 2
    assert "Traceback" not in told.err
    (run / "network-snapshot-000200.safetensors").write_bytes(good)
    assert blindread("checkpoint", "import", run).code == 0
    assert [one.artifact is not None for one in stored(parts)[1]].count(True) == 1


def test_one_file_is_one_checkpoint_of_its_owner(parts, run, tmp_path, blindread):
    blindread("checkpoint", "import", run / "network-snapshot-000200.safetensors", "--name", "Alone")
    told = blindread("checkpoint", "import", run)
    assert "is there already: “Alone”" in told.out
    (experiment,), (found,) = stored(parts)
    assert found.experiment_id == experiment.id
    copy = shutil.copytree(run, tmp_path / "a copy")
    told = blindread("checkpoint", "import", copy)
    assert "is a checkpoint of the experiment “00003-brain” already" in told.out
    assert len(stored(parts)[1]) == 1


def test_a_folder_that_is_no_run_s_is_refused(parts, tmp_path, blindread):
    (tmp_path / "empty").mkdir()
    told = blindread("checkpoint", "import", tmp_path / "empty")
    assert (told.code, "is no folder of a training run" in told.err) == (2, True)
    assert stored(parts) == ([], [])


def test_a_run_of_our_own_trainer(parts, tmp_path, blindread):
    data, out = tmp_path / "slices", tmp_path / "run"
    data.mkdir()
    for i in range(16):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16), dtype=np.uint8)
        Image.fromarray(pixels).save(data / f"{i}.png")
    settings = TrainConfig(
        kimg=0.064,
        batch=4,
        channels=4,
        channels_max=4,
        discriminator_channels=4,
        discriminator_channels_max=4,
    )
    train(replace(settings, tick_kimg=0.016, snapshot_ticks=2), read_folder(data), out)
    told = blindread("checkpoint", "import", out, "--snapshot", "last", "--experiment", "Own")
    assert told.code == 0, told.err
    (experiment,), (found,) = stored(parts)
    assert found.artifact is not None
    assert experiment.run["options"]["resolution"] == 16
    assert experiment.run["ticks"] == 4
    assert facts.table(experiments.run_of(experiment).options, {})[0].value == "16"
