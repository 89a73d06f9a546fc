"""The same image for the same seed: z, class, truncation and noise of each image come from its own seed alone."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models import compiled
from models.batches import Batches, Shared, ahead, batch_size
from models.errors import SamplingRefused
from models.network import Generator, GeneratorConfig, NoiseMode

MOST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Settings:
    """How to sample: psi pulls w to its mean (1: not at all, 0: the mean image); class_index only where there are classes.

    `cutoff` pulls only so many of the w, those of the lowest resolutions; None pulls all.
    """

    psi: float = 1.0
    noise_mode: str = "const"
    class_index: int | None = None
    cutoff: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.psi, bool) or not isinstance(self.psi, int | float) or not math.isfinite(self.psi):
            raise SamplingRefused(f"The truncation psi must be a number, such as 0.7 or 1, not {self.psi}.")
        if self.noise_mode not in get_args(NoiseMode):
            raise SamplingRefused(f"The noise mode must be const, none or random, not {self.noise_mode}.")

    def fit(self, config: GeneratorConfig) -> None:
        """Raise SamplingRefused where class or cutoff are missing, too many, or none of the generator's."""
        if self.cutoff is not None and not 0 <= self.cutoff <= config.num_ws:
            raise SamplingRefused(
                f"The truncation cutoff goes from 0 to {config.num_ws} here; there is no {self.cutoff}."
            )
        index, classes = self.class_index, config.c_dim
        if not classes and index is not None:
            raise SamplingRefused("This generator has no classes; leave the class out.")
        if classes and index is None:
            raise SamplingRefused(
                f"This generator has {classes} classes; choose one from 0 to {classes - 1}."
            )
        if classes and (isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < classes):
            raise SamplingRefused(
                f"This generator's classes go from 0 to {classes - 1}; there is no {index}."
            )


def pick_devices(names: str) -> list[torch.device]:
    """The devices of a list such as "cuda:0,cuda:1", or of one name; see `pick_device`."""
    return [pick_device(name.strip()) for name in names.split(",")]


def pick_device(name: str) -> torch.device:
    """The device of a name: cpu, cuda, cuda:N, or auto (cuda where there is one). Raises SamplingRefused."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    kind, _, index = name.partition(":")
    if kind != "cuda" or (":" in name and not (index.isascii() and index.isdigit())):
        raise SamplingRefused(f"The device must be cpu, cuda, cuda:N or auto, not {name}.")
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not there:
        raise SamplingRefused("This machine has no CUDA device that PyTorch can use; choose cpu.")
    if index and int(index) >= there:
        raise SamplingRefused(f"There is no device {name}; this machine has {there}, counted from cuda:0.")
    return torch.device(name)


Sampled = tuple[int, NDArray[np.uint8]]


def sample(
    generator: Generator, seeds: Sequence[int], settings: Settings, batch: int | None = None
) -> Iterator[Sampled]:
    """Give each seed's image, (R, R) grey or (R, R, 3), in the order of the seeds. Raises SamplingRefused at once.

    `batch` images are computed at once, by default as many as fit into free memory.

    Image k never depends on what else is sampled; on a CPU other batch sizes may add up floats in another order, which
    moves a few pixels by one grey level at most.
    """
    _check([generator], seeds, settings)
    return _one_by_one(_computed(generator, iter(seeds), settings, batch))


def sample_ahead(
    generators: Sequence[Generator], seeds: Sequence[int], settings: Settings, batch: int | None = None
) -> Iterator[list[Sampled]]:
    """As `sample`, batch by batch, the next ones computed while the caller stores the last; a thread for each generator.

    Several generators are the same one on several devices: they share out the seeds, so batches come in no fixed order.
    """
    _check(generators, seeds, settings)
    left = Shared(iter(seeds))
    return ahead([_computed(generator, left, settings, batch) for generator in generators])


def _check(generators: Sequence[Generator], seeds: Sequence[int], settings: Settings) -> None:
    """Refuse what cannot be sampled; else choose how to compute so many images."""
    settings.fit(generators[0].config)
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
            raise SamplingRefused(f"Seeds are whole numbers from 0 to {MOST_SEED}, not {seed}.")
    for generator in generators:
        device = generator.mapping.w_avg.device
        if compiled.pays(generator.config, device, len(seeds), settings.noise_mode):
            compiled.compile_synthesis(generator.synthesis)


def _computed(
    generator: Generator, seeds: Iterator[int], settings: Settings, batch: int | None
) -> Iterator[list[Sampled]]:
    def compute(some: list[int]) -> NDArray[np.uint8]:
        return _to_host(to_pixels(render(generator, some, settings)))

    size = batch or batch_size(generator.config, generator.mapping.w_avg.device)
    for some, images in Batches(size).run(compute, seeds):
        yield list(zip(some, images, strict=True))


def _one_by_one(batches: Iterator[list[Sampled]]) -> Iterator[Sampled]:
    for some in batches:
        yield from some


def _to_host(pixels: Tensor) -> NDArray[np.uint8]:
    """The numbers in main memory; from a GPU through page-locked memory, which its copy engine reads directly."""
    if pixels.device.type != "cuda":
        return pixels.numpy()
    locked = torch.empty(pixels.shape, dtype=pixels.dtype, pin_memory=True)
    locked.copy_(pixels, non_blocking=True)
    torch.cuda.current_stream(pixels.device).synchronize()
    return locked.numpy()


@torch.inference_mode()
def render(generator: Generator, seeds: Sequence[int], settings: Settings) -> Tensor:
    """Float images (N, C, R, R), about −1 … 1, as one batch on the generator's device."""
    config, device = generator.config, generator.mapping.w_avg.device
    z = torch.from_numpy(np.concatenate([latent(seed, config.z_dim) for seed in seeds])).to(device)
    c = None
    if settings.class_index is not None:
        c = torch.zeros(len(seeds), config.c_dim, device=device)
        c[:, settings.class_index] = 1
    noise = None
    if settings.noise_mode == "random":  # drawn on the CPU, so that every device draws the same
        noise = [torch.Generator().manual_seed(seed) for seed in seeds]
    with torch.backends.cudnn.flags(allow_tf32=False):  # TF32 keeps 10 bits, too few for the same grey levels
        images: Tensor = generator(
            z, c, settings.psi, settings.cutoff, cast("NoiseMode", settings.noise_mode), noise
        )
    return images


def latent(seed: int, z_dim: int) -> NDArray[np.float32]:
    """The z (1, z_dim) of a seed."""
    source = np.random.RandomState(seed)  # the legacy stream is what gives a seed its known image
    return source.randn(1, z_dim).astype(np.float32)


def to_pixels(images: Tensor) -> Tensor:
    """Float (N, C, R, R) to uint8 (N, R, R) or (N, R, R, 3), cut off towards zero as the reference does."""
    pixels = (images * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    return pixels[..., 0] if pixels.shape[3] == 1 else pixels
