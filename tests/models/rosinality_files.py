"""Write checkpoints as rosinality's stylegan2-pytorch does, and compute their images as it does, from its names alone."""

import argparse
import io
import math
from collections import OrderedDict

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.network import Generator
from tests.models.arithmetic import doubled, filtered, leaky, modulated, normalised

_TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0])
KERNEL = torch.outer(_TAPS, _TAPS) / 16  # times four, as files hold it


def state_of(made: Generator) -> OrderedDict[str, Tensor]:
    """Our weights under its names and in its shapes."""
    ours = {name: each.detach().clone().contiguous() for name, each in made.state_dict().items()}
    found: OrderedDict[str, Tensor] = OrderedDict()

    def modulation(theirs: str, name: str) -> None:
        found[f"{theirs}.conv.weight"] = ours[f"{name}.weight"][None]
        found[f"{theirs}.conv.modulation.weight"] = ours[f"{name}.affine.weight"]
        found[f"{theirs}.conv.modulation.bias"] = ours[f"{name}.affine.bias"]

    def conv(theirs: str, name: str, noise: int, *, up=False) -> None:
        modulation(theirs, name)
        if up:
            found[f"{theirs}.conv.blur.kernel"] = KERNEL.clone()
        found[f"{theirs}.noise.weight"] = ours[f"{name}.noise_strength"].reshape(1)
        found[f"{theirs}.activate.bias"] = ours[f"{name}.bias"]
        found[f"noises.noise_{noise}"] = ours[f"{name}.noise_const"][None, None]

    def torgb(theirs: str, name: str, *, up=True) -> None:
        if up:
            found[f"{theirs}.upsample.kernel"] = KERNEL.clone()
        found[f"{theirs}.bias"] = ours[f"{name}.bias"].reshape(1, -1, 1, 1)
        modulation(theirs, name)

    for i in range(made.config.mapping_layers):
        for part in ("weight", "bias"):
            found[f"style.{i + 1}.{part}"] = ours[f"mapping.fc{i}.{part}"]
    found["input.input"] = ours["synthesis.b4.const"][None]
    conv("conv1", "synthesis.b4.conv1", 0)
    torgb("to_rgb1", "synthesis.b4.torgb", up=False)
    for k, size in enumerate(made.config.resolutions[1:]):
        conv(f"convs.{2 * k}", f"synthesis.b{size}.conv0", 2 * k + 1, up=True)
        conv(f"convs.{2 * k + 1}", f"synthesis.b{size}.conv1", 2 * k + 2)
        torgb(f"to_rgbs.{k}", f"synthesis.b{size}.torgb")
    found._metadata = OrderedDict([("", {"version": 1})])  # as modules leave it on their state
    return found


def trained(made: Generator, *, mean=True) -> dict[str, object]:
    """What its trainer saves: the twin, the optimiser and the arguments travel along."""
    state = state_of(made)
    top: dict[str, object] = {
        "g": {name: each * 0.5 for name, each in state.items()},
        "d": {"convs.0.0.weight": torch.ones(2, 2)},
        "g_ema": state,
        "g_optim": {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 0.002, "betas": (0.0, 0.99), "params": [0]}]},
        "args": argparse.Namespace(path="/home/secret/patients", size=made.config.resolution, device="cuda"),
        "ada_aug_p": 0.0,
    }  # fmt: skip
    return top | ({"latent_avg": made.mapping.w_avg.clone()} if mean else {})


def saved(top: object, *, legacy=False) -> bytes:
    file = io.BytesIO()
    torch.save(top, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def image(state: dict[str, Tensor], z: Tensor) -> Tensor:
    """One z (Z,) to an image (C, R, R), with the stored noise."""
    w = normalised(z[None])
    layer = 1
    while f"style.{layer}.weight" in state:
        weight = state[f"style.{layer}.weight"]
        bias = state[f"style.{layer}.bias"] * 0.01
        w = leaky(nnf.linear(w, weight * (0.01 / math.sqrt(weight.shape[1])), bias))
        layer += 1
    x = _conv(state, "conv1", state["input.input"][0], w[0], 0)
    out = _torgb(state, "to_rgb1", x, w[0])
    k = 0
    while f"convs.{2 * k}.conv.weight" in state:
        x = _conv(state, f"convs.{2 * k}", x, w[0], 2 * k + 1)
        x = _conv(state, f"convs.{2 * k + 1}", x, w[0], 2 * k + 2)
        out = _torgb(state, f"to_rgbs.{k}", x, w[0]) + doubled(out, state[f"to_rgbs.{k}.upsample.kernel"])
        k += 1
    return out


def _style(state: dict[str, Tensor], name: str, w: Tensor) -> Tensor:
    weight = state[f"{name}.conv.modulation.weight"]
    return nnf.linear(w, weight / math.sqrt(weight.shape[1]), state[f"{name}.conv.modulation.bias"])


def _conv(state: dict[str, Tensor], name: str, x: Tensor, w: Tensor, noise: int) -> Tensor:
    weight = modulated(state[f"{name}.conv.weight"][0], _style(state, name, w))
    if f"{name}.conv.blur.kernel" in state:
        x = nnf.conv_transpose2d(x[None], weight.transpose(0, 1), stride=2)[0]
        x = filtered(x, state[f"{name}.conv.blur.kernel"], 1, 1)
    else:
        x = nnf.conv2d(x[None], weight, padding=1)[0]
    x = x + state[f"{name}.noise.weight"] * state[f"noises.noise_{noise}"][0]
    return leaky(x + state[f"{name}.activate.bias"][:, None, None])


def _torgb(state: dict[str, Tensor], name: str, x: Tensor, w: Tensor) -> Tensor:
    weight = state[f"{name}.conv.weight"][0, :, :, 0, 0] / math.sqrt(len(x))
    painted = torch.einsum("oi,ihw->ohw", weight * _style(state, name, w), x)
    return painted + state[f"{name}.bias"][0]
