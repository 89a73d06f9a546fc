"""A training run's state: networks, optimisers, moving average, random numbers and counters, saved and restored whole."""

from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from models.data import TrainingSet
from models.discriminator import Discriminator
from models.errors import TrainingRefused
from models.network import Generator
from models.run_files import Statistics, flatten_optimiser, read_tensors, restore_optimiser, write_tensors
from models.train_config import TrainConfig

R1_EVERY = (
    16  # steps between penalties, whose weight grows by the same factor (Karras et al. 2020, section 3.1)
)
PATH_EVERY = 8


@dataclass
class Counters:
    """The numbers of a run that are not tensors."""

    steps: int = 0
    shown: int = 0
    ticks: int = 0
    seconds: float = 0.0
    augment_p: float = 0.0
    sign_sum: float = 0.0
    sign_count: int = 0
    path_mean: float = 0.0


@dataclass
class Run:
    """Everything that a step changes."""

    config: TrainConfig
    data: TrainingSet
    generator: Generator
    discriminator: Discriminator
    average: Generator
    rng: torch.Generator
    g_optimiser: torch.optim.Optimizer
    d_optimiser: torch.optim.Optimizer
    counters: Counters = field(default_factory=Counters)
    statistics: Statistics = field(default_factory=Statistics)

    @classmethod
    def new(cls, config: TrainConfig, data: TrainingSet) -> "Run":
        """Start from weights of the config's seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            generator = Generator(config.generator(data))
            discriminator = Discriminator(config.discriminator(data))
        average = deepcopy(generator).eval().requires_grad_(requires_grad=False)
        rng = torch.Generator().manual_seed(config.seed)
        run = cls(
            config,
            data,
            generator,
            discriminator,
            average,
            rng,
            _adam(generator, config.lr, PATH_EVERY if config.path_weight else 0),
            _adam(discriminator, config.lr, R1_EVERY if config.r1_gamma else 0),
        )
        run.counters.augment_p = config.augment_p if config.augment == "fixed" else 0.0
        return run

    def save(self, path: Path) -> None:
        """Write the whole state as one file, replaced whole."""
        tensors = {"rng": self.rng.get_state()}
        for name, network in self._networks().items():
            tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
        for name, (optimiser, names) in self._optimisers().items():
            tensors |= {f"{name}/{k}": v for k, v in flatten_optimiser(optimiser, names).items()}
        write_tensors(path, tensors, {"config": asdict(self.config), "counters": asdict(self.counters)})

    def restore(self, path: Path) -> None:
        """Continue from a saved state; refuses one of other networks."""
        tensors, facts = read_tensors(path)
        try:
            for name, network in self._networks().items():
                network.load_state_dict(_under(tensors, name))
            for name, (optimiser, names) in self._optimisers().items():
                restore_optimiser(optimiser, names, _under(tensors, name))
            self.rng.set_state(tensors["rng"])
            self.counters = Counters(**facts["counters"])
        except (KeyError, TypeError, RuntimeError) as error:
            raise TrainingRefused(
                f"{path.name} is of a run with other networks; choose another folder."
            ) from error

    def _networks(self) -> dict[str, nn.Module]:
        return {"G": self.generator, "D": self.discriminator, "G_ema": self.average}

    def _optimisers(self) -> dict[str, tuple[torch.optim.Optimizer, list[str]]]:
        return {
            "G_opt": (self.g_optimiser, [name for name, _ in self.generator.named_parameters()]),
            "D_opt": (self.d_optimiser, [name for name, _ in self.discriminator.named_parameters()]),
        }


def _under(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key[len(name) + 1 :]: value for key, value in tensors.items() if key.startswith(f"{name}/")}


def _adam(network: nn.Module, lr: float, lazy: int) -> torch.optim.Optimizer:
    """Adam without momentum; a penalty every `lazy` steps counts as a step more, which the rates make up for."""
    ratio = lazy / (lazy + 1) if lazy else 1.0
    return torch.optim.Adam(
        network.parameters(), lr=lr * ratio, betas=(0.0, 0.99**ratio), eps=1e-8, fused=True
    )
