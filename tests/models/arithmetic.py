"""Plain operations that other implementations of StyleGAN2 are written with, for reading their files a second way."""

import math

import torch
from torch import Tensor
from torch.nn import functional as nnf


def leaky(x: Tensor) -> Tensor:
    return nnf.leaky_relu(x, 0.2) * math.sqrt(2)


def normalised(z: Tensor) -> Tensor:
    return z / (z.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()


def spread(x: Tensor) -> Tensor:
    """Zeros between the values: (C, H, W) to (C, 2H, 2W), the values at even places."""
    out = x.new_zeros(len(x), 2 * x.shape[1], 2 * x.shape[2])
    out[:, ::2, ::2] = x
    return out


def filtered(x: Tensor, kernel: Tensor, before: int, after: int) -> Tensor:
    """Correlate every channel with a kernel."""
    padded = nnf.pad(x[:, None], (before, after, before, after))
    return nnf.conv2d(padded, kernel[None, None])[:, 0]


def doubled(x: Tensor, kernel: Tensor) -> Tensor:
    return filtered(spread(x), kernel, 2, 1)


def modulated(weight: Tensor, style: Tensor) -> Tensor:
    """Scale inputs (O, I, 3, 3) by the style and bring each output to unit variance."""
    scaled = weight * style[None, :, None, None]
    return scaled / (scaled.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()


def seeds(count: int, z_dim: int) -> Tensor:
    return torch.randn(count, z_dim, generator=torch.Generator().manual_seed(5))
