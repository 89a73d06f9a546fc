"""Training images: a folder of PNG files of one size, held in memory as uint8."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from models.errors import TrainingRefused

FEWEST = 16  # fewer images than this are no distribution


@dataclass(frozen=True)
class TrainingSet:
    """Images (N, C, R, R), uint8, with C = 1 or 3 and R a power of two."""

    images: Tensor

    @property
    def resolution(self) -> int:
        return self.images.shape[2]

    @property
    def channels(self) -> int:
        return self.images.shape[1]

    def __len__(self) -> int:
        return len(self.images)

    def draw(self, count: int, rng: torch.Generator, *, xflip: bool) -> Tensor:
        """Draw `count` images with replacement as float −1 … 1, each mirrored left to right half the time with `xflip`."""
        picked = self.images[torch.randint(len(self.images), (count,), generator=rng)].float() / 127.5 - 1
        if not xflip:
            return picked
        mirrored = torch.rand(count, generator=rng) < 0.5
        return torch.where(mirrored[:, None, None, None], picked.flip(3), picked)


def read_folder(folder: Path) -> TrainingSet:
    """Read every PNG in `folder`, in the order of names; refuses what cannot be trained on."""
    paths = sorted(folder.glob("*.png"))
    if len(paths) < FEWEST:
        raise TrainingRefused(f"{folder} has {len(paths)} PNG images; training needs at least {FEWEST}.")
    first = _read(paths[0])
    _check_shape(paths[0], first)
    images = [first]
    for path in paths[1:]:
        image = _read(path)
        if image.shape != first.shape:
            raise TrainingRefused(f"{path.name} is {_words(image)}, but {paths[0].name} is {_words(first)}.")
        images.append(image)
    return TrainingSet(torch.from_numpy(np.stack(images)))


def _read(path: Path) -> "np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]":
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.mode not in {"L", "RGB"}:
                raise TrainingRefused(
                    f"{path.name} is neither 8-bit grey nor 8-bit colour (mode {image.mode})."
                )
            pixels = np.asarray(image)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise TrainingRefused(f"{path.name} is not a readable PNG image.") from error
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _check_shape(path: Path, image: np.ndarray) -> None:
    _, height, width = image.shape
    if height != width or height < 8 or height & (height - 1):
        raise TrainingRefused(
            f"{path.name} is {_words(image)}; training needs squares of 8, 16, 32, … pixels."
        )


def _words(image: np.ndarray) -> str:
    channels, height, width = image.shape
    return f"{width}×{height} in {'grey' if channels == 1 else 'colour'}"
