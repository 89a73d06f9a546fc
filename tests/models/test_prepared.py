"""The form for sampling draws what the form for training draws, in float32 and nearly so in half precision."""

import copy
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as nnf

from models import sample, winograd
from models.config import GeneratorConfig
from models.network import Generator
from models.precision import block_types, half_type, native_half
from models.prepared import Prepared, prepare
from models.sample import Settings
from tests.models.test_network import make

WIDE = GeneratorConfig(32, 3, z_dim=12, w_dim=10, mapping_layers=2, channel_base=4096, channel_max=272)
SEEDS = [0, 1, 2]


def wide(**changes) -> Generator:
    """Layers of 272 channels at 4, 8 and 16 pixels, of 128 at 32."""
    return make(**{**WIDE.__dict__, "conv_clamp": 256.0, **changes}).requires_grad_(False)


def narrow(**changes) -> Generator:
    """Few channels, since a CPU is slow in half precision."""
    return wide(**{"channel_max": 24, "channel_base": 512, **changes})


def both(generator, settings=None, seeds=SEEDS, half=None, num_fp16_res=0):
    """Floats of the same images from the training form and from the prepared one."""
    settings = settings or Settings()
    plain = sample.render(generator, seeds, settings)
    return plain, sample.render(prepare(generator, num_fp16_res, half), seeds, settings)


@pytest.mark.parametrize("noise_mode", ["const", "none", "random"])
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_it_works(architecture, noise_mode):
    plain, prepared = both(wide(architecture=architecture), Settings(0.7, noise_mode))
    assert plain.std() > 0.1
    assert not torch.equal(plain, prepared)  # other sums: the prepared form did compute
    assert torch.allclose(plain, prepared, atol=1e-4)


def test_a_cutoff_reaches_the_same_layers():
    plain, prepared = both(wide(), Settings(0.2, cutoff=3))
    assert torch.allclose(plain, prepared, atol=1e-4)
    assert not torch.allclose(plain, both(wide(), Settings(0.2))[0], atol=1e-2)


def test_narrow_and_single_block_networks_and_clamps():
    for changes in ({}, {"resolution": 4}, {"conv_clamp": 0.5}, {"c_dim": 3}):
        plain, prepared = both(make(**changes), Settings(class_index=1 if "c_dim" in changes else None))
        assert torch.allclose(plain, prepared, atol=1e-4)


def test_an_image_of_a_prepared_generator_does_not_depend_on_its_batch():
    generator = prepare(wide())
    together = sample.render(generator, [5, 6, 7], Settings(noise_mode="random"))
    alone = sample.render(generator, [6], Settings(noise_mode="random"))
    assert torch.allclose(together[1:2], alone, atol=1e-4)


def test_what_may_change_the_weights_drops_what_was_prepared():
    generator = prepare(wide())
    state = copy.deepcopy(generator.state_dict())
    assert generator.synthesis.prepared is not None
    for change in (
        generator.train,
        lambda: generator.to(torch.float64).float(),
        lambda: generator.load_state_dict(state),
    ):
        prepare(generator)
        change()
        assert generator.synthesis.prepared is None


def test_a_prepared_generator_still_trains():
    generator = prepare(make())
    loss = generator(torch.randn(2, 12)).square().sum()
    torch.autograd.backward(loss)
    assert generator.synthesis.b8.conv0.weight.grad.abs().sum() > 0


def test_the_state_has_the_same_names_as_before():
    names = list(wide().state_dict())
    assert list(prepare(wide()).state_dict()) == names
    assert isinstance(prepare(wide()).synthesis.prepared, Prepared)
    assert prepare(wide()).synthesis.prepared.nbytes > 0


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 2, 6), (2, 32, 16), (5, 8, 64)])
def test_winograds_convolution_is_the_convolution(shape, monkeypatch):
    monkeypatch.setattr(winograd, "_WORKSPACE", 16 * (4 + 6) * 40)  # strips, and several images at once
    n, height, width = shape
    x, style, weight = torch.randn(n, 4, height, width), torch.randn(n, 4), torch.randn(6, 4, 3, 3)
    expected = nnf.conv2d(x * style[:, :, None, None], weight, padding=1)
    found = winograd.convolve(x, style, winograd.transformed(weight))
    assert torch.allclose(found, expected, atol=1e-4)


def test_only_wide_layers_on_a_cpu_use_it():
    cpu, cuda = torch.device("cpu"), torch.device("cuda:0")
    assert winograd.pays(512, cpu)
    assert not winograd.pays(64, cpu)
    assert not winograd.pays(512, cuda)


@pytest.mark.parametrize(("half", "levels"), [(torch.float16, 0.5), (torch.bfloat16, 3.0)])
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_half_precision_gives_nearly_the_same_images(architecture, half, levels):
    """The same code as on a GPU, on a CPU: slow there, but as right or wrong."""
    plain, prepared = both(narrow(architecture=architecture), half=half, num_fp16_res=2)
    apart = (plain - prepared).abs() * 127.5
    assert prepared.dtype == torch.float32
    assert 0.001 < apart.mean() < levels


def test_half_precision_survives_what_would_leave_its_range():
    generator = narrow()
    for block in (16, 32):
        generator.synthesis.block(block).conv1.weight.mul_(3e4)
        generator.synthesis.block(block).conv1.affine.bias.add_(1e3)
    plain, prepared = both(generator, half=torch.float16, num_fp16_res=2)
    assert prepared.isfinite().all()
    assert ((plain - prepared).abs() * 127.5).mean() < 1


def test_a_cpu_never_computes_in_half_precision():
    config = replace(WIDE, conv_clamp=256.0)
    assert half_type(torch.device("cpu"), config) is None
    generator = prepare(wide(), num_fp16_res=4)
    assert generator.synthesis.prepared.dtype == torch.float32
    assert generator.dtype == torch.float32


@pytest.mark.parametrize(
    ("capability", "clamped", "expected"),
    [
        ((9, 0), True, torch.float16),
        ((7, 0), True, torch.float16),
        ((6, 1), True, None),  # computes float16 at 1/64 of its speed
        ((9, 0), False, torch.bfloat16),  # nothing keeps the features within float16's range
        ((8, 0), False, torch.bfloat16),
        ((7, 5), False, None),
    ],
)
def test_a_gpus_half_precision(capability, clamped, expected):
    assert native_half(capability, clamped=clamped) == expected


def test_the_blocks_that_a_checkpoint_names():
    config, half, full = GeneratorConfig(64, 1), torch.float16, torch.float32
    assert block_types(config, 0, half) == dict.fromkeys(config.resolutions, full)
    assert block_types(config, 2, half) == {4: full, 8: full, 16: full, 32: half, 64: half}
    assert block_types(config, 9, half) == {4: full, 8: half, 16: half, 32: half, 64: half}
    assert block_types(config, 2, None) == dict.fromkeys(config.resolutions, full)
