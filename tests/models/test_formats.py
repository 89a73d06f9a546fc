"""Files of every kind: what is read becomes the same network, what is not read is refused by its name."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models import checkpoint, sample
from models.config import GeneratorConfig, shapes
from models.errors import CheckpointRefused
from models.formats.legacy_blob import HEAD
from models.network import Generator
from tests.models.snapshots import SECRET, TINY, generator, network, node, pickled, snapshot, tensor

REFERENCE = Path(__file__).parents[2] / ".." / "shared" / "reference" / "stylegan2"
NETWORKS = ("ada-64-gray", "ada-16-orig", "ada-16-resnet", "ada-32-rgb-cond", "sg3repo-64-gray")
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference networks are not beside this checkout"
)


def refusal(tmp_path, content: bytes, name="file.pkl") -> str:
    """The sentence that a file is refused with."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CheckpointRefused) as refused:
        checkpoint.inspect(path)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_a_snapshot_becomes_the_network_that_it_was_written_from(tmp_path, architecture, classes, newer):
    config = replace(
        TINY, architecture=architecture, c_dim=classes, channels=3, conv_clamp=256.0 if newer else None
    )
    made = generator(config)
    (tmp_path / "a.pkl").write_bytes(snapshot(made, newer=newer))
    facts = checkpoint.import_file(tmp_path / "a.pkl", tmp_path / "a.safetensors")
    read = checkpoint.load(tmp_path / "a.safetensors")
    assert read.config == config
    assert all(torch.equal(each, read.state_dict()[name]) for name, each in made.state_dict().items())
    assert facts.format.startswith("stylegan3" if newer else "stylegan2-ada")
    assert facts.parameters == sum(each.numel() for each in made.parameters())
    assert facts.num_fp16_res == (2 if newer else 0)


@pytest.mark.parametrize(
    "others",
    [
        {"augment_pipe": node("AugmentPipe", {"_buffers": {"p": tensor(np.ones(1, np.float32))}, "xflip": 1})},
        {"augment_pipe": None, "APA_p": 0.3, "ada_kimg": 500, "cur_nimg": 200_000, "run": {"policy": "color,cutout"}},
        {"D": node("Discriminator", {"_modules": {}, "policy": "color,translation,cutout"}), "G_opt_state": [1, 2]},
    ],
)  # fmt: skip
def test_what_forks_keep_beside_the_generator_is_let_fall(tmp_path, others):
    made = generator()
    (tmp_path / "a.pkl").write_bytes(snapshot(made, **others))
    checkpoint.import_file(tmp_path / "a.pkl", tmp_path / "a.safetensors")
    read = checkpoint.load(tmp_path / "a.safetensors")
    assert all(torch.equal(each, read.state_dict()[name]) for name, each in made.state_dict().items())


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
@pytest.mark.parametrize(
    "changes", [{}, {"c_dim": 4, "channels": 3}, {"resolution": 4}, {"channel_base": 300}]
)
def test_the_shapes_told_without_torch_are_the_networks_own(architecture, changes):
    config = replace(TINY, architecture=architecture, **changes)
    own = {name: tuple(each.shape) for name, each in Generator(config).state_dict().items()}
    assert shapes(config) == own


@needs_reference
@pytest.mark.parametrize("name", NETWORKS)
def test_a_reference_network_loads_and_gives_the_references_images(tmp_path, name):
    told = json.loads((REFERENCE / f"{name}.json").read_text())
    facts = checkpoint.import_file(REFERENCE / f"{name}.pkl", tmp_path / "a.safetensors")
    for key in (
        "resolution",
        "channels",
        "c_dim",
        "z_dim",
        "mapping_layers",
        "architecture",
        "conv_clamp",
        "num_fp16_res",
    ):
        assert getattr(facts, key) == told[key]
    read = checkpoint.load(tmp_path / "a.safetensors")
    expected = np.load(REFERENCE / f"{name}_float.npz")
    for psi in told["psis"]:
        for seed in told["seeds"]:
            settings = sample.Settings(psi=psi, class_index=seed % told["c_dim"] if told["c_dim"] else None)
            floats = sample.render(read, [seed], settings)[0].numpy()
            assert np.abs(floats - expected[f"psi{psi}/seed{seed}"].reshape(floats.shape)).max() < 1e-3
            [(_, pixels)] = sample.sample(read, [seed], settings)
            with Image.open(REFERENCE / f"{name}_psi{psi}_seed{seed}.png") as image:
                apart = np.abs(np.asarray(image).astype(int) - pixels)
            assert apart.max() <= 1
            assert (apart > 0).mean() <= 0.001


def test_the_trainers_paths_are_not_kept(tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot())
    assert SECRET.encode() in (tmp_path / "a.pkl").read_bytes()
    facts = checkpoint.import_file(tmp_path / "a.pkl", tmp_path / "a.safetensors")
    assert b"secret" not in (tmp_path / "a.safetensors").read_bytes()
    assert "secret" not in facts.to_json()


def zipped(*names: str, content: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a text file that calls itself a checkpoint\n" * 9, "neither a pickle nor safetensors"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "neither a pickle nor safetensors"),
        (b"\x89HDF\r\n\x1a\n" + bytes(64), "Keras"),
        (HEAD + bytes(64), "pickle instruction"),
        (zipped("archive/data.pkl", content=pickled({"weights": 1})), "rosinality"),
        (zipped("notes.txt"), "zip"),
        (b"\x80\x04cdnnlib.tflib.network\nNetwork\n)\x81.", "damaged"),
        (pickled({"weights": [1, 2]}), "no averaged generator"),
        (pickled({"G_ema": None, "D": None}), "no averaged generator"),
        (pickled([1, 2]), "no averaged generator"),
    ],
)
def test_what_is_no_checkpoint_is_refused_by_its_name(tmp_path, content, words):
    assert words in refusal(tmp_path, content)


def test_a_stylegan3_generator_is_refused_by_its_name(tmp_path):
    found = {"synthesis.input.weight": np.ones((4, 4), np.float32), "mapping.w_avg": np.ones(5, np.float32)}
    assert "StyleGAN3" in refusal(tmp_path, pickled({"G_ema": network(found, TINY)}))


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_off_says_so(tmp_path, cut):
    whole = snapshot()
    assert "ends too early" in refusal(tmp_path, whole[: int(len(whole) * cut)])


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "huge.pkl"
    with path.open("wb") as file:
        file.truncate(3 * 2**30)  # takes no room on the disk
    with pytest.raises(CheckpointRefused, match=r"3\.0 GiB"):
        checkpoint.inspect(path)


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"synthesis.b8.conv0.weight": None}, "lacks synthesis.b8.conv0.weight"),
        ({"mapping.w_avg": None}, "lacks mapping.w_avg"),
        ({"synthesis.b8.conv0.extra": np.ones(3, np.float32)}, "synthesis.b8.conv0.extra"),
        ({"synthesis.b4.const": np.ones((6, 4, 5), np.float32)}, "(6, 4, 5)"),
        ({"synthesis.b8.resample_filter": np.eye(4, dtype=np.float32)}, "another filter"),
        ({"synthesis.b8.conv0.weight": np.full((6, 6, 3, 3), np.nan, np.float32)}, "no finite numbers"),
        ({"mapping.w_avg": np.full(5, np.inf, np.float32)}, "no finite numbers"),
    ],
)
def test_tensors_must_be_those_of_the_architecture(tmp_path, replaced, words):
    assert words in refusal(tmp_path, snapshot(replaced=replaced))


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "resnet"},
        {"resolution": 32},
        {"channel_max": 5},
        {"c_dim": 2},
        {"mapping_layers": 3},
        {"z_dim": 7},
    ],
)
def test_a_configuration_that_does_not_fit_the_weights_is_refused(tmp_path, changes):
    refusal(tmp_path, snapshot(attributes=replace(TINY, **changes)))


def test_a_bomb_of_dimensions_costs_nothing(tmp_path):
    huge = GeneratorConfig(4096, 3, z_dim=1 << 20, w_dim=1 << 20, channel_base=1 << 20, channel_max=1 << 20)
    refusal(tmp_path, snapshot(attributes=huge))
