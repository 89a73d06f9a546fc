"""A synthesis prepared for sampling: what depends on the weights alone is computed once, and steps work in place.

The same arithmetic as `models.network`, which training uses; tests compare the two.
"""

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.network import Block, Generator, Noise, Synthesis
from models.ops import Dense, painted, upsample
from models.precision import FULL, block_types, half_type
from models.ready_conv import ReadyConv


def prepare(generator: Generator, num_fp16_res: int = 0, half: torch.dtype | None = None) -> Generator:
    """Make a generator that no longer changes fast at sampling, on the device where it is; gives the same generator.

    Its `num_fp16_res` highest blocks compute in `half`, by default in what the device has natively. Training it, moving
    it or loading other weights undoes this.
    """
    config = generator.config
    types = block_types(config, num_fp16_res, half or half_type(generator.mapping.w_avg.device, config))
    with torch.no_grad():
        generator.synthesis.prepared = Prepared(generator.synthesis, types)
    return generator


class Prepared:
    """Images (N, C, R, R), about −1 … 1, from ws (N, num_ws, w_dim); `dtype` is that of the last block, `nbytes` what it takes beside the weights."""

    def __init__(self, synthesis: Synthesis, types: Mapping[int, torch.dtype]) -> None:
        blocks = [synthesis.block(size) for size in synthesis.config.resolutions]
        self.dtype = types[synthesis.config.resolution]
        self._const = blocks[0].const[None].clone()
        self._styles = Styles(blocks)
        self._blocks = [ReadyBlock(block, types[block.resolution]) for block in blocks]
        convs = [conv for block in self._blocks for conv in block.convs]
        self.nbytes = self._styles.nbytes + sum(conv.nbytes for conv in convs)

    def __call__(self, ws: Tensor, noise: Noise) -> Tensor:
        styles = self._styles(ws)
        x = self._const.repeat(len(ws), 1, 1, 1).contiguous(memory_format=torch.channels_last)
        image: Tensor | None = None
        for block in self._blocks:
            x, image = block(x, image, styles, noise)
        if image is None:
            raise AssertionError("the last block always paints")
        return image


class Styles:
    """All style layers as one product: from ws (N, num_ws, w_dim) the style (N, I) of each layer, in the order of use."""

    def __init__(self, blocks: list[Block]) -> None:
        layers: list[tuple[Dense, float]] = []
        self._places: list[int] = []
        used = 0
        for block in blocks:
            affines = [conv.affine for conv in block.convs]
            self._places += range(used, used + len(affines))
            used += len(affines)
            layers += [(affine, 1.0) for affine in affines]
            if block.paints:
                self._places.append(used)  # shared with the next block's first layer
                layers.append((block.torgb.affine, block.torgb.gain))
        self._widths = [len(affine.bias) for affine, _ in layers]
        first, widest = layers[0][0].weight, max(self._widths)
        self._weight = first.new_zeros(len(layers), first.shape[1], widest)
        self._bias = first.new_zeros(len(layers), 1, widest)
        for k, (affine, gain) in enumerate(layers):
            self._weight[k, :, : self._widths[k]] = affine.weight.t() * (affine.weight_gain * gain)
            self._bias[k, :, : self._widths[k]] = affine.bias * gain
        self.nbytes = self._weight.nbytes

    def __call__(self, ws: Tensor) -> Iterator[Tensor]:
        found = torch.baddbmm(self._bias, ws.transpose(0, 1)[self._places], self._weight)
        return iter([style[:, :width] for style, width in zip(found, self._widths, strict=True)])


class ReadyBlock:
    """One resolution, in one type: from features (N, I, R/2, R/2) and a float32 image at R/2 to both at R."""

    def __init__(self, block: Block, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._residual = block.residual
        gains = [1.0] * len(block.convs)
        if block.residual:
            gains[-1] = math.sqrt(0.5)
            self._skip = (block.skip.weight * (block.skip.gain * gains[-1])).to(dtype)
        self.convs = [ReadyConv(conv, gain, dtype) for conv, gain in zip(block.convs, gains, strict=True)]
        self._torgb = block.torgb if block.paints else None

    def __call__(
        self, x: Tensor, image: Tensor | None, styles: Iterator[Tensor], noise: Noise
    ) -> tuple[Tensor, Tensor | None]:
        x = x.to(self._dtype)
        skipped = upsample(nnf.conv2d(x, self._skip)) if self._residual else None
        for conv in self.convs:
            x = conv(x, next(styles), noise)
        if skipped is not None:
            x.add_(skipped)
        if image is not None:
            image = upsample(image)
        if self._torgb is not None:
            colours = painted(x, self._torgb.weight, next(styles), self._torgb.bias)
            if self._torgb.clamp is not None:
                colours = colours.clamp_(-self._torgb.clamp, self._torgb.clamp)
            image = colours.to(FULL) if image is None else image.add_(colours)
        return x, image
