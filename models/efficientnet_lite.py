"""EfficientNet-Lite0 up to its pooled features (Tan & Le 2019, without squeeze-and-excitation and with ReLU6, as published for small devices)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SIZE, DIMENSIONS = 224, 1280
_EPSILON = 1e-3
_STAGES = (  # repeats, kernel, stride of the first, expansion, channels out
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


@dataclass(frozen=True, slots=True)
class _Step:
    """A convolution with its normalisation folded in: weight (O, I / groups, K, K), bias (O,)."""

    weight: Tensor
    bias: Tensor
    stride: int
    groups: int
    active: bool

    def __call__(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        x = functional.pad(
            x, (*_same(x.shape[3], kernel, self.stride), *_same(x.shape[2], kernel, self.stride))
        )
        x = functional.conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)
        return functional.relu6(x) if self.active else x


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and behind, so that a step of the stride starts at each of ceil(size / stride) places; the odd one behind."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class EfficientNetLite0:
    """Features (N, 1280) of images (N, 3, 224, 224) that are normalised as it was trained; raises KeyError where `state` lacks a part."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self._stem = _step(state, "_conv_stem", "_bn0", stride=2)
        self._blocks: list[tuple[list[_Step], bool]] = []
        channels = 32
        for repeats, _, first, expansion, out in _STAGES:
            for repeat in range(repeats):
                stride = first if repeat == 0 else 1
                block = f"_blocks.{len(self._blocks)}."
                steps = _block(state, block, stride=stride, wide=channels * expansion, expands=expansion > 1)
                self._blocks.append((steps, stride == 1 and channels == out))
                channels = out
        self._head = _step(state, "_conv_head", "_bn1")

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        x = self._stem(images)
        for steps, adds in self._blocks:
            before = x
            for step in steps:
                x = step(x)
            if adds:
                x = x + before
        return self._head(x).mean(dim=(2, 3))


def _block(state: Mapping[str, Tensor], name: str, *, stride: int, wide: int, expands: bool) -> list[_Step]:
    """Widen (where it expands), filter each channel by itself, narrow without an activation."""
    steps = [_step(state, f"{name}_expand_conv", f"{name}_bn0")] if expands else []
    steps.append(_step(state, f"{name}_depthwise_conv", f"{name}_bn1", stride=stride, groups=wide))
    steps.append(_step(state, f"{name}_project_conv", f"{name}_bn2", active=False))
    return steps


def _step(
    state: Mapping[str, Tensor],
    conv: str,
    norm: str,
    *,
    stride: int = 1,
    groups: int = 1,
    active: bool = True,
) -> _Step:
    gain = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + _EPSILON)
    weight = state[f"{conv}.weight"] * gain[:, None, None, None]
    return _Step(weight, state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain, stride, groups, active)
