"""Pickles of the TensorFlow StyleGAN2 become the networks that they were written from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models import checkpoint
from models.errors import CheckpointRefused
from tests.models.arithmetic import seeds
from tests.models.snapshots import TINY, generator
from tests.models.tensorflow_files import image, saved, variables_of


def read(tmp_path, content: bytes):
    (tmp_path / "network-snapshot-000200.pkl").write_bytes(content)
    facts = checkpoint.import_file(tmp_path / "network-snapshot-000200.pkl", tmp_path / "made.safetensors")
    return facts, checkpoint.load(tmp_path / "made.safetensors")


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_it_becomes_the_network_that_it_was_written_from(tmp_path, architecture, classes):
    made = generator(replace(TINY, architecture=architecture, c_dim=classes, channels=3))
    facts, found = read(tmp_path, saved(made))
    assert (facts.format, facts.kimg) == ("TensorFlow StyleGAN2 pickle", 200)
    assert found.config == made.config
    for name, each in made.state_dict().items():  # one more and one less costs a bias its last bit
        assert torch.allclose(each, found.state_dict()[name], atol=1e-6, rtol=0)


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("numpy_module", [b"numpy._core.multiarray", b"numpy.core.multiarray"])
def test_every_form_that_its_trainers_wrote_is_read(tmp_path, protocol, alone, numpy_module):
    content = saved(generator(), protocol=protocol, alone=alone)
    if protocol == 3:  # a name is a line there, so that it can be exchanged
        content = content.replace(b"cnumpy._core.multiarray\n", b"c" + numpy_module + b"\n")
        assert numpy_module in content
    read(tmp_path, content)


def test_its_images_are_those_that_its_own_arithmetic_gives(tmp_path):
    made = generator(replace(TINY, channels=3))
    _, found = read(tmp_path, saved(made))
    z = seeds(3, 6)
    ours = found(z)
    for each, own in zip(z, ours, strict=True):
        theirs = image(variables_of(made), each, made.config.mapping_layers)
        assert theirs.std() > 0.1
        assert torch.allclose(own, theirs, atol=1e-4)


def test_arrays_that_lie_by_columns_are_read(tmp_path):
    made = generator()
    weight = variables_of(made)["mapping/Dense0/weight"]
    _, found = read(tmp_path, saved(made, more={"mapping/Dense0/weight": np.asfortranarray(weight)}))
    assert torch.equal(found.mapping.fc0.weight, made.mapping.fc0.weight)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"built_by": "G_style"}, "StyleGAN of the first version"),
        ({"built_by": "G_paper"}, "progressive GAN"),
        ({"arguments": {"mapping_nonlinearity": "relu"}}, "mapping_nonlinearity is relu instead of lrelu"),
        ({"arguments": {"normalize_latents": False}}, "normalize_latents"),
        ({"arguments": {"resample_kernel": [1, 2, 1]}}, "another filter"),
        ({"arguments": {"architecture": "other"}}, "other"),
        ({"arguments": {"resolution": 32}}, "synthesis.b32"),
        ({"arguments": {"fmap_max": 5}}, "its architecture needs"),
        ({"more": {"mapping/LabelConcat/weight": np.ones((2, 6), np.float32)}}, "before ADA"),
        ({"more": {"synthesis/8x8/Extra/weight": np.ones(3, np.float32)}}, "synthesis/8x8/Extra/weight"),
        ({"more": {"synthesis/4x4/Const/const": np.ones((6, 4, 4), np.float32)}}, "(4, 4)"),
        ({"more": {"synthesis/noise0": np.ones(4, np.float32)}}, "shape"),
        ({"more": {"dlatent_avg": np.full(5, np.nan, np.float32)}}, "no finite numbers"),
        ({"more": {"dlatent_avg": np.array(["a"] * 5, dtype=object)}}, "numbers of a kind"),
    ],
)
def test_another_network_is_refused_with_what_is_different(tmp_path, changes, words):
    (tmp_path / "a.pkl").write_bytes(saved(generator(), **changes))
    with pytest.raises(CheckpointRefused) as refused:
        checkpoint.inspect(tmp_path / "a.pkl")
    assert words in str(refused.value)
