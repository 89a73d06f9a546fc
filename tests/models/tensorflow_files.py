"""Write networks as the TensorFlow StyleGAN2 pickles them, and compute their images as it does, from its names alone."""

import math
import pickle
import sys
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.network import Generator
from tests.models.arithmetic import doubled, filtered, leaky, modulated, normalised

_TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0])
_KERNEL = torch.outer(_TAPS, _TAPS) / 16
Variables = dict[str, np.ndarray]


class EasyDict(dict):
    """A dictionary with its keys as attributes."""

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(name)


class Network:
    """The state that a network leaves in a pickle."""

    def __init__(self, name: str, built_by: str, arguments: dict, variables: Variables, **within) -> None:
        self.told = {
            "version": 4,
            "name": name,
            "static_kwargs": EasyDict(arguments),
            "components": EasyDict(within),
            "build_module_src": "import os\nos.abort()  # a reader that runs this dies\n",
            "build_func_name": built_by,
            "variables": list(variables.items()),
        }

    def __getstate__(self):
        return self.told


Network.__module__, EasyDict.__module__ = "dnnlib.tflib.network", "dnnlib.util"


@contextmanager
def _their_modules():
    made = {name: ModuleType(name) for name in ("dnnlib", "dnnlib.tflib", "dnnlib.tflib.network", "dnnlib.util")}  # fmt: skip
    made["dnnlib.tflib.network"].Network = Network
    made["dnnlib.util"].EasyDict = EasyDict
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]


def variables_of(made: Generator) -> Variables:
    """Our weights under its names, in its order of axes. A single number is one, not an array."""
    ours = {name: each.detach().numpy() for name, each in made.state_dict().items()}
    found: Variables = {
        "dlatent_avg": ours["mapping.w_avg"],
        "synthesis/4x4/Const/const": ours["synthesis.b4.const"][None],
    }
    for name, numbers in ours.items():
        for ending in (".weight", ".bias", ".noise_strength", ".noise_const"):
            if name.endswith(ending):
                layer, part = name.removesuffix(ending).removesuffix(".affine"), ending[1:]
                found |= _variable(numbers, layer, part, modulating=".affine." in name)
    return found


def _variable(numbers: np.ndarray, layer: str, part: str, *, modulating: bool) -> Variables:
    theirs = _layer(layer)
    if part == "noise_const":
        level = int(math.log2(len(numbers)))
        noise = 0 if level == 2 else 2 * level - (5 if layer.endswith("conv0") else 4)
        return {f"synthesis/noise{noise}": numbers[None, None]}
    if part == "noise_strength":
        return {f"{theirs}/noise_strength": np.float32(numbers)}
    if part == "bias":
        return {f"{theirs}/mod_bias": numbers - np.float32(1)} if modulating else {f"{theirs}/bias": numbers}
    if numbers.ndim == 2:
        name = f"{theirs}/mod_weight" if modulating else f"{theirs}/weight"
        return {name: np.ascontiguousarray(numbers.T)}
    turned = numbers[:, :, ::-1, ::-1] if theirs.endswith(("Conv0_up", "Skip")) else numbers
    return {f"{theirs}/weight": np.ascontiguousarray(turned.transpose(2, 3, 1, 0))}


def _layer(ours: str) -> str:
    """mapping.fc0 to mapping/Dense0, synthesis.b8.conv0 to synthesis/8x8/Conv0_up."""
    part, *rest = ours.split(".")
    if part == "mapping":
        return "mapping/LabelEmbed" if rest == ["embed"] else f"mapping/Dense{rest[0].removeprefix('fc')}"
    size = rest[0].removeprefix("b")
    names = {
        "conv0": "Conv0_up",
        "conv1": "Conv" if size == "4" else "Conv1",
        "torgb": "ToRGB",
        "skip": "Skip",
    }
    return f"synthesis/{size}x{size}/{names[rest[1]]}"


def arguments_of(made: Generator) -> dict[str, object]:
    config = made.config
    return {
        "num_channels": config.channels,
        "resolution": config.resolution,
        "label_size": config.c_dim,
        "latent_size": config.z_dim,
        "dlatent_size": config.w_dim,
        "mapping_layers": config.mapping_layers,
        "mapping_fmaps": config.w_dim,
        "fmap_base": config.channel_base // 2,
        "fmap_max": config.channel_max,
        "architecture": config.architecture,
        "resample_kernel": [1, 3, 3, 1],
        "randomize_noise": True,
    }


def network(made: Generator, arguments: dict, more: Variables, built_by="G_main") -> Network:
    found = variables_of(made) | more

    def under(name: str) -> Variables:
        return {key.removeprefix(f"{name}/"): each for key, each in found.items() if key.startswith(f"{name}/")}  # fmt: skip

    told = arguments_of(made) | arguments
    own = {"lod": np.float32(0)} | {key: each for key, each in found.items() if "/" not in key}
    return Network(
        "Gs",
        built_by,
        told,
        own,
        synthesis=Network("synthesis", "G_synthesis_stylegan2", told, under("synthesis")),
        mapping=Network("mapping", "G_mapping", told, under("mapping")),
    )


def saved(made: Generator, *, protocol=4, alone=False, arguments=None, more=None, built_by="G_main") -> bytes:
    """(G, D, Gs), or Gs alone; `arguments` and `more` change what it is told to be made with and of."""
    averaged = network(made, arguments or {}, more or {}, built_by)
    other = Network("D", "D_stylegan2", {}, {"4x4/Dense0/weight": np.ones((3, 2), np.float32)})
    with _their_modules():
        return pickle.dumps(averaged if alone else (other, other, averaged), protocol)


def image(found: Variables, z: Tensor, layers: int) -> Tensor:
    """One z (Z,) to an image (C, R, R) of the architecture skip, with the stored noise."""
    held = {name: torch.from_numpy(np.array(each)) for name, each in found.items()}
    w = normalised(z[None])
    for i in range(layers):
        weight = held[f"mapping/Dense{i}/weight"]
        scaled = weight * (0.01 / math.sqrt(len(weight)))
        w = leaky(w @ scaled + held[f"mapping/Dense{i}/bias"] * 0.01)
    x = _conv(held, "synthesis/4x4/Conv", held["synthesis/4x4/Const/const"][0], w[0], "synthesis/noise0")
    out = _torgb(held, "synthesis/4x4/ToRGB", x, w[0])
    size, noise = 8, 1
    while f"synthesis/{size}x{size}/Conv1/weight" in held:
        block = f"synthesis/{size}x{size}"
        x = _conv(held, f"{block}/Conv0_up", x, w[0], f"synthesis/noise{noise}")
        x = _conv(held, f"{block}/Conv1", x, w[0], f"synthesis/noise{noise + 1}")
        out = _torgb(held, f"{block}/ToRGB", x, w[0]) + doubled(out, _KERNEL)
        size, noise = 2 * size, noise + 2
    return out


def _style(held: dict[str, Tensor], name: str, w: Tensor) -> Tensor:
    weight = held[f"{name}/mod_weight"]
    return w @ (weight / math.sqrt(len(weight))) + held[f"{name}/mod_bias"] + 1


def _conv(held: dict[str, Tensor], name: str, x: Tensor, w: Tensor, noise: str) -> Tensor:
    """A convolution correlates, whether it doubles or not: doubling is zeros put between, then a filter."""
    weight = modulated(held[f"{name}/weight"].permute(3, 2, 0, 1), _style(held, name, w))
    if name.endswith("_up"):
        x = nnf.conv2d(nnf.pad(spread_inside(x)[None], (2, 2, 2, 2)), weight)[0]
        x = filtered(x, _KERNEL, 1, 1)
    else:
        x = nnf.conv2d(x[None], weight, padding=1)[0]
    x = x + held[f"{name}/noise_strength"] * held[noise][0]
    return leaky(x + held[f"{name}/bias"][:, None, None])


def spread_inside(x: Tensor) -> Tensor:
    """Zeros between the values and not after the last: (C, H, W) to (C, 2H − 1, 2W − 1)."""
    out = x.new_zeros(len(x), 2 * x.shape[1] - 1, 2 * x.shape[2] - 1)
    out[:, ::2, ::2] = x
    return out


def _torgb(held: dict[str, Tensor], name: str, x: Tensor, w: Tensor) -> Tensor:
    weight = held[f"{name}/weight"][0, 0] / math.sqrt(len(x))
    painted = torch.einsum("io,ihw->ohw", weight * _style(held, name, w)[:, None], x)
    return painted + held[f"{name}/bias"][:, None, None]
