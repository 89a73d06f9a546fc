"""The few tensor operations of StyleGAN2 (Karras et al. 2019, 2020), on (N, C, H, W) float tensors.

Resampling uses the binomial filter [1, 3, 3, 1] on each axis, as one 4×4 depthwise convolution: in channels_last, the
layout kept everywhere here, that took two thirds of the time of two one-dimensional passes (2 cores, 64 and 128 pixels).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

FIR = (1.0, 3.0, 3.0, 1.0)  # sums to 8 on each axis


def leaky(x: Tensor, gain: float = 1.0) -> Tensor:
    """Leaky ReLU of slope 0.2, times √2·gain."""
    return nnf.leaky_relu(x, 0.2) * (math.sqrt(2) * gain)


def unit_variance(x: Tensor) -> Tensor:
    """Divide each row of (N, F) by its root mean square."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


def _kernel(channels: int, gain: float, like: Tensor) -> Tensor:
    """The filter as a depthwise (channels, 1, 4, 4) kernel that sums to `gain`."""
    taps = torch.tensor(FIR, dtype=like.dtype, device=like.device) / 8
    return (torch.outer(taps, taps) * gain).expand(channels, 1, 4, 4)


def smooth(x: Tensor, gain: float = 1.0, padding: int = 1) -> Tensor:
    """Filter (N, C, H, W), padded by 1 to (N, C, H − 1, W − 1), by 2 to (N, C, H + 1, W + 1)."""
    return nnf.conv2d(x, _kernel(x.shape[1], gain, x), padding=padding, groups=x.shape[1])


def upsample(x: Tensor) -> Tensor:
    """Double (N, C, H, W) to (N, C, 2H, 2W) by zero insertion and the filter, mean preserved."""
    return nnf.conv_transpose2d(x, _kernel(x.shape[1], 4.0, x), stride=2, padding=1, groups=x.shape[1])


def downsample(x: Tensor) -> Tensor:
    """Halve (N, C, H, W) to (N, C, H/2, W/2) by the filter and taking every second sample, mean preserved."""
    return nnf.conv2d(x, _kernel(x.shape[1], 1.0, x), stride=2, padding=1, groups=x.shape[1])


def modulated_conv(x: Tensor, weight: Tensor, style: Tensor, *, up: bool = False) -> Tensor:
    """Modulate and convolve by (O, I, 3, 3), for styles (N, I); demodulation follows (Karras et al. 2020, equations 1–3).

    Scaling the activations instead of the weights is the same arithmetic and lets all images share one convolution.
    With `up` the result is (N, O, 2H, 2W): transposed convolution of stride 2, then the filter.
    """
    x = x * style[:, :, None, None]
    if up:
        return smooth(nnf.conv_transpose2d(x, weight.transpose(0, 1), stride=2), gain=4.0)
    return nnf.conv2d(x, weight, padding=1)


def demodulation(weight: Tensor, style: Tensor) -> Tensor:
    """The factors (N, O) that give each output of a modulated convolution by (O, I, 3, 3) unit variance."""
    return torch.rsqrt(style.square() @ weight.square().sum(dim=(2, 3)).t() + 1e-8)


def finished(
    x: Tensor, factors: Tensor, noise: Tensor | None, bias: Tensor, gain: float, clamp: float | None
) -> Tensor:
    """leaky(x·factors + noise + bias), clamped to ±clamp·gain, for factors (N, C), bias (C) and noise that broadcasts to x.

    Leaky ReLU lets a positive gain through, so the gain goes into what is small.
    """
    gain_in = math.sqrt(2) * gain
    shift, scale = (bias * gain_in)[:, None, None], (factors * gain_in)[:, :, None, None]
    x = torch.addcmul(shift, x, scale)
    if noise is not None:
        x.add_(noise * gain_in)
    x = nnf.leaky_relu_(x, 0.2)
    return x if clamp is None else x.clamp_(-clamp * gain, clamp * gain)


def painted(x: Tensor, weight: Tensor, style: Tensor, bias: Tensor) -> Tensor:
    """Convolve (N, I, H, W) by (C, I, 1, 1) after modulation by styles (N, I), without demodulation: (N, C, H, W).

    As one matrix product an image over the features as they lie in memory: four times as fast as scaling them first.
    """
    n, inputs, height, width = x.shape
    matrices = (style[:, :, None] * weight[:, :, 0, 0].t()).to(x.dtype)  # (N, I, C)
    pixels = x.permute(0, 2, 3, 1).reshape(n, height * width, inputs)
    image = torch.baddbmm(bias.to(x.dtype)[None, None, :], pixels, matrices)
    return image.view(n, height, width, -1).permute(0, 3, 1, 2)


class Dense(nn.Module):
    """Fully connected layer with equalised learning rate: the stored weight is scaled at run time."""

    def __init__(self, inputs: int, outputs: int, *, lr_mul: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr_mul)
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.weight_gain = lr_mul / math.sqrt(inputs)
        self.bias_gain = lr_mul

    def forward(self, x: Tensor) -> Tensor:
        return nnf.linear(x * self.weight_gain, self.weight, self.bias * self.bias_gain)  # x is the smaller
