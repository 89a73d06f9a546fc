"""`blindread distance` as a user calls it."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from app import bundled
from tests.models.snapshots import snapshot
from tests.models.test_onnx_file import graph, script

SLICES = sorted((bundled.path("demo") / "slices").glob("*.png"))


@pytest.fixture
def folders(tmp_path):
    """Real slices, and noise beside them."""
    real, noise = tmp_path / "real", tmp_path / "noise"
    real.mkdir()
    noise.mkdir()
    for path in SLICES[:24]:
        (real / path.name).write_bytes(path.read_bytes())
    for n in range(20):
        pixels = np.random.default_rng(n).integers(0, 256, (32, 32), dtype=np.uint8)
        Image.fromarray(pixels).save(noise / f"{n:02d}.png")
    return real, noise


def test_it_works(blindread, folders):
    told = blindread("distance", *folders, "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert (found["n_real"], found["n_synthetic"], found["dimensions"]) == (24, 20, 1280)
    assert found["distance"] == "Fréchet distance on EfficientNet-Lite0"
    assert found["weights_sha256"].startswith("57934424")
    assert found["frechet"] > 2 * found["halves"] > 0
    assert found["kernel"]["low"] < found["kernel"]["estimate"] < found["kernel"]["high"]
    assert found["shares"]["recall"] == 0
    said = blindread("distance", *folders).out
    assert "Fréchet distance on EfficientNet-Lite0: " in said
    assert "24 real and 20 synthetic images, 1280 dimensions" in said
    assert "Caution: there are no more images than dimensions" in said
    assert "FID" not in said


def test_the_same_images_are_at_0(blindread, folders):
    found = json.loads(blindread("distance", folders[0], folders[0], "--json").out)
    assert found["frechet"] == pytest.approx(0, abs=1e-6)
    assert (found["shares"]["precision"], found["shares"]["recall"]) == (1, 1)


def test_a_generator_is_sampled_and_its_features_are_kept(blindread, folders, tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot())
    asked = ("distance", folders[0], tmp_path / "a.pkl", "--seeds", "0-39", "--json")
    first = blindread(*asked)
    assert first.code == 0, first.err
    assert json.loads(first.out)["n_synthetic"] == 40
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "features").glob("*.json")}
    assert len(kept) == 2
    assert blindread(*asked).out == first.out
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "features").glob("*.json")} == kept
    other = json.loads(blindread(*asked, "--trunc", "0.5").out)
    assert other["frechet"] != json.loads(first.out)["frechet"]


def test_a_file_that_is_no_image_is_named_and_left_out(blindread, folders):
    (folders[0] / "zz.txt").write_text("no image")
    told = blindread("distance", *folders, "--json")
    assert json.loads(told.out)["n_real"] == 24
    assert "File 25: " in told.err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["nowhere", "noise"], "There is no file or folder"),
        (["real", "empty"], "There is no image"),
        (["real", "one"], "at least two images of each kind"),
        (["real", "noise", "--extractor", "resnet"], "There is no extractor resnet"),
        (["real", "noise", "--extractor", "inception-v3"], "needs its file of weights"),
        (["real", "noise", "--weights", "noise/00.png"], "is a program that can read and write what you can"),
        (["real", "noise", "--weights", "noise/00.png", "--sha256", "0" * 64], "it is not used"),
        (["real", "broken.pkl"], "This file"),
    ],
)
def test_bad_input_gets_a_sentence(blindread, folders, tmp_path, monkeypatch, change, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.png").write_bytes(SLICES[0].read_bytes())
    (tmp_path / "broken.pkl").write_bytes(b"\x80\x04no pickle")
    told = blindread("distance", *change)
    assert (told.code, words in told.err) == (2, True), told.err
    assert "Traceback" not in told.err


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_same_network_as_onnx_and_as_torchscript_gives_the_same_distance(blindread, folders, tmp_path):
    found = []
    for name, data in (("net.onnx", graph().SerializeToString()), ("net.pt", script())):
        (tmp_path / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        told = blindread("distance", *folders, "--weights", tmp_path / name, "--sha256", digest, "--json")
        assert told.code == 0, told.err
        found.append(json.loads(told.out))
    assert found[0]["frechet"] == pytest.approx(found[1]["frechet"], rel=1e-4)
    assert found[0]["dimensions"] == found[1]["dimensions"] == 8
    assert found[0]["weights_sha256"] != found[1]["weights_sha256"]
