"""The StyleGAN2 generator (Karras et al. 2020): mapping z → w, synthesis w → image; architectures skip, resnet, orig.

Parameter names are the canonical names of checkpoints in general use (`mapping.fc0.weight`, `synthesis.b4.const`,
`synthesis.b8.conv0.affine.weight`, `synthesis.b8.torgb.weight`, …), so that a state loads by name.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as TensorMapping
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from models.config import Architecture, GeneratorConfig, NoiseMode
from models.errors import CheckpointRefused
from models.ops import (
    FIR,
    Dense,
    demodulation,
    finished,
    leaky,
    modulated_conv,
    painted,
    unit_variance,
    upsample,
)

__all__ = ["Architecture", "Generator", "GeneratorConfig", "Mapping", "NoiseMode", "Synthesis"]

NoiseSource = Sequence[torch.Generator] | torch.Generator


class Mapping(nn.Module):
    """z (N, z_dim) and class c (N, c_dim) to ws (N, num_ws, w_dim), pulled to the mean w by truncation."""

    w_avg: Tensor

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        embedded = config.w_dim if config.c_dim else 0
        if config.c_dim:
            self.embed = Dense(config.c_dim, embedded)
        widths = [config.z_dim + embedded] + [config.w_dim] * config.mapping_layers
        for i in range(config.mapping_layers):
            self.add_module(f"fc{i}", Dense(widths[i], widths[i + 1], lr_mul=0.01))
        self.register_buffer("w_avg", torch.zeros(config.w_dim))

    def forward(
        self, z: Tensor, c: Tensor | None = None, psi: float = 1.0, cutoff: int | None = None
    ) -> Tensor:
        """Give the ws of z: w_avg + psi·(w − w_avg) in the first `cutoff` of them (all by default)."""
        w = self.one(z, c)
        ws = w[:, None].repeat(1, self.config.num_ws, 1)
        if psi == 1:
            return ws
        kept = self.config.num_ws if cutoff is None else cutoff
        pulled = self.w_avg.lerp(ws[:, :kept], psi)
        return torch.cat([pulled, ws[:, kept:]], dim=1)

    def one(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Give the single w (N, w_dim) of each z, not truncated."""
        x = unit_variance(z)
        if self.config.c_dim:
            if c is None or c.shape != (len(z), self.config.c_dim):
                raise CheckpointRefused(
                    f"This generator is conditional: choose one of its {self.config.c_dim} classes."
                )
            x = torch.cat([x, unit_variance(self.embed(c))], dim=1)
        for i in range(self.config.mapping_layers):
            x = leaky(self.get_submodule(f"fc{i}")(x))
        return x


class Conv(nn.Module):
    """A styled 3×3 convolution with noise, bias and leaky ReLU, from (N, I, H, W) to (N, O, R, R)."""

    noise_const: Tensor

    def __init__(
        self, inputs: int, outputs: int, resolution: int, config: GeneratorConfig, *, up: bool
    ) -> None:
        super().__init__()
        self.resolution, self.up, self.clamp = resolution, up, config.conv_clamp
        self.affine = Dense(config.w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))

    def forward(self, x: Tensor, w: Tensor, noise: "Noise", gain: float = 1.0) -> Tensor:
        style, drawn = self.affine(w), noise.of(self, len(x))
        if drawn is not None:
            drawn = drawn * self.noise_strength
        x = modulated_conv(x, self.weight, style, up=self.up)
        return finished(x, demodulation(self.weight, style), drawn, self.bias, gain, self.clamp)


@dataclass(frozen=True)
class Noise:
    """Where a synthesis takes its noise from.

    Random noise comes from one generator an image, which keeps an image apart from its batch, or (in training) from one
    generator for the whole batch.
    """

    mode: NoiseMode = "const"
    source: NoiseSource | None = None

    def of(self, layer: Conv, count: int) -> Tensor | None:
        """Noise that broadcasts to (count, 1, R, R), or None."""
        if self.mode == "none":
            return None
        if self.mode == "const":
            return layer.noise_const
        size, like = layer.resolution, layer.noise_const
        if self.source is None:
            raise ValueError("random noise needs its generators: one an image, or one for the batch")
        if isinstance(self.source, torch.Generator):
            shared = self.source
            return torch.randn(count, 1, size, size, generator=shared, device=shared.device).to(like)
        if len(self.source) != count:
            raise ValueError(f"{count} images need {count} noise generators, not {len(self.source)}")
        each = [torch.randn(1, size, size, generator=one, device=one.device) for one in self.source]
        return torch.stack(each).to(like)


class ToRGB(nn.Module):
    """A styled 1×1 convolution without demodulation, from features (N, I, R, R) to an image (N, C, R, R)."""

    def __init__(self, inputs: int, config: GeneratorConfig) -> None:
        super().__init__()
        self.clamp = config.conv_clamp
        self.affine = Dense(config.w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(config.channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.channels))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        x = painted(x, self.weight, self.affine(w) * self.gain, self.bias)
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


class Skip(nn.Module):
    """The residual branch: doubling and a 1×1 convolution without bias, from (N, I, H, W) to (N, O, 2H, 2W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 1, 1))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, gain: float) -> Tensor:
        return upsample(nnf.conv2d(x, self.weight * (self.gain * gain)))


class Block(nn.Module):
    """One resolution: from features (N, I, R/2, R/2) and an image at R/2 to features and image at R."""

    def __init__(self, resolution: int, config: GeneratorConfig) -> None:
        super().__init__()
        self.resolution = resolution
        self.residual = config.architecture == "resnet" and resolution > 4
        self.paints = config.architecture == "skip" or resolution == config.resolution
        outputs = config.width(resolution)
        if resolution == 4:
            self.const = nn.Parameter(torch.randn(outputs, 4, 4))
        else:
            inputs = config.width(resolution // 2)
            self.conv0 = Conv(inputs, outputs, resolution, config, up=True)
            if self.residual:
                self.skip = Skip(inputs, outputs)
        self.conv1 = Conv(outputs, outputs, resolution, config, up=False)
        if self.paints:
            self.torgb = ToRGB(outputs, config)

    @property
    def convs(self) -> list[Conv]:
        """Its styled convolutions in the order of use."""
        return [self.conv1] if self.resolution == 4 else [self.conv0, self.conv1]

    def forward(
        self, x: Tensor | None, image: Tensor | None, ws: Iterator[Tensor], last: Tensor, noise: Noise
    ) -> tuple[Tensor, Tensor | None]:
        """`ws` gives a w for each convolution, `last` is the one after them (toRGB shares it with the next block)."""
        if x is None:
            x = self.const.repeat(len(last), 1, 1, 1).contiguous(memory_format=torch.channels_last)
            x = self.conv1(x, next(ws), noise)
        elif self.residual:
            skipped = self.skip(x, math.sqrt(0.5))
            x = self.conv1(self.conv0(x, next(ws), noise), next(ws), noise, math.sqrt(0.5)) + skipped
        else:
            x = self.conv1(self.conv0(x, next(ws), noise), next(ws), noise)
        if image is not None:
            image = upsample(image)
        if self.paints:
            painted = self.torgb(x, last)
            image = painted if image is None else image + painted
        return cast("Tensor", x), image


class Fast(Protocol):
    """Another way to compute what Synthesis does; `dtype` is that of its last block, `nbytes` what it takes."""

    dtype: torch.dtype
    nbytes: int

    def __call__(self, ws: Tensor, noise: Noise) -> Tensor: ...


class Synthesis(nn.Module):
    """ws (N, num_ws, w_dim) to images (N, C, R, R), about −1 … 1.

    `prepared` (see `models.prepared`) is used instead in inference mode; it holds what was computed from the weights, so
    whatever may change them drops it.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.prepared: Fast | None = None
        for resolution in config.resolutions:
            self.add_module(f"b{resolution}", Block(resolution, config))

    def forward(
        self, ws: Tensor, noise_mode: NoiseMode = "const", noise: NoiseSource | None = None
    ) -> Tensor:
        """Noise 'random' takes its generators from `noise`."""
        drawn = Noise(noise_mode, noise)
        if self.prepared is not None and torch.is_inference_mode_enabled():
            return self.prepared(ws, drawn)
        x: Tensor | None = None
        image: Tensor | None = None
        used = 0
        for resolution in self.config.resolutions:
            block = self.block(resolution)
            own = iter(ws[:, used : used + len(block.convs)].unbind(dim=1))
            used += len(block.convs)
            x, image = block(x, image, own, ws[:, used], drawn)
        if image is None:
            raise AssertionError("the last block always paints")
        return image

    def block(self, resolution: int) -> Block:
        return cast("Block", self.get_submodule(f"b{resolution}"))

    def train(self, mode: bool = True) -> "Synthesis":
        self.prepared = None
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Synthesis":
        """Move or convert all tensors."""
        self.prepared = None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch gives it no types
        return self


class Generator(nn.Module):
    """The whole generator. Its weights are in channels_last; make them contiguous before writing them to a file."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.mapping = Mapping(config)
        self.synthesis = Synthesis(config)
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        psi: float = 1.0,
        cutoff: int | None = None,
        noise_mode: NoiseMode = "const",
        noise: NoiseSource | None = None,
    ) -> Tensor:
        """Images (N, C, R, R), about −1 … 1, from z (N, z_dim) and one-hot classes c (N, c_dim)."""
        return cast("Tensor", self.synthesis(self.mapping(z, c, psi, cutoff), noise_mode, noise))

    @property
    def dtype(self) -> torch.dtype:
        """What the last block computes in, and with it the least precise part of an image."""
        return torch.float32 if self.synthesis.prepared is None else self.synthesis.prepared.dtype

    def load_state_dict(
        self,
        state_dict: TensorMapping[str, Tensor],
        strict: bool = True,
        assign: bool = False,
    ) -> object:
        """Load by canonical name; the resampling filters that files repeat in every layer are checked and left out."""
        self.synthesis.prepared = None
        return super().load_state_dict(_without_filters(state_dict), strict, assign)


def _without_filters(state: TensorMapping[str, Tensor]) -> dict[str, Tensor]:
    """Our filter is fixed, so another one in a file is refused, not ignored."""
    taps = torch.tensor(FIR) / 8
    expected = torch.outer(taps, taps)
    for name, found in state.items():
        if not name.endswith("resample_filter"):
            continue
        if found.shape != expected.shape or not torch.allclose(found.cpu().float(), expected, atol=1e-6):
            raise CheckpointRefused("This generator resamples with another filter than [1, 3, 3, 1].")
    return {name: found for name, found in state.items() if not name.endswith("resample_filter")}
