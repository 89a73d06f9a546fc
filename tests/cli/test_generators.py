"""`sample`, `checkpoint inspect` and `train` as a user calls them."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import checkpoint
from tests.models.attacks import ARMED
from tests.models.snapshots import SECRET, TINY, generator, snapshot

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / ".." / "shared" / "reference" / "stylegan2"


@pytest.fixture
def pkl(tmp_path):
    path = tmp_path / "network-snapshot-000200.pkl"
    path.write_bytes(snapshot())
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_it_works(blindread, pkl, tmp_path):
    told = blindread("sample", pkl, "--seeds", "0-3,85", "--outdir", tmp_path / "out")
    assert told.code == 0, told.err
    assert list(contents(tmp_path / "out")) == [f"seed{seed:04d}.png" for seed in (0, 1, 2, 3, 85)]
    with Image.open(tmp_path / "out" / "seed0085.png") as image:
        assert (image.mode, image.size, image.format) == ("L", (16, 16), "PNG")


def test_colour_and_classes(blindread, tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot(generator(replace(TINY, c_dim=3, channels=3))))
    for index in (0, 2):
        folder = tmp_path / str(index)
        told = blindread("sample", tmp_path / "a.pkl", "--seeds", "7", "--class", index, "--outdir", folder)
        assert told.code == 0, told.err
        with Image.open(folder / "seed0007.png") as image:
            assert image.mode == "RGB"
    assert contents(tmp_path / "0") != contents(tmp_path / "2")


def test_sampling_again_writes_the_same_files(blindread, pkl, tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    blindread("sample", pkl, "--seeds", "0-4", "--noise-mode", "random", "--outdir", first)
    before = contents(first)
    blindread("sample", pkl, "--seeds", "0-4", "--noise-mode", "random", "--outdir", first)
    blindread("sample", pkl, "--seeds", "3", "--noise-mode", "random", "--outdir", again)
    assert contents(first) == before
    with Image.open(first / "seed0003.png") as one, Image.open(again / "seed0003.png") as other:
        assert np.abs(np.asarray(one).astype(int) - np.asarray(other)).max() <= 1


def test_the_import_is_kept_by_its_sha256_and_names_no_path(blindread, pkl, tmp_path):
    blindread("sample", pkl, "--seeds", "0", "--outdir", tmp_path / "out")
    [kept] = (tmp_path / "data" / "imported").iterdir()
    assert kept.name.startswith(checkpoint.sha256(pkl))
    assert SECRET.encode() not in kept.read_bytes()
    before = kept.stat().st_mtime_ns
    assert blindread("sample", pkl, "--seeds", "1", "--outdir", tmp_path / "out").code == 0
    assert kept.stat().st_mtime_ns == before


def test_without_a_data_folder_nothing_is_left_behind(blindread, pkl, tmp_path, monkeypatch):
    monkeypatch.delenv("BLINDREAD_DATA_DIR")
    monkeypatch.chdir(tmp_path)
    assert blindread("sample", pkl, "--seeds", "0", "--outdir", "out").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [pkl.name, "out"]


def test_our_own_format_gives_the_same_images(blindread, pkl, tmp_path):
    checkpoint.import_file(pkl, tmp_path / "a.safetensors")
    blindread("sample", pkl, "--seeds", "0-2", "--trunc", "0.7", "--outdir", tmp_path / "one")
    blindread(
        "sample", tmp_path / "a.safetensors", "--seeds", "0-2", "--trunc", "0.7", "--outdir", tmp_path / "two"
    )
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference networks are not beside this checkout")
def test_the_references_images_come_out(blindread, tmp_path):
    told = blindread(
        "sample", REFERENCE / "ada-64-gray.pkl", "--seeds", "0-2,85", "--trunc", "0.7", "--outdir", tmp_path
    )
    assert told.code == 0, told.err
    for seed in (0, 1, 2, 85):
        with Image.open(tmp_path / f"seed{seed:04d}.png") as ours:
            here = np.asarray(ours).astype(int)
        with Image.open(REFERENCE / f"ada-64-gray_psi0.7_seed{seed}.png") as theirs:
            apart = np.abs(np.asarray(theirs) - here)
        assert apart.max() <= 1
        assert (apart > 0).mean() <= 0.001


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seeds", "3-1"], "range"),
        (["--seeds", "x"], "Seeds are whole numbers"),
        (["--seeds", "0", "--trunc", "half"], "number"),
        (["--seeds", "0", "--trunc", "nan"], "psi must be a number"),
        (["--seeds", "0", "--noise-mode", "loud"], "const, none or random"),
        (["--seeds", "0", "--class", "1"], "no classes"),
        (["--seeds", "0", "--device", "gpu"], "cpu, cuda, cuda:N or auto"),
        ([], "--seeds"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(blindread, pkl, tmp_path, options, words):
    told = blindread("sample", pkl, *options, "--outdir", tmp_path / "out")
    assert (told.code, told.out) == (2, "")
    assert words in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "command", [["sample", "FILE", "--seeds", "0", "--outdir", "OUT"], ["checkpoint", "inspect", "FILE"]]
)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ARMED["global-os-system"], "os.system"),
        (b"text that calls itself a checkpoint", "neither a pickle nor safetensors"),
        (b"", "empty"),
        (snapshot()[:5000], "ends too early"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(blindread, tmp_path, monkeypatch, command, content, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_bytes(content)
    told = blindread(*command)
    assert (told.code, told.out) == (2, "")
    assert words in told.err
    assert told.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) in (["FILE"], ["FILE", "data"])


def test_a_missing_file_is_refused_in_a_sentence(blindread, tmp_path):
    for command in (
        ["checkpoint", "inspect", tmp_path / "no.pkl"],
        ["sample", tmp_path, "--seeds", "0", "--outdir", "x"],
    ):
        told = blindread(*command)
        assert told.code == 2
        assert told.err.endswith("is no file.\n")


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(blindread, pkl):
    told = blindread("sample", pkl, "--seeds", "0", "--outdir", pkl / "below")
    assert (told.code, told.err.count("\n")) == (2, 1)


def test_inspect_as_table_and_as_json(blindread, pkl):
    told = blindread("checkpoint", "inspect", pkl, "--json")
    assert told.code == 0
    facts = json.loads(told.out)
    assert facts["source_sha256"] == checkpoint.sha256(pkl)
    assert (facts["resolution"], facts["kimg"]) == (16, 200)
    table = blindread("checkpoint", "inspect", pkl)
    assert table.code == 0
    assert "stylegan2-ada-pytorch" in table.out
    folded = "".join(re.findall(r"[0-9a-f]{8,}", table.out))
    assert facts["source_sha256"] in folded
    assert "None" not in table.out
    assert "secret" not in table.out + told.out


def test_training_can_be_interrupted_and_gives_a_checkpoint(blindread, tmp_path):
    (tmp_path / "data").mkdir()
    draw = np.random.default_rng(1)
    for number in range(16):
        Image.fromarray(draw.integers(0, 256, (16, 16), np.uint8)).save(tmp_path / "data" / f"{number}.png")
    options = [
        "--data",
        tmp_path / "data",
        "--outdir",
        tmp_path / "run",
        "--batch",
        4,
        "--channels",
        4,
        "--channels-max",
        4,
    ]
    for kimg in ("0.008", "0.016"):
        told = blindread("train", *options, "--kimg", kimg)
        assert told.code == 0, told.err
    newest = Path(told.out.strip())
    assert checkpoint.load(newest).config.resolution == 16
    assert blindread("sample", newest, "--seeds", "0", "--outdir", tmp_path / "out").code == 0


def test_training_on_nothing_is_refused_in_a_sentence(blindread, tmp_path):
    told = blindread("train", "--data", tmp_path, "--outdir", tmp_path / "run")
    assert told.code == 2
    assert "at least 16" in told.err
    assert blindread("train", "--data", tmp_path, "--outdir", tmp_path / "run", "--augment", "all").code == 2


def test_help_does_not_wait_for_torch():
    code = "import sys\nsys.argv = ['blindread', '--help']\nfrom app.cli import main\ntry: main()\nfinally: assert 'torch' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "sample" in done.stdout


def test_an_import_of_another_file_of_the_same_name_is_not_mixed_up(blindread, pkl, tmp_path):
    blindread("sample", pkl, "--seeds", "0", "--outdir", tmp_path / "one")
    pkl.write_bytes(snapshot(generator(seed=9)))
    blindread("sample", pkl, "--seeds", "0", "--outdir", tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "two")
    shutil.rmtree(tmp_path / "data" / "imported")
    blindread("sample", pkl, "--seeds", "0", "--outdir", tmp_path / "three")
    assert contents(tmp_path / "two") == contents(tmp_path / "three")
