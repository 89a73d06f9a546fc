"""Checkpoints of rosinality's stylegan2-pytorch: `g_ema`, its tensors under other names than ours."""

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from models.config import GeneratorConfig
from models.errors import CheckpointRefused
from models.formats.foreign import Change, Foreign, Laid, changed
from models.formats.mean_w import PICKS, EstimatedMean
from models.formats.stack import DAMAGED
from models.formats.tensors import StoredTensor
from models.formats.told import ANOTHER, MOST_LAYERS

FORMAT = "rosinality stylegan2-pytorch"
_LARGEST = 10  # blocks after the first: 4096 pixels
Pair = tuple[str, str, Change]  # the canonical name, theirs, and what turns theirs into ours


def read_rosinality(top: object) -> Foreign:
    """Take the averaged generator out of what torch.save stored; raises CheckpointRefused."""
    if type(top) is not dict or type(top.get("g_ema")) is not dict:
        raise _another(top)
    state = _tensors(top["g_ema"])
    config = _config(state)
    pairs = list(_pairs(config))
    unknown = sorted(set(state) - {theirs for _, theirs, _ in pairs})
    if unknown:
        raise CheckpointRefused(
            f"This checkpoint has {unknown[0][:80]}, which its architecture has no place for."
        )
    tensors = {ours: changed(state[theirs], change) for ours, theirs, change in pairs if theirs in state}
    told: dict[str, object] = {}
    mean = top.get("latent_avg")
    if type(mean) is StoredTensor:
        tensors["mapping.w_avg"] = changed(mean, lambda w: w.reshape(-1))
    else:
        tensors["mapping.w_avg"] = EstimatedMean(config, tensors)
        told["w_avg_estimated_from"] = PICKS
    return Foreign(FORMAT, config, tensors, told)


def _another(top: object) -> CheckpointRefused:
    if type(top) is dict and type(top.get("GAN")) is dict:
        return CheckpointRefused(
            "This is a lucidrains stylegan2-pytorch checkpoint, which is another network."
        )
    if type(top) is dict and "g" in top:
        return CheckpointRefused("This PyTorch file holds no averaged generator (g_ema), only the last one.")
    return CheckpointRefused(
        "This PyTorch file holds no averaged generator (g_ema) as rosinality's stylegan2-pytorch saves it."
    )


def _tensors(state: Mapping[object, object]) -> dict[str, StoredTensor]:
    if not all(type(name) is str and type(value) is StoredTensor for name, value in state.items()):
        raise CheckpointRefused(DAMAGED)
    return cast("dict[str, StoredTensor]", dict(state))


def _config(state: Mapping[str, StoredTensor]) -> GeneratorConfig:
    """The sizes are nowhere said: they are those of the weights, which are compared with them afterwards."""
    blocks = _count(state, "to_rgbs.{}.conv.weight", 0, _LARGEST)
    widths = {4: _size(state, "input.input", 1)}
    for k in range(blocks):
        widths[8 << k] = _size(state, f"convs.{2 * k}.conv.weight", 1)
    return GeneratorConfig(
        resolution=4 << blocks,
        channels=_size(state, "to_rgb1.conv.weight", 1),
        z_dim=_size(state, "style.1.weight", 1),
        w_dim=_size(state, "style.1.weight", 0),
        mapping_layers=_count(state, "style.{}.weight", 1, MOST_LAYERS),
        channel_base=max(size * width for size, width in widths.items()),
        channel_max=max(widths.values()),
    )


def _count(state: Mapping[str, Laid], name: str, first: int, most: int) -> int:
    return next((n for n in range(most + 1) if name.format(first + n) not in state), most)


def _size(state: Mapping[str, Laid], name: str, axis: int) -> int:
    laid = state.get(name)
    if laid is None:
        raise CheckpointRefused(f"{ANOTHER}it has no {name}.")
    if len(laid.shape) <= axis:
        raise CheckpointRefused(f"{ANOTHER}its {name} has the shape {laid.shape}.")
    return laid.shape[axis]


def _pairs(config: GeneratorConfig) -> Iterator[Pair]:
    for layer in range(config.mapping_layers):
        for part in ("weight", "bias"):
            yield f"mapping.fc{layer}.{part}", f"style.{layer + 1}.{part}", _same
    yield "synthesis.b4.const", "input.input", _first
    yield from _conv("synthesis.b4.conv1", "conv1", 0)
    yield from _torgb("synthesis.b4.torgb", "to_rgb1")
    for k, size in enumerate(config.resolutions[1:]):
        block = f"synthesis.b{size}"
        for i in range(2):
            yield from _conv(f"{block}.conv{i}", f"convs.{2 * k + i}", 2 * k + 1 + i)
        yield f"{block}.conv0.resample_filter", f"convs.{2 * k}.conv.blur.kernel", _quarter
        yield from _torgb(f"{block}.torgb", f"to_rgbs.{k}")
        yield f"{block}.torgb.resample_filter", f"to_rgbs.{k}.upsample.kernel", _quarter


def _conv(ours: str, theirs: str, noise: int) -> Iterator[Pair]:
    yield from _modulated(ours, theirs)
    yield f"{ours}.bias", f"{theirs}.activate.bias", _same
    yield f"{ours}.noise_strength", f"{theirs}.noise.weight", _first
    yield f"{ours}.noise_const", f"noises.noise_{noise}", lambda noises: noises[0, 0]


def _torgb(ours: str, theirs: str) -> Iterator[Pair]:
    yield from _modulated(ours, theirs)
    yield f"{ours}.bias", f"{theirs}.bias", lambda bias: bias[0, :, 0, 0]


def _modulated(ours: str, theirs: str) -> Iterator[Pair]:
    yield f"{ours}.weight", f"{theirs}.conv.weight", _first
    yield f"{ours}.affine.weight", f"{theirs}.conv.modulation.weight", _same
    yield f"{ours}.affine.bias", f"{theirs}.conv.modulation.bias", _same


def _same(numbers: np.ndarray) -> np.ndarray:
    return numbers


def _first(numbers: np.ndarray) -> np.ndarray:
    return np.asarray(numbers[0])


def _quarter(kernel: np.ndarray) -> np.ndarray:
    """Their filters hold the factor by which doubling thins the image out."""
    return kernel / 4
