"""Training a StyleGAN2 on a small set of images: losses, optimisers, moving average, and a state that survives a stop."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from models.augment import augment
from models.data import TrainingSet
from models.discriminator import Discriminator, DiscriminatorConfig
from models.errors import TrainingRefused
from models.loss import discriminator_loss, generator_loss, path_lengths, r1_penalty
from models.network import Generator, GeneratorConfig
from models.run_files import (
    OPTIONS,
    STATE,
    STATS,
    Statistics,
    append_line,
    flatten_optimiser,
    grid,
    read_tensors,
    replace_file,
    restore_optimiser,
    write_tensors,
)

R1_EVERY = (
    16  # steps between penalties, whose weight grows by the same factor (Karras et al. 2020, section 3.1)
)
PATH_EVERY = 8
ADAPT_EVERY = 4
GRID = 6  # rows and columns of the sample grids


@dataclass(frozen=True)
class TrainConfig:
    """How to train; images shown are counted in thousands (kimg)."""

    kimg: float = 300.0
    batch: int = 16
    z_dim: int = 128
    w_dim: int = 128
    mapping_layers: int = 4
    channel_base: int = 1024
    channel_max: int = 64
    discriminator_base: int = 1024
    discriminator_max: int = 64
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
        if self.batch < 2 or self.kimg <= 0 or self.tick_kimg <= 0 or self.snapshot_ticks < 1:
            raise TrainingRefused(
                "Training needs a batch of 2 or more, and positive kimg, tick and snapshot lengths."
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
            channel_base=self.channel_base,
            channel_max=self.channel_max,
        )

    def discriminator(self, data: TrainingSet) -> DiscriminatorConfig:
        """Give the discriminator that fits the images."""
        return DiscriminatorConfig(
            data.resolution, data.channels, self.discriminator_base, self.discriminator_max
        )


@dataclass(frozen=True)
class TrainProgress:
    """What a tick reports."""

    kimg: float
    total_kimg: float
    images_per_second: float
    generator_loss: float
    discriminator_loss: float
    augment_p: float


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


def step(run: Run) -> None:
    """Show the discriminator one batch of real images and one of synthetic, and train both networks on it."""
    config, counters = run.config, run.counters
    fake, ws = _synthesise(run)
    _train_discriminator(run, fake.detach())
    _train_generator(run, fake, ws)
    counters.steps += 1
    counters.shown += config.batch
    update_average(run.average, run.generator, _decay(config, counters.shown))
    if config.augment == "adaptive" and counters.steps % ADAPT_EVERY == 0:
        _adapt(run)


def _synthesise(run: Run) -> tuple[Tensor, Tensor]:
    config, mapping = run.config, run.generator.mapping
    w = mapping.one(torch.randn(config.batch, config.z_dim, generator=run.rng))
    mapping.w_avg.copy_(w.detach().mean(dim=0).lerp(mapping.w_avg, mapping.config.w_avg_beta))
    ws = w[:, None].repeat(1, mapping.config.num_ws, 1)
    if config.style_mixing:
        other = mapping(torch.randn(config.batch, config.z_dim, generator=run.rng))
        cut = torch.randint(1, mapping.config.num_ws, (config.batch, 1), generator=run.rng)
        mixed = torch.rand(config.batch, 1, generator=run.rng) < config.style_mixing
        late = torch.arange(mapping.config.num_ws)[None] >= cut
        ws = torch.where((mixed & late)[:, :, None], other, ws)
    return run.generator.synthesis(ws, noise_mode="random", noise=run.rng), ws


def _train_discriminator(run: Run, fake: Tensor) -> None:
    config, counters, p = run.config, run.counters, run.counters.augment_p
    real = augment(run.data.draw(config.batch, run.rng, xflip=config.xflip), p, run.rng)
    real_logits = run.discriminator(real)
    fake_logits = run.discriminator(augment(fake, p, run.rng))
    loss = discriminator_loss(real_logits, fake_logits)
    whole = loss
    if config.r1_gamma and counters.steps % R1_EVERY == 0:
        # at the images the discriminator sees, augmented: bilinear resampling has no second derivative in torch
        penalty = r1_penalty(run.discriminator, real)
        whole = loss + penalty.mean() * (config.r1_gamma / 2 * R1_EVERY)
        run.statistics.add("Loss/r1_penalty", penalty)
        run.statistics.add("Loss/D/reg", penalty * (config.r1_gamma / 2))
    run.d_optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(whole)
    run.d_optimiser.step()
    signs = real_logits.detach().sign()
    counters.sign_sum += float(signs.sum())
    counters.sign_count += len(signs)
    for name, values in (("real", real_logits), ("fake", fake_logits)):
        run.statistics.add(f"Loss/scores/{name}", values)
        run.statistics.add(f"Loss/signs/{name}", values.sign())
    run.statistics.add("Loss/D/loss", loss)


def _train_generator(run: Run, fake: Tensor, ws: Tensor) -> None:
    config, counters = run.config, run.counters
    run.discriminator.requires_grad_(requires_grad=False)
    loss = generator_loss(run.discriminator(augment(fake, counters.augment_p, run.rng)))
    whole = loss
    if config.path_weight and counters.steps % PATH_EVERY == 0:
        lengths = path_lengths(fake, ws, run.rng)
        counters.path_mean += 0.01 * (float(lengths.detach().mean()) - counters.path_mean)
        penalty = (lengths - counters.path_mean).square()
        whole = loss + penalty.mean() * (config.path_weight * PATH_EVERY)
        run.statistics.add("Loss/pl_penalty", penalty)
        run.statistics.add("Loss/G/reg", penalty * config.path_weight)
    run.g_optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(whole)
    run.g_optimiser.step()
    run.discriminator.requires_grad_(requires_grad=True)
    run.statistics.add("Loss/G/loss", loss)


def _decay(config: TrainConfig, shown: int) -> float:
    """Give the average's decay a step: its half-life is ema_kimg, shorter at the start (5 % of the images shown)."""
    half_life = min(config.ema_kimg * 1000, 0.05 * shown)
    return float(0.5 ** (config.batch / max(half_life, 1e-8)))


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move each averaged parameter to decay·average + (1 − decay)·current; buffers are copied."""
    for kept, current in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(current, 1 - decay)
    for buffer, newest in zip(average.buffers(), network.buffers(), strict=True):
        buffer.copy_(newest)


def _adapt(run: Run) -> None:
    """Raise the augmentation when the discriminator is too sure of real images, else lower it (Karras et al. 2020b)."""
    config, counters = run.config, run.counters
    surplus = counters.sign_sum / counters.sign_count - config.ada_target
    change = config.batch * ADAPT_EVERY / (config.ada_kimg * 1000)
    counters.augment_p = min(max(counters.augment_p + (change if surplus > 0 else -change), 0.0), 0.8)
    counters.sign_sum, counters.sign_count = 0.0, 0


def train(
    config: TrainConfig,
    data: TrainingSet,
    outdir: Path,
    progress: Callable[[TrainProgress], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> Path:
    """Train until config.kimg, or until SIGTERM or SIGINT, which save first; gives the newest snapshot.

    A run that `outdir` holds is continued exactly where its state was saved.
    """
    outdir.mkdir(parents=True, exist_ok=True)
    run = Run.new(config, data)
    if (outdir / STATE).exists():
        run.restore(outdir / STATE)
    else:
        replace_file(outdir / OPTIONS, json.dumps(options(run), indent=2).encode())
        grid(data.images[:: max(1, len(data) // GRID**2)][: GRID**2] / 127.5 - 1, GRID).save(
            outdir / "reals.png"
        )
    with stop_requested() as stopped:
        _loop(run, outdir, stopped, progress, clock)
    run.save(outdir / STATE)
    return snapshot(run, outdir)


def _loop(
    run: Run,
    outdir: Path,
    stopped: Callable[[], bool],
    progress: Callable[[TrainProgress], None] | None,
    clock: Callable[[], float],
) -> None:
    config, counters = run.config, run.counters
    before, saved = clock(), clock()
    while counters.shown < config.kimg * 1000 and not stopped():
        step(run)
        after = clock()
        counters.seconds += after - before
        run.statistics.add("Timing/sec_per_kimg", (after - before) / config.batch * 1000)
        before = after
        if counters.shown >= (counters.ticks + 1) * config.tick_kimg * 1000:
            _tick(run, outdir, progress, after)
            saved = after
        elif after - saved >= config.save_seconds:
            run.save(outdir / STATE)
            saved = after


def _tick(run: Run, outdir: Path, progress: Callable[[TrainProgress], None] | None, timestamp: float) -> None:
    counters, statistics = run.counters, run.statistics
    counters.ticks += 1
    statistics.add("Progress/tick", counters.ticks)
    statistics.add("Progress/kimg", counters.shown / 1000)
    statistics.add("Progress/augment", counters.augment_p)
    statistics.add("Timing/total_sec", counters.seconds)
    append_line(outdir / STATS, statistics.line(timestamp), counters.ticks - 1)
    if counters.ticks % run.config.snapshot_ticks == 0:
        snapshot(run, outdir)
    if progress is not None:
        progress(
            TrainProgress(
                counters.shown / 1000,
                run.config.kimg,
                1000 / statistics.mean("Timing/sec_per_kimg"),
                statistics.mean("Loss/G/loss"),
                statistics.mean("Loss/D/loss"),
                counters.augment_p,
            )
        )
    run.statistics = Statistics()
    run.save(outdir / STATE)


def snapshot(run: Run, outdir: Path) -> Path:
    """Write the averaged generator and a grid of its images of fixed z."""
    name = f"{run.counters.shown // 1000:06d}"
    z = torch.randn(GRID**2, run.config.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        grid(run.average(z), GRID).save(outdir / f"fakes{name}.png")
    path = outdir / f"network-snapshot-{name}.safetensors"
    facts = {"config": asdict(run.average.config), "kimg": run.counters.shown / 1000}
    write_tensors(path, run.average.state_dict(), facts)
    return path


def options(run: Run) -> dict[str, Any]:
    """Give the run's settings by the names that StyleGAN2 training runs use."""
    config, data = run.config, run.data
    adaptive = {"ada_target": config.ada_target, "ada_kimg": config.ada_kimg}
    fixed = {"augment_p": config.augment_p}
    chosen = {"adaptive": adaptive, "fixed": fixed, "none": {}}[config.augment]
    return {
        "training_set_kwargs": {"resolution": data.resolution, "max_size": len(data), "xflip": config.xflip},
        "loss_kwargs": {"r1_gamma": config.r1_gamma, "pl_weight": config.path_weight},
        "G_kwargs": asdict(run.generator.config),
        "D_kwargs": asdict(run.discriminator.config),
        "random_seed": config.seed,
        "batch_size": config.batch,
        "total_kimg": config.kimg,
        "ema_kimg": config.ema_kimg,
        "resume_pkl": None,
        **chosen,
        "augment_kwargs": {} if config.augment == "none" else {"changes": ["move", "change_grey", "cut_out"]},
        "blindread": asdict(config),
    }


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM and SIGINT into a question that the loop asks between steps; the old handlers return at the end."""
    asked: list[int] = []
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in kept:
        signal.signal(number, lambda number, _frame: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
