"""A data folder with a researcher, and a tiny generator to sample from."""

import os
import secrets
import subprocess
import sys
import time
from shutil import copyfile

import numpy as np
import pytest
import torch

from app import clock, schema, worker
from app.imaging import stimulus
from app.services import checkpoints, imageset_views, jobs, people, samples
from app.settings import load_settings
from models import checkpoint
from models.network import Generator, GeneratorConfig


@pytest.fixture
def parts(tmp_path):
    settings = load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "data")})
    parts = worker.Parts.build(settings, "cpu")
    schema.upgrade(parts.database)
    yield parts
    parts.database.close()


@pytest.fixture
def researcher(parts):
    with parts.database.write() as db:
        people.add(db, "a@example.org", "researcher", "a long enough password", clock.now())
        return people.by_email(db, "a@example.org")


@pytest.fixture(scope="session")
def generator_file(tmp_path_factory):
    torch.manual_seed(5)
    config = GeneratorConfig(
        resolution=16, channels=1, z_dim=16, w_dim=16, mapping_layers=2, channel_base=256, channel_max=16
    )
    path = tmp_path_factory.mktemp("generator") / "tiny.safetensors"
    checkpoint.save(Generator(config), path, {})
    return path


def stage(parts, files):
    """Put files where an upload would lie; returns the folder's name."""
    name = secrets.token_hex(16)
    folder = parts.settings.staging_dir / name
    folder.mkdir(parents=True)
    for place, file in enumerate(files, start=1):
        copyfile(file, folder / f"{place:06d}")
    return name


@pytest.fixture
def registered(parts, researcher, generator_file):
    """The tiny generator as a checkpoint that has been read."""
    staged = stage(parts, [generator_file])
    with parts.database.write() as db:
        found = checkpoints.register(db, researcher, name="tiny", staged=staged, now=clock.now())
    worker.run_until_idle(parts)
    return found


def start_sampling(parts, user, checkpoint_id, seeds="0-9", **changes):
    asked = {"name": "samples", "seeds": seeds, "psi": "1", "noise_mode": "const", "class_index": ""}
    with parts.database.write() as db:
        return samples.start_sampling(db, user, checkpoint_id, **{**asked, **changes}, now=clock.now())


def set_view(parts, user, set_id):
    with parts.database.read() as db:
        return imageset_views.view(db, user, set_id, clock.now())


def job_view(parts, user, job_id):
    with parts.database.read() as db:
        return jobs.view(db, user, job_id, clock.now())


def write_png(path, seed, size=16):
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)
    path.write_bytes(stimulus.encode(pixels))
    return path


def start_worker(parts, *options):
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(parts.settings.data_dir)}
    command = [sys.executable, "-m", "app.cli", "worker", "--device", "cpu", *options]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    started.append(process)
    return process


started: list[subprocess.Popen] = []


@pytest.fixture(autouse=True)
def _no_worker_outlives_its_test():
    yield
    while started:
        process = started.pop()
        process.kill()
        process.wait()


def wait_until(condition, seconds=100):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
