"""Pictures of a generator's space: the same seeds under several truncations, and the way from one seed to the next."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models import sample
from models.network import Generator
from models.sample import Settings


def sweep(
    generator: Generator, seeds: Sequence[int], psis: Sequence[float], class_index: int | None
) -> list[list[NDArray[np.uint8]]]:
    """A row of images a seed, a column a truncation psi."""
    columns = []
    for psi in psis:
        found = sample.sample(generator, seeds, Settings(psi=psi, class_index=class_index))
        columns.append([pixels for _, pixels in found])
    return [list(row) for row in zip(*columns, strict=True)]


@torch.inference_mode()
def strip(
    generator: Generator, seeds: Sequence[int], steps: int, class_index: int | None
) -> list[NDArray[np.uint8]]:
    """Images on straight lines in w from seed to seed, `steps` from each to the next, the last seed's image included."""
    styles = [_style(generator, seed, class_index) for seed in seeds]
    places = [
        first.lerp(second, step / steps) for first, second in pairwise(styles) for step in range(steps)
    ] + styles[-1:]
    drawn = [sample.to_pixels(generator.synthesis(place)) for place in places]
    return [np.asarray(image[0].cpu().numpy()) for image in drawn]


def _style(generator: Generator, seed: int, class_index: int | None) -> Tensor:
    """The ws (1, num_ws, w_dim) of a seed, not truncated."""
    device = generator.mapping.w_avg.device
    z = torch.from_numpy(sample.latent(seed, generator.config.z_dim)).to(device)
    c = None
    if generator.config.c_dim:
        c = torch.zeros(1, generator.config.c_dim, device=device)
        c[:, class_index or 0] = 1
    ws: Tensor = generator.mapping(z, c)
    return ws
