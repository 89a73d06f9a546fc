"""What fixes a generator: its configuration, and from it the names and shapes of all its tensors. Needs no torch."""

from dataclasses import dataclass
from typing import Literal, get_args

from models.errors import CheckpointRefused

Architecture = Literal["skip", "resnet", "orig"]
NoiseMode = Literal["const", "none", "random"]
Shape = tuple[int, ...]
_MOST = {
    "z_dim": 1 << 20,
    "w_dim": 1 << 20,
    "mapping_layers": 64,
    "channel_base": 1 << 20,
    "channel_max": 1 << 20,
}


@dataclass(frozen=True)
class GeneratorConfig:
    """Everything that fixes a generator's shapes and arithmetic; refuses what cannot be a StyleGAN2."""

    resolution: int
    channels: int
    z_dim: int = 512
    w_dim: int = 512
    c_dim: int = 0
    mapping_layers: int = 8
    channel_base: int = 32768
    channel_max: int = 512
    architecture: Architecture = "skip"
    conv_clamp: float | None = None
    w_avg_beta: float = 0.995

    def __post_init__(self) -> None:
        size = self.resolution
        if not 4 <= size <= 4096 or size & (size - 1):
            raise CheckpointRefused(f"A generator's resolution is a power of two from 4 to 4096, not {size}.")
        if self.channels not in {1, 3}:
            raise CheckpointRefused(f"Images have 1 or 3 channels, not {self.channels}.")
        if self.architecture not in get_args(Architecture):
            raise CheckpointRefused(f"The synthesis architecture {self.architecture!r} is not known.")
        for name, most in _MOST.items():
            if not 1 <= getattr(self, name) <= most:
                raise CheckpointRefused(f"A generator's {name} cannot be {getattr(self, name)}.")
        if not 0 <= self.c_dim <= 1 << 20:
            raise CheckpointRefused(f"A generator's number of classes cannot be {self.c_dim}.")
        if self.channel_base < size:
            raise CheckpointRefused(
                f"A channel_base of {self.channel_base} leaves no channels at {size} pixels."
            )
        if self.conv_clamp is not None and not self.conv_clamp > 0:
            raise CheckpointRefused(f"A generator's conv_clamp cannot be {self.conv_clamp}.")
        if not 0 <= self.w_avg_beta <= 1:
            raise CheckpointRefused(f"A generator's w_avg_beta cannot be {self.w_avg_beta}.")

    @property
    def resolutions(self) -> list[int]:
        """The blocks' resolutions: 4, 8, … up to the image's."""
        return [1 << k for k in range(2, self.resolution.bit_length())]

    @property
    def num_ws(self) -> int:
        """How many w an image takes: one a convolution (1 in the first block, 2 in each other), one for the last toRGB."""
        return 2 * len(self.resolutions)

    def width(self, resolution: int) -> int:
        """Feature channels at a resolution."""
        return min(self.channel_base // resolution, self.channel_max)


def shapes(config: GeneratorConfig) -> dict[str, Shape]:
    """Give every tensor of the generator's state by its canonical name; equals what the network itself has."""
    mapping, w = _mapping(config), config.w_dim
    found = {f"mapping.{name}": shape for name, shape in mapping.items()} | {"mapping.w_avg": (w,)}
    for size in config.resolutions:
        for name, shape in _block(config, size).items():
            found[f"synthesis.b{size}.{name}"] = shape
    return found


def _mapping(config: GeneratorConfig) -> dict[str, Shape]:
    w, embedded = config.w_dim, config.w_dim if config.c_dim else 0
    found = _dense("embed", config.c_dim, w) if config.c_dim else {}
    for layer in range(config.mapping_layers):
        found |= _dense(f"fc{layer}", w if layer else config.z_dim + embedded, w)
    return found


def _dense(name: str, inputs: int, outputs: int) -> dict[str, Shape]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _block(config: GeneratorConfig, size: int) -> dict[str, Shape]:
    outputs, w = config.width(size), config.w_dim
    convs = {"conv1": outputs} if size == 4 else {"conv0": config.width(size // 2), "conv1": outputs}
    found: dict[str, Shape] = {"const": (outputs, 4, 4)} if size == 4 else {}
    for name, inputs in convs.items():
        found |= {f"{name}.weight": (outputs, inputs, 3, 3), f"{name}.bias": (outputs,)}
        found |= {f"{name}.noise_strength": (), f"{name}.noise_const": (size, size)}
        found |= _dense(f"{name}.affine", w, inputs)
    if config.architecture == "resnet" and size > 4:
        found["skip.weight"] = (outputs, convs["conv0"], 1, 1)
    if config.architecture == "skip" or size == config.resolution:
        found |= {"torgb.weight": (config.channels, outputs, 1, 1), "torgb.bias": (config.channels,)}
        found |= _dense("torgb.affine", w, outputs)
    return found
