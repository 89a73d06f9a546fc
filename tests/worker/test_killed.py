"""The worker is killed at each step of a sampling job: in the end every image is there, none twice, none broken."""

import os
import random
import subprocess
import sys

import pytest
from sqlalchemy import select

from app.engines import local
from app.imaging import stimulus
from app.services import imagesets
from app.tables.origins import Origin
from tests.worker.conftest import set_view, start_sampling

SOAK = bool(os.environ.get("SOAK_TESTS"))
KILLS = 200 if SOAK else 4
IMAGES = 20


def live(parts, last_step=0):
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(parts.settings.data_dir), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.worker.mortal", str(last_step)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def check(parts, user, set_id):
    """What must hold at any moment: each stored image once, and whole."""
    with parts.database.read() as db:
        seeds = list(db.scalars(select(Origin.seed).where(Origin.image_set_id == set_id)))
        assert len(seeds) == len(set(seeds))
        for digest in imagesets.digests(db, set_id):
            assert stimulus.decode(parts.artifacts.get_content("images", digest, ".png")).shape == (16, 16)
    return sorted(seeds)


@pytest.mark.timeout(3600 if SOAK else 300)
def test_exactly_the_asked_images_whatever_the_step(parts, researcher, registered):
    set_id = start_sampling(parts, researcher, registered, f"0-{IMAGES - 1}")
    whole = live(parts)
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout.split()[-1])
    assert steps > IMAGES  # at least a file each
    rng, kills = random.Random(20261124), 0
    while kills < KILLS:
        set_id = start_sampling(parts, researcher, registered, f"0-{IMAGES - 1}")
        for _ in range(local.MOST_ATTEMPTS - 1):
            died = live(parts, rng.randint(1, steps))
            kills += died.returncode == -9
            check(parts, researcher, set_id)
        assert live(parts).returncode == 0
        assert check(parts, researcher, set_id) == list(range(IMAGES))
        assert set_view(parts, researcher, set_id).job.status == "done"
