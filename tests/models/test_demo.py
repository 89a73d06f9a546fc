"""The demonstration's files: what is committed is what the build makes, and nothing shown was trained on."""

import re
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from models.checkpoint import load
from models.sample import Settings, sample

DEMO = Path(__file__).parents[2] / "demo"
BLOCKS = ((-29, -23), (0, 6), (27, 33), (54, 60))


def height(path: Path) -> float:
    return float(re.fullmatch(r"ch2(?:better)?_z([+-]\d{3}\.\d)", path.stem)[1])


def build(*arguments: str | Path) -> str:
    argv = [sys.executable, DEMO / "build.py", *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True, cwd=DEMO.parent).stdout


def volume(path: Path, step: float, low: float) -> None:
    """A head that is bright on the patient's right and in front, as wide at every height, and taller than it is used."""
    shape = (round(150 / step), round(180 / step), round(170 / step))
    x, y = np.mgrid[: shape[0], : shape[1]]
    plane = 40 + 60 * (x > shape[0] / 2) + 40 * (y > shape[1] / 2)
    voxels = np.repeat(plane[:, :, None], shape[2], axis=2).astype(np.uint8)
    affine = np.diag([step, step, step, 1.0])
    affine[2, 3] = low
    nibabel.Nifti1Image(voxels, affine).to_filename(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    volume(folder / "ch2.nii.gz", 2.0, -71.0)
    volume(folder / "ch2better.nii.gz", 2.0, -69.0)
    build("slices", "--volumes", folder, "--training", folder / "training", "--held-out", folder / "held-out")
    return folder


def test_the_committed_slices_are_64_pixels_grey_and_come_from_the_blocks_alone():
    slices = sorted((DEMO / "slices").glob("*.png"))
    assert len(slices) == 72
    for path in slices:
        assert any(low <= height(path) < high for low, high in BLOCKS)
        with Image.open(path) as image:
            assert (image.size, image.mode) == ((64, 64), "L")
            assert np.asarray(image).mean() > 20  # something is to be seen
    assert len({path.read_bytes() for path in slices}) == 72


def test_no_slice_for_training_lies_in_a_block_or_within_its_margin(made):
    held_out = [height(path) for path in (made / "held-out").glob("*.png")]
    training = [height(path) for path in (made / "training").glob("*.png")]
    assert len(held_out) > 20
    assert len(training) > 60
    assert all(any(low <= z < high for low, high in BLOCKS) for z in held_out)
    assert not any(low - 2 <= z < high + 2 for z in training for low, high in BLOCKS)


def test_a_slice_shows_the_patients_right_on_the_left_and_the_nose_up(made):
    with Image.open(next((made / "training").glob("ch2_*.png"))) as image:
        grey = np.asarray(image).astype(int)
    top, bottom = grey[10:28].mean(axis=0), grey[36:54].mean(axis=0)
    assert top[12:28].mean() > top[36:50].mean() + 60
    assert top[12:28].mean() > bottom[12:28].mean() + 40
    assert grey[:, :4].max() < 5  # padded to a square at the sides


def test_the_bundled_generator_gives_images_of_the_slices_kind():
    generator = load(DEMO / "generator.safetensors")
    images = np.stack([image for _, image in sample(generator, range(16), Settings())])
    assert images.shape == (16, 64, 64)
    corners = np.concatenate([images[:, :4, :4], images[:, -4:, -4:]], axis=1)
    assert np.median(corners) < 16  # air
    assert images[:, 24:40, 24:40].mean() > 60  # brain
    assert images.std(axis=0).mean() > 10  # not one image again and again


def test_taking_copies_the_newest_snapshot(tmp_path):
    for kimg in (20, 100):
        (tmp_path / f"network-snapshot-{kimg:06d}.safetensors").write_bytes(b"%d" % kimg)
    target = tmp_path / "generator.safetensors"
    build("take", "--outdir", tmp_path, "--target", target)
    assert target.read_bytes() == b"100"


def test_the_bundle_is_small_and_carries_its_terms():
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 12e6
    notice = (DEMO / "NOTICE").read_text()
    assert "Louis Collins" in notice
    assert "Holmes" in notice
