"""3 × 3 convolution with 16 multiplications for 4 outputs instead of 36: F(2×2, 3×3) of Lavin and Gray 2016, on (N, C, H, W) in channels_last.

Where a layer is wide, the multiplications are nearly all of its time; where it is narrow, the additions around them cost
more than they save. Errors are those of float32 sums in another order (1e-5 of the features' scale).
"""

import torch
from torch import Tensor

_NARROWEST = 256  # channels; measured on a CPU: 1.3 to 2.5 times as fast from here on, no gain below
_WORKSPACE = 1 << 20  # floats, about two cores' own cache


def pays(channels: int, device: torch.device) -> bool:
    """Whether a layer of so many inputs is faster this way; a GPU's library chooses by itself."""
    return device.type == "cpu" and channels >= _NARROWEST


def transformed(weight: Tensor) -> Tensor:
    """The (16, I, O) matrices of a kernel (O, I, 3, 3), for `convolve`."""
    edge = weight.new_tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
    tiles = torch.einsum("rh,oihw,cw->crio", edge, weight, edge)
    return tiles.reshape(16, weight.shape[1], weight.shape[0]).contiguous()


@torch.library.custom_op("blindread::winograd", mutates_args=())
def convolve(x: Tensor, style: Tensor, kernel: Tensor) -> Tensor:
    """Scale (N, I, H, W) by (N, I) and convolve, padded by 1, to (N, O, H, W); H and W are even.

    Works on some rows of tiles of 2 × 2 outputs at a time, so that what lies between the steps stays in the cache.
    """
    n, inputs, height, width = x.shape
    padded = x.new_zeros(n, height + 2, width + 2, inputs)
    torch.mul(x.permute(0, 2, 3, 1), style[:, None, None, :], out=padded[:, 1:-1, 1:-1])
    made = x.new_empty(n, height, width, kernel.shape[2])
    row = 16 * (width // 2) * (inputs + kernel.shape[2])
    rows = max(1, min(height // 2, _WORKSPACE // row))
    images = max(1, min(n, _WORKSPACE // (row * rows)))
    for first in range(0, n, images):
        for top in range(0, height, 2 * rows):
            bottom = min(top + 2 * rows, height)
            part = slice(first, first + images)
            products = _split(padded[part, top : bottom + 2]).flatten(2, 4).flatten(0, 1).bmm(kernel)
            _join(products, made[part, top:bottom])
    return made.permute(0, 3, 1, 2)


@convolve.register_fake
def _shaped(x: Tensor, style: Tensor, kernel: Tensor) -> Tensor:  # noqa: ARG001 - the operation's own arguments
    """What a compiler, to which the operation is one step, needs to know of its result."""
    n, _, height, width = x.shape
    return x.new_empty(n, height, width, kernel.shape[2]).permute(0, 3, 1, 2)


def _split(x: Tensor) -> Tensor:
    """Overlapping 4 × 4 tiles of (N, H + 2, W + 2, I), each BᵀdB: (4, 4, N, H/2, W/2, I), columns before rows."""
    rows = _differences(x[:, 0::2], x[:, 1::2], 1)  # (4, N, H/2, W + 2, I)
    return _differences(rows[:, :, :, 0::2], rows[:, :, :, 1::2], 3)


def _differences(even: Tensor, odd: Tensor, axis: int) -> Tensor:
    """Bᵀd along an axis, for samples d0 = even, d1 = odd, d2 and d3 the next ones: d0 − d2, d1 + d2, d2 − d1, d1 − d3."""
    count = even.shape[axis] - 1
    d0, d1 = even.narrow(axis, 0, count), odd.narrow(axis, 0, count)
    d2, d3 = even.narrow(axis, 1, count), odd.narrow(axis, 1, count)
    made = even.new_empty(4, *d0.shape)
    torch.sub(d0, d2, out=made[0])
    torch.add(d1, d2, out=made[1])
    torch.sub(d2, d1, out=made[2])
    torch.sub(d1, d3, out=made[3])
    return made


def _join(products: Tensor, made: Tensor) -> None:
    """Write AᵀmA of (16, tiles, O) to (N, H, W, O); uses up the products."""
    n, height, width, outputs = made.shape
    m = products.view(4, 4, n, height // 2, width // 2, outputs)
    m[0].add_(m[1]).add_(m[2])
    m[1].sub_(m[2]).sub_(m[3])
    for column in (0, 1):
        rows = m[column]
        torch.add(rows[0].add_(rows[1]), rows[2], out=made[:, 0::2, column::2])
        torch.sub(rows[1].sub_(rows[2]), rows[3], out=made[:, 1::2, column::2])
