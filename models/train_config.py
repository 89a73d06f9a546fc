"""How to train: one frozen class, and the same settings under the names that other tools know."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from models.data import TrainingSet
from models.discriminator import DiscriminatorConfig
from models.errors import TrainingRefused
from models.network import GeneratorConfig


@dataclass(frozen=True)
class TrainConfig:
    """How to train; images shown are counted in thousands (kimg)."""

    kimg: float = 300.0
    batch: int = 16
    z_dim: int = 128
    w_dim: int = 128
    mapping_layers: int = 4
    channels: int = 16  # the generator's features at the images' size; twice as many at each halving …
    channels_max: int = 64  # … up to this
    discriminator_channels: int = 16
    discriminator_channels_max: int = 64
    lr: float = 0.0025
    r1_gamma: float = 0.5
    path_weight: float = 0.0
    style_mixing: float = 0.0
    ema_kimg: float = 5.0
    xflip: bool = True
    augment: Literal["none", "fixed", "adaptive"] = "adaptive"
    augment_p: float = 0.5  # of 'fixed'
    ada_target: float = 0.6
    ada_kimg: float = 100.0  # images after which p could have gone from 0 to 1
    seed: int = 0
    tick_kimg: float = 2.0
    snapshot_ticks: int = 10
    save_seconds: float = 180.0

    def __post_init__(self) -> None:
        if (
            self.batch < 2
            or not 0 < self.kimg < math.inf
            or not 0 < self.tick_kimg < math.inf
            or self.snapshot_ticks < 1
        ):
            raise TrainingRefused(
                "Training needs a batch of 2 or more, and positive kimg, tick and snapshot lengths."
            )
        if not 0 < self.lr < math.inf or not 0 <= self.r1_gamma < math.inf or self.ada_kimg <= 0:
            raise TrainingRefused(
                "The learning rate and ada_kimg are positive numbers, and R1's weight is not negative."
            )
        if not 0 <= self.augment_p <= 1 or not 0 <= self.style_mixing <= 1:
            raise TrainingRefused("Probabilities lie between 0 and 1.")

    def generator(self, data: TrainingSet) -> GeneratorConfig:
        """Give the generator that fits the images."""
        return GeneratorConfig(
            data.resolution,
            data.channels,
            z_dim=self.z_dim,
            w_dim=self.w_dim,
            mapping_layers=self.mapping_layers,
            channel_base=self.channels * data.resolution,
            channel_max=self.channels_max,
        )

    def discriminator(self, data: TrainingSet) -> DiscriminatorConfig:
        """Give the discriminator that fits the images."""
        return DiscriminatorConfig(
            data.resolution,
            data.channels,
            self.discriminator_channels * data.resolution,
            self.discriminator_channels_max,
        )


def options(config: TrainConfig, data: TrainingSet) -> dict[str, Any]:
    """Give the settings by the names that StyleGAN2 training runs use in training_options.json."""
    adaptive = {"ada_target": config.ada_target, "ada_kimg": config.ada_kimg}
    fixed = {"augment_p": config.augment_p}
    chosen = {"adaptive": adaptive, "fixed": fixed, "none": {}}[config.augment]
    return {
        "training_set_kwargs": {"resolution": data.resolution, "max_size": len(data), "xflip": config.xflip},
        "loss_kwargs": {"r1_gamma": config.r1_gamma, "pl_weight": config.path_weight},
        "G_kwargs": asdict(config.generator(data)),
        "D_kwargs": asdict(config.discriminator(data)),
        "random_seed": config.seed,
        "batch_size": config.batch,
        "total_kimg": config.kimg,
        "ema_kimg": config.ema_kimg,
        "resume_pkl": None,
        **chosen,
        "augment_kwargs": {} if config.augment == "none" else {"changes": ["move", "change_grey", "cut_out"]},
        "blindread": asdict(config),
    }
