"""The discriminator that training needs: residual StyleGAN2 (Karras et al. 2020, figure 7) with minibatch statistics."""

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from models.ops import Dense, downsample, leaky, smooth


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Shapes of a discriminator for images (N, channels, resolution, resolution)."""

    resolution: int
    channels: int
    channel_base: int = 32768
    channel_max: int = 512
    group: int = 4  # images that share their minibatch statistic

    @property
    def resolutions(self) -> list[int]:
        """The blocks' resolutions, from the image's down to 8."""
        return [1 << k for k in range(self.resolution.bit_length() - 1, 2, -1)]

    def width(self, resolution: int) -> int:
        """Feature channels at a resolution."""
        return min(self.channel_base // resolution, self.channel_max)


class PlainConv(nn.Module):
    """An odd-sized convolution with equalised learning rate; `down` filters and halves, `act` adds leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int, *, down: bool = False, act: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs)) if act else None
        self.gain = 1 / math.sqrt(inputs * size * size)
        self.down, self.act = down, act

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:
        size = self.weight.shape[2]
        if self.down and size == 1:
            x = nnf.conv2d(downsample(x), self.weight * (self.gain * (1 if self.act else gain)))
        elif self.down:
            # filter (H + 1), then an odd kernel at every second place: H/2, aligned with the 1×1 branch
            x = nnf.conv2d(smooth(x, padding=2), self.weight * self.gain, self.bias, stride=2)
        else:
            x = nnf.conv2d(x, self.weight * self.gain, self.bias, padding=size // 2)
        return leaky(x, gain) if self.act else x


class DownBlock(nn.Module):
    """Features (N, I, R, R) to (N, O, R/2, R/2): two convolutions beside a 1×1 residual branch."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = PlainConv(inputs, inputs, 3)
        self.conv1 = PlainConv(inputs, outputs, 3, down=True)
        self.skip = PlainConv(inputs, outputs, 1, down=True, act=False)

    def forward(self, x: Tensor) -> Tensor:
        half = math.sqrt(0.5)
        return cast("Tensor", self.conv1(self.conv0(x), half) + self.skip(x, half))


def minibatch_deviation(x: Tensor, group: int) -> Tensor:
    """Append one channel to (N, C, H, W): the mean deviation of features within a group of images.

    It lets the discriminator see a generator that repeats itself (Karras et al. 2018, section 3).
    """
    count, channels, height, width = x.shape
    size = math.gcd(group, count)
    y = x.reshape(size, count // size, channels, height, width)
    y = (y - y.mean(dim=0)).square().mean(dim=0).add(1e-8).sqrt().mean(dim=(1, 2, 3))  # (N/size,)
    return torch.cat([x, y.repeat(size)[:, None, None, None].expand(-1, 1, height, width)], dim=1)


class Discriminator(nn.Module):
    """Images (N, C, R, R), −1 … 1, to logits (N,): positive means real."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        self.fromrgb = PlainConv(config.channels, config.width(config.resolution), 1)
        self.blocks = nn.Sequential(
            *(DownBlock(config.width(r), config.width(r // 2)) for r in config.resolutions)
        )
        deep = config.width(4)
        self.conv = PlainConv(deep + 1, deep, 3)
        self.fc = Dense(deep * 16, deep)
        self.out = Dense(deep, 1)
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        x = self.blocks(self.fromrgb(images.contiguous(memory_format=torch.channels_last)))
        x = self.conv(minibatch_deviation(x, self.config.group))
        return cast("Tensor", self.out(leaky(self.fc(x.flatten(1))))[:, 0])
