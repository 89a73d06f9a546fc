"""Each sampled image keeps what renders it again, and `verify --render` does so."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sqlalchemy import select

from app import worker
from app.imaging import stimulus
from app.services import imagesets
from app.tables.images import Image
from app.tables.origins import Origin
from models.errors import SamplingRefused
from models.rendering import Rendering, same_image
from tests.worker.conftest import start_sampling


def verify(parts, *arguments):
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(parts.settings.data_dir)}
    command = [sys.executable, "-m", "app.cli", "verify", "--render", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_an_image_keeps_what_renders_it_again(parts, researcher, registered):
    start_sampling(parts, researcher, registered, "7", psi="0.5", noise_mode="random")
    worker.run_until_idle(parts)
    with parts.database.read() as db:
        (stored,) = imagesets.sampled(db)
    told = Rendering.from_json(dict(stored.facts))
    assert (told.seed, told.psi, told.noise_mode, told.class_index) == (7, 0.5, "random", None)
    assert (told.dtype, told.device) == ("float32", "cpu")
    assert told.checkpoint_sha256 in stored.artifact
    assert told.version
    with pytest.raises(SamplingRefused, match="without what renders it"):
        Rendering.from_json({"seed": 7})


def test_stored_images_are_rendered_again(parts, researcher, registered):
    start_sampling(parts, researcher, registered, "0-39", psi="0.7")
    start_sampling(parts, researcher, registered, "3-5", noise_mode="random")
    worker.run_until_idle(parts)
    told = verify(parts)
    assert told.returncode == 0, told.stderr
    assert "32 of 43 sampled images were rendered again and are the same." in told.stdout


def test_an_image_that_is_not_its_seeds_is_found(parts, researcher, registered):
    start_sampling(parts, researcher, registered, "0-3")
    worker.run_until_idle(parts)
    other = parts.artifacts.put_content("images", stimulus.encode(np.zeros((16, 16), np.uint8)), ".png")
    with parts.database.write() as db:
        image_id = db.scalar(select(Origin.image_id).where(Origin.seed == 2))
        db.get_one(Image, image_id).sha256 = other
    told = verify(parts)
    assert told.returncode == 2
    assert told.stderr.strip().endswith("draws for seed 2.")


def test_one_grey_level_on_few_pixels_is_the_same_image():
    first = np.full((64, 64), 100, np.uint8)
    second = first.copy()
    second.flat[:4] += 1
    assert same_image(first, first)
    assert same_image(first, second)
    second.flat[:5] += 1
    assert not same_image(first, second)  # two levels
    third = first.copy()
    third.flat[:5] += 1
    assert not same_image(first, third)  # 5 of 4096 are more than 0.1 %
    assert not same_image(first, first[:32])


def test_half_precision_is_compared_by_the_mean():
    first = np.full((64, 64), 100, np.uint8)
    second = first + np.arange(4096).reshape(64, 64).astype(np.uint8) % 3  # 1 level on average
    assert not same_image(first, second)
    assert same_image(first, second, "float16")
    assert not same_image(first, first + 2, "float16")
    assert same_image(first, first + 2, "bfloat16")
    assert not same_image(first, first + 5, "bfloat16")
