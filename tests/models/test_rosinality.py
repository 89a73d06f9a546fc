"""Checkpoints of rosinality's stylegan2-pytorch become the networks that they were saved from."""

import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import checkpoint
from models.errors import CheckpointRefused
from models.formats.mean_w import PICKS, SEED
from tests.models.arithmetic import seeds
from tests.models.rosinality_files import image, saved, state_of, trained
from tests.models.snapshots import TINY, generator, pickled

SQUARE = replace(TINY, z_dim=6, w_dim=6, channels=3, resolution=32, channel_base=128, channel_max=8)


def read(tmp_path, content: bytes):
    (tmp_path / "010000.pt").write_bytes(content)
    facts = checkpoint.import_file(tmp_path / "010000.pt", tmp_path / "made.safetensors")
    return facts, checkpoint.load(tmp_path / "made.safetensors")


def refusal(tmp_path, top: object, *, legacy=False) -> str:
    with pytest.raises(CheckpointRefused) as refused:
        read(tmp_path, saved(top, legacy=legacy))
    return str(refused.value)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("config", [SQUARE, replace(SQUARE, channels=1), replace(SQUARE, channel_base=256)])
def test_it_becomes_the_network_that_it_was_saved_from(tmp_path, config, legacy):
    made = generator(config)
    facts, found = read(tmp_path, saved(trained(made), legacy=legacy))
    assert facts.format == "rosinality stylegan2-pytorch"
    assert all(torch.equal(each, found.state_dict()[name]) for name, each in made.state_dict().items())
    assert (facts.resolution, facts.channels, facts.w_avg_estimated_from) == (32, config.channels, None)
    assert b"secret" not in (tmp_path / "made.safetensors").read_bytes()


def test_its_images_are_those_that_its_own_arithmetic_gives(tmp_path):
    state = state_of(generator(SQUARE))
    _, found = read(tmp_path, saved({"g_ema": state, "latent_avg": torch.zeros(1, 6)}))
    z = seeds(3, 6)
    ours = found(z)
    for each, own in zip(z, ours, strict=True):
        theirs = image(state, each)
        assert theirs.std() > 0.1
        assert torch.allclose(own, theirs, atol=1e-4)


def test_a_missing_mean_is_estimated_and_that_is_said(tmp_path):
    made = generator(SQUARE)
    facts, found = read(tmp_path, saved(trained(made, mean=False)))
    z = torch.from_numpy(np.random.RandomState(SEED).randn(PICKS, 6)).float()
    assert torch.allclose(found.mapping.w_avg, made.mapping.one(z).mean(dim=0), atol=1e-5)
    assert facts.w_avg_estimated_from == 10_000
    again = checkpoint.import_file(tmp_path / "made.safetensors", tmp_path / "again.safetensors")
    assert again.w_avg_estimated_from == 10_000
    assert checkpoint.inspect(tmp_path / "again.safetensors").w_avg_estimated_from == 10_000


def test_weights_saved_on_a_gpu_or_in_half_precision_are_read(tmp_path):
    made = generator(SQUARE)
    state = {name: each.half() for name, each in state_of(made).items()}
    _, found = read(tmp_path, saved({"g_ema": state}))
    assert torch.equal(found.synthesis.b8.conv0.weight, made.synthesis.b8.conv0.weight.half().float())
    content = saved(trained(made), legacy=True)
    on_gpu = re.sub(rb"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0", content)
    assert on_gpu != content
    assert torch.equal(read(tmp_path, on_gpu)[1].mapping.w_avg, made.mapping.w_avg)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("top", "words"),
    [
        ({"GAN": {"GE.initial_block": torch.ones(2)}, "version": "1.5"}, "lucidrains"),
        ({"g": {"input.input": torch.ones(2)}}, "only the last one"),
        ({"weights": torch.ones(2)}, "no averaged generator"),
        (torch.ones(2), "no averaged generator"),
        ({"g_ema": {"weight": torch.ones(2)}}, "it has no input.input"),
        ({"g_ema": {"input.input": 7}}, "damaged"),
        ({"g_ema": torch.nn.Linear(2, 2)}, "torch.nn.modules.linear.Linear"),
        ({"g_ema": {"input.input": torch.ones(2, dtype=torch.bfloat16)}}, "BFloat16Storage"),
    ],
)
def test_another_pytorch_file_is_refused_by_its_name(tmp_path, top, words, legacy):
    assert words in refusal(tmp_path, top, legacy=legacy)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"noises.noise_3": None}, "lacks synthesis.b16.conv0.noise_const"),
        ({"extra.weight": torch.ones(3)}, "extra.weight"),
        ({"convs.0.conv.weight": torch.ones(8, 8, 3, 3)}, "shape"),
        ({"input.input": torch.ones(1, 8, 4, 5)}, "(8, 4, 5)"),
        ({"convs.0.conv.blur.kernel": torch.ones(4, 4)}, "another filter"),
        ({"to_rgb1.bias": torch.full((1, 3, 1, 1), torch.nan)}, "no finite numbers"),
    ],
)
def test_its_tensors_must_be_those_of_the_architecture(tmp_path, changes, words):
    state = {**state_of(generator(SQUARE)), **changes}
    assert words in refusal(
        tmp_path, {"g_ema": {key: each for key, each in state.items() if each is not None}}
    )


def test_a_torchscript_program_is_refused_by_its_name(tmp_path):
    path = tmp_path / "program.pt"
    path.write_bytes(saved({"weights": torch.ones(2)}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/constants.pkl", pickled(()))
    with pytest.raises(CheckpointRefused, match="TorchScript"):
        checkpoint.inspect(path)
