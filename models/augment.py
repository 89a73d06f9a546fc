"""Differentiable augmentation of what the discriminator sees, real and synthetic alike.

With few training images the discriminator learns them by heart; showing it changed images, each change with a
probability p below 1, prevents that without the changes leaking into what is generated (Karras et al. 2020b).
Images are (N, C, H, W), −1 (black) … 1.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as nnf

SHIFT = 0.125  # of the image's size, uniform to both sides
TURN = math.radians(12)  # standard deviation
SCALE = 0.12  # standard deviation of the base-2 logarithm
BRIGHTNESS = 0.15  # standard deviation, in the images' units
CONTRAST = 0.3  # standard deviation of the base-2 logarithm
HOLE = 0.4  # side of the square cut out, of the image's size


def augment(images: Tensor, p: float, rng: torch.Generator) -> Tensor:
    """Apply each change to each image with probability p (0 … 1); at 0 the images come back as they are."""
    if p <= 0:
        return images
    return cut_out(change_grey(move(images, p, rng), p, rng), p, rng)


def _chosen(count: int, p: float, rng: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=rng) < p).float()


def move(images: Tensor, p: float, rng: torch.Generator) -> Tensor:
    """Shift, turn and scale by one bilinear resampling; black comes in from outside."""
    count = len(images)
    shift = (torch.rand(2, count, generator=rng) * 4 - 2) * SHIFT * _chosen(count, p, rng)
    angle = torch.randn(count, generator=rng) * TURN * _chosen(count, p, rng)
    scale = torch.exp2(torch.randn(count, generator=rng) * SCALE * _chosen(count, p, rng))
    cos, sin = scale * angle.cos(), scale * angle.sin()
    matrix = torch.stack([cos, -sin, shift[0], sin, cos, shift[1]], dim=1).view(count, 2, 3).to(images)
    grid = nnf.affine_grid(matrix, list(images.shape), align_corners=False)
    return nnf.grid_sample(images + 1, grid, mode="bilinear", padding_mode="zeros", align_corners=False) - 1


def change_grey(images: Tensor, p: float, rng: torch.Generator) -> Tensor:
    """Scale the grey values about black and shift them."""
    count = len(images)
    contrast = torch.exp2(torch.randn(count, generator=rng) * CONTRAST * _chosen(count, p, rng))
    brightness = torch.randn(count, generator=rng) * BRIGHTNESS * _chosen(count, p, rng)
    contrast, brightness = contrast.to(images), brightness.to(images)
    return (images + 1) * contrast[:, None, None, None] - 1 + brightness[:, None, None, None]


def cut_out(images: Tensor, p: float, rng: torch.Generator) -> Tensor:
    """Blacken a square whose centre lies anywhere in the image."""
    count, _, height, width = images.shape
    centre = torch.rand(2, count, generator=rng)
    chosen = _chosen(count, p, rng)
    rows = (torch.arange(height) + 0.5)[None] / height
    columns = (torch.arange(width) + 0.5)[None] / width
    inside_rows = ((rows - centre[0][:, None]).abs() < HOLE / 2).float() * chosen[:, None]
    inside_columns = ((columns - centre[1][:, None]).abs() < HOLE / 2).float()
    kept = (1 - inside_rows[:, :, None] * inside_columns[:, None, :])[:, None].to(images)
    return (images + 1) * kept - 1
