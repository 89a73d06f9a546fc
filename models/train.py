"""Training a StyleGAN2 on a small set of images: the loop, its ticks and snapshots, and stopping at any time."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from models.checkpoint import save
from models.data import TrainingSet
from models.run_files import OPTIONS, STATE, STATS, Statistics, append_line, grid
from models.train_config import TrainConfig, options
from models.train_run import Run
from models.train_step import step
from models.whole_files import replace_file

__all__ = ["TrainConfig", "TrainProgress", "train"]

GRID = 6  # rows and columns of the sample grids


@dataclass(frozen=True)
class TrainProgress:
    """What a tick reports."""

    kimg: float
    total_kimg: float
    images_per_second: float
    generator_loss: float
    discriminator_loss: float
    augment_p: float


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
        replace_file(outdir / OPTIONS, json.dumps(options(config, data), indent=2).encode())
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
    before = saved = clock()
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
    save(run.average, path, {"kimg": run.counters.shown / 1000})
    return path


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
