"""A styled 3×3 convolution prepared for sampling, in float32 or in a half precision."""

import math
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models import winograd
from models.network import Conv, Noise
from models.ops import smooth
from models.precision import FULL


class ReadyConv:
    """From (N, I, H, W) to (N, O, R, R), in place where it can be; see `models.network.Conv`.

    In half precision weights and styles are scaled to at most 1/√(9I) and 1, so that no sum of clamped features leaves
    float16's range; demodulation takes the scales out again.
    """

    def __init__(self, conv: Conv, gain: float, dtype: torch.dtype) -> None:
        weight: Tensor = conv.weight
        inputs = weight.shape[1]
        self._conv, self._dtype = conv, dtype
        self._gain = math.sqrt(2) * gain
        self._clamp = None if conv.clamp is None else conv.clamp * gain
        self._squares = weight.square().sum(dim=(2, 3)).t().contiguous()  # (I, O)
        self._shift = (conv.bias * self._gain).to(dtype)[:, None, None]
        self._scale: Tensor | None = None
        if dtype != FULL:
            self._scale = weight.abs().amax(dim=(1, 2, 3)) * math.sqrt(9 * inputs) + 1e-12
            weight = (weight / self._scale[:, None, None, None]).to(dtype)
        self._fast = dtype == FULL and not conv.up and winograd.pays(inputs, weight.device)
        if self._fast:
            self._weight = winograd.transformed(weight)
        else:
            turned = weight.transpose(0, 1) if conv.up else weight
            self._weight = turned.contiguous(memory_format=torch.channels_last)
        self.nbytes = self._weight.nbytes + self._squares.nbytes

    def __call__(self, x: Tensor, style: Tensor, noise: Noise) -> Tensor:
        factors = torch.rsqrt(style.square() @ self._squares + 1e-8) * self._gain
        if self._scale is not None:
            largest = style.abs().amax(dim=1, keepdim=True) + 1e-12
            style, factors = style / largest, factors * largest * self._scale
        x = self._convolved(x, style)
        into = None if torch.compiler.is_compiling() else x  # the compiler plans memory itself
        x = torch.addcmul(self._shift, x, factors.to(x.dtype)[:, :, None, None], out=into)
        drawn = noise.of(self._conv, len(x))
        if drawn is not None:
            x.add_(drawn * (self._conv.noise_strength * self._gain))
        nnf.leaky_relu_(x, 0.2)
        return x if self._clamp is None else x.clamp_(-self._clamp, self._clamp)

    def _convolved(self, x: Tensor, style: Tensor) -> Tensor:
        if self._fast:
            return cast("Tensor", winograd.convolve(x, style, self._weight))
        x.mul_(style.to(x.dtype)[:, :, None, None])
        if self._conv.up:
            return smooth(nnf.conv_transpose2d(x, self._weight, stride=2), gain=4.0)
        return nnf.conv2d(x, self._weight, padding=1)
