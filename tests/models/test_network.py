"""The generator's arithmetic, against slower forms written out from the papers' equations."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as nnf

from models.errors import CheckpointRefused
from models.network import Generator, GeneratorConfig
from models.ops import demodulation, downsample, modulated_conv, smooth, upsample

TINY = GeneratorConfig(
    16, 1, z_dim=12, w_dim=10, mapping_layers=2, channel_base=128, channel_max=16, w_avg_beta=0.9
)


def make(**changes) -> Generator:
    torch.manual_seed(3)
    generator = Generator(replace(TINY, **changes)).eval()
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.constant_(parameter, 0.3)
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, 1.0 if "affine" in name else 0.0, 0.1)
    generator.mapping.w_avg.normal_()
    return generator


def z_of(*seeds: int) -> torch.Tensor:
    return torch.stack([torch.randn(12, generator=torch.Generator().manual_seed(seed)) for seed in seeds])


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_works(architecture, channels):
    images = make(architecture=architecture, channels=channels)(z_of(0, 1))
    assert images.shape == (2, channels, 16, 16)
    assert images.isfinite().all()
    assert (images[0] - images[1]).abs().max() > 0.01


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_an_image_does_not_depend_on_its_batch(architecture):
    generator = make(architecture=architecture)
    together = generator(z_of(0, 1, 2))
    alone = generator(z_of(1))
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_random_noise_belongs_to_the_image_not_to_the_batch():
    generator = make()
    streams = [torch.Generator().manual_seed(seed) for seed in (5, 6)]
    together = generator(z_of(0, 1), noise_mode="random", noise=streams)
    alone = generator(z_of(1), noise_mode="random", noise=[torch.Generator().manual_seed(6)])
    other = generator(z_of(1), noise_mode="random", noise=[torch.Generator().manual_seed(7)])
    assert torch.allclose(together[1:2], alone, atol=1e-5)
    assert (alone - other).abs().max() > 0.01


@pytest.mark.parametrize("noise", [None, []])
def test_random_noise_without_its_generators_is_refused(noise):
    with pytest.raises(ValueError, match="generators"):
        make()(z_of(0), noise_mode="random", noise=noise)


def test_noise_none_differs_from_const_by_the_noise_only():
    generator = make()
    assert (generator(z_of(0), noise_mode="none") - generator(z_of(0))).abs().max() > 0.01
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.zeros_(parameter)
    assert torch.equal(generator(z_of(0), noise_mode="none"), generator(z_of(0)))


def test_truncation_interpolates_from_the_mean_w():
    mapping = make().mapping
    full = mapping(z_of(4))
    assert torch.allclose(mapping(z_of(4), psi=0.5), mapping.w_avg + 0.5 * (full - mapping.w_avg), atol=1e-6)
    assert torch.allclose(mapping(z_of(4), psi=0.0), mapping.w_avg.expand_as(full))
    cut = mapping(z_of(4), psi=0.5, cutoff=2)
    assert torch.equal(cut[:, 2:], full[:, 2:])
    assert not torch.equal(cut[:, :2], full[:, :2])


def test_a_w_goes_to_the_layers_that_the_cutoff_names():
    """Of 6 ws, the first 4 reach the blocks at 4 and 8 pixels, the others only the block at 16."""
    generator = make()
    ws = generator.mapping(z_of(0))
    changed = ws.clone()
    changed[:, 5] += 1  # the last toRGB alone
    painted = generator.synthesis(changed) - generator.synthesis(ws)
    assert painted.abs().max() > 0.01
    assert ws.shape == (1, 6, 10)


def test_a_conditional_generator_needs_its_class_and_uses_it():
    generator = make(c_dim=3)
    one, two = torch.eye(3)[:1], torch.eye(3)[1:2]
    assert (generator(z_of(0), one) - generator(z_of(0), two)).abs().max() > 0.001
    for wrong in (None, torch.eye(4)[:1]):
        with pytest.raises(CheckpointRefused, match="3 classes"):
            generator(z_of(0), wrong)


def test_conv_clamp_bounds_the_image():
    clamped = make(architecture="orig", conv_clamp=0.02)
    assert clamped(z_of(0, 1, 2)).abs().max() <= 0.02 + 1e-6
    assert make(architecture="orig")(z_of(0, 1, 2)).abs().max() > 0.02


@pytest.mark.parametrize("up", [False, True])
def test_modulated_convolution_equals_the_papers_form_on_weights(up):
    torch.manual_seed(0)
    x, weight, style = torch.randn(2, 5, 8, 8), torch.randn(4, 5, 3, 3), torch.randn(2, 5)
    result = modulated_conv(x, weight, style, up=up) * demodulation(weight, style)[:, :, None, None]
    for k in range(2):
        scaled = weight * style[k][None, :, None, None]
        kernel = scaled / (scaled.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if up:
            spread = torch.zeros(1, 5, 19, 19)  # zeros between the samples, then an ordinary convolution
            spread[:, :, 2:17:2, 2:17:2] = x[k]
            expected = smooth(nnf.conv2d(spread, kernel.flip(2, 3)), gain=4.0)
        else:
            expected = nnf.conv2d(x[k : k + 1], kernel, padding=1)
        assert torch.allclose(result[k : k + 1], expected, atol=1e-5)


def test_resampling_keeps_the_mean_and_is_symmetric():
    flat = torch.full((1, 2, 8, 8), 0.7)
    assert torch.allclose(upsample(flat)[:, :, 2:-2, 2:-2], torch.tensor(0.7))
    assert torch.allclose(downsample(flat)[:, :, 1:-1, 1:-1], torch.tensor(0.7))
    x = torch.randn(1, 2, 8, 8)
    for change in (upsample, downsample, smooth):
        assert torch.allclose(change(x.flip(3)), change(x).flip(3), atol=1e-6)
        assert torch.allclose(change(x.transpose(2, 3)), change(x).transpose(2, 3), atol=1e-6)


def test_upsampling_and_downsampling_are_adjoint():
    """⟨up(a), b⟩ = 4⟨a, down(b)⟩ fixes both the kernel and where it is placed."""
    a, b = torch.randn(1, 3, 6, 6), torch.randn(1, 3, 12, 12)
    assert math.isclose(float((upsample(a) * b).sum()), 4 * float((a * downsample(b)).sum()), rel_tol=1e-4)


def test_a_state_with_the_filters_of_files_loads_and_gives_the_same_image():
    generator, other = make(), make()
    torch.nn.init.normal_(other.synthesis.b4.const)
    state = dict(generator.state_dict())
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    state["synthesis.b8.conv0.resample_filter"] = torch.outer(taps, taps) / 64
    other.load_state_dict(state)
    assert torch.equal(other(z_of(0)), generator(z_of(0)))
    state["synthesis.b8.conv0.resample_filter"] = torch.ones(4, 4) / 16
    with pytest.raises(CheckpointRefused, match="filter"):
        other.load_state_dict(state)


def test_the_names_are_the_canonical_ones():
    names = make(architecture="resnet", c_dim=2).state_dict().keys()
    assert {
        "mapping.w_avg",
        "mapping.embed.weight",
        "mapping.fc1.bias",
        "synthesis.b4.const",
        "synthesis.b4.conv1.noise_const",
        "synthesis.b8.conv0.affine.weight",
        "synthesis.b16.conv1.noise_strength",
        "synthesis.b16.skip.weight",
        "synthesis.b16.torgb.affine.bias",
    } <= set(names)
    assert not any(name.startswith(("synthesis.b4.conv0", "synthesis.b8.torgb")) for name in names)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("resolution", 48),
        ("resolution", 2),
        ("channels", 2),
        ("z_dim", 0),
        ("c_dim", -1),
        ("mapping_layers", 0),
        ("channel_base", 8),
        ("architecture", "stylegan3"),
        ("conv_clamp", 0.0),
        ("conv_clamp", math.nan),
        ("w_avg_beta", 1.5),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(field, value):
    with pytest.raises(CheckpointRefused):
        replace(TINY, **{field: value})
