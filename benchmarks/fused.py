"""The straightforward form of StyleGAN2's synthesis, to compare with: weights modulated and demodulated for each image, grouped convolutions.

Karras et al. 2020, equations 1 to 3, as most implementations compute them; architecture skip, constant noise, NCHW, float32.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.config import GeneratorConfig

State = Mapping[str, Tensor]
FIR = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64


@torch.inference_mode()
def fused(state: State, config: GeneratorConfig, z: Tensor) -> Tensor:
    """Images (N, C, R, R) of z (N, z_dim), not truncated."""
    w = _mapped(state, config, z)
    x = state["synthesis.b4.const"][None].repeat(len(z), 1, 1, 1)
    image: Tensor | None = None
    for size in config.resolutions:
        block = f"synthesis.b{size}"
        if size > 4:
            x = _conv(state, f"{block}.conv0", x, w, config, up=True)
        x = _conv(state, f"{block}.conv1", x, w, config, up=False)
        painted = _rgb(state, f"{block}.torgb", x, w, config)
        image = painted if image is None else _doubled(image) + painted
    assert image is not None
    return image


def _mapped(state: State, config: GeneratorConfig, z: Tensor) -> Tensor:
    x = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
    for layer in range(config.mapping_layers):
        x = nnf.leaky_relu(_dense(state, f"mapping.fc{layer}", x, 0.01), 0.2) * math.sqrt(2)
    return x


def _dense(state: State, name: str, x: Tensor, lr_mul: float = 1.0) -> Tensor:
    weight = state[f"{name}.weight"]
    return nnf.linear(x, weight * (lr_mul / math.sqrt(weight.shape[1])), state[f"{name}.bias"] * lr_mul)


def _conv(state: State, name: str, x: Tensor, w: Tensor, config: GeneratorConfig, *, up: bool) -> Tensor:
    style, shared = _dense(state, f"{name}.affine", w), state[f"{name}.weight"]
    weight = shared[None] * style[:, None, :, None, None]
    weight = weight * (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    n, outputs, inputs = weight.shape[:3]
    grouped = x.reshape(1, n * inputs, *x.shape[2:])
    if up:
        turned = weight.transpose(1, 2).reshape(n * inputs, outputs, 3, 3)
        x = nnf.conv_transpose2d(grouped, turned, stride=2, groups=n)
        x = _filtered(x.reshape(n, outputs, *x.shape[2:]))
    else:
        x = nnf.conv2d(grouped, weight.reshape(n * outputs, inputs, 3, 3), padding=1, groups=n)
        x = x.reshape(n, outputs, *x.shape[2:])
    x = x + state[f"{name}.noise_const"] * state[f"{name}.noise_strength"]
    x = nnf.leaky_relu(x + state[f"{name}.bias"][:, None, None], 0.2) * math.sqrt(2)
    return x if config.conv_clamp is None else x.clamp(-config.conv_clamp, config.conv_clamp)


def _rgb(state: State, name: str, x: Tensor, w: Tensor, config: GeneratorConfig) -> Tensor:
    style, shared = _dense(state, f"{name}.affine", w), state[f"{name}.weight"]
    n, inputs = style.shape
    weight = (shared[None] * (style / math.sqrt(inputs))[:, None, :, None, None]).reshape(-1, inputs, 1, 1)
    x = nnf.conv2d(x.reshape(1, n * inputs, *x.shape[2:]), weight, groups=n)
    x = x.reshape(n, config.channels, *x.shape[2:]) + state[f"{name}.bias"][:, None, None]
    return x if config.conv_clamp is None else x.clamp(-config.conv_clamp, config.conv_clamp)


def _filtered(x: Tensor) -> Tensor:
    kernel = (FIR * 4).expand(x.shape[1], 1, 4, 4).contiguous()
    return nnf.conv2d(x, kernel, padding=1, groups=x.shape[1])


def _doubled(image: Tensor) -> Tensor:
    n, channels, height, width = image.shape
    spread = image.new_zeros(n, channels, height, 2, width, 2)
    spread[:, :, :, 0, :, 0] = image
    padded = nnf.pad(spread.reshape(n, channels, 2 * height, 2 * width), (2, 1, 2, 1))
    return nnf.conv2d(padded, (FIR * 4).expand(channels, 1, 4, 4).contiguous(), groups=channels)
