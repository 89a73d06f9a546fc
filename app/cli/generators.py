"""The generator commands: sample, checkpoint inspect, train, verify --render. Imports torch, so it is loaded on demand."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from app.checkpoint_files import inspect_in_child
from app.cli.opened import opened
from app.cli.weight_files import imported_folder, in_a_sentence, ours
from app.errors import InvalidError
from app.imaging import stimulus
from app.services import checkpoints, imagesets
from app.services.samples import parse_seeds
from models import checkpoint
from models import sample as sampling
from models.data import read_folder
from models.network import Generator
from models.rendering import Rendering, same_image
from models.train import TrainConfig, TrainProgress
from models.train import train as run_training

_RENDERED_AGAIN = 32


def sample(
    environ: Mapping[str, str],
    file: Path,
    *,
    seeds: str,
    trunc: float,
    noise_mode: str,
    class_index: int | None,
    cutoff: int | None,
    outdir: Path,
    device: str,
) -> None:
    """Write seed0000.png, … to `outdir`; a foreign file is read once by a child and then kept under its SHA-256."""
    numbers = parse_seeds(seeds)
    with in_a_sentence(), tempfile.TemporaryDirectory() as temporary:
        settings = sampling.Settings(trunc, noise_mode, class_index, cutoff)
        places = sampling.pick_devices(device)
        weights = ours(file, imported_folder(environ, Path(temporary)))
        generators = [checkpoint.load(weights, place) for place in places]
        batches = sampling.sample_ahead(generators, numbers, settings)
        outdir.mkdir(parents=True, exist_ok=True)
        images = (image for batch in batches for image in batch)
        shown = track(images, "Sampling", len(numbers), console=_console(), disable=not sys.stderr.isatty())
        for seed, pixels in shown:
            _write(outdir / f"seed{seed:04d}.png", Image.fromarray(pixels))


def _write(path: Path, image: Image.Image) -> None:
    partial = path.with_name(path.name + ".partial")
    image.save(partial, format="PNG")
    partial.replace(path)


def _console() -> Console:
    return Console(stderr=True)


def inspect(file: Path, *, as_json: bool) -> None:
    """Print what a checkpoint is, as a table or as JSON; the file is read by a child with limits."""
    if not file.is_file():
        raise InvalidError(f"{file} is no file.")
    facts = inspect_in_child(file)
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for words, value in checkpoints.said(facts):
        table.add_row(words, value)
    Console().print(table)


def verify_renders(environ: Mapping[str, str], session_id: str) -> None:
    """Render sampled images again, spread over all of them, and compare; raises InvalidError naming the first that differs."""
    with opened(environ) as (_, database, artifacts), in_a_sentence():
        with database.read() as db:
            there = imagesets.sampled(db, session_id or None)
        places = np.unique(np.linspace(0, len(there) - 1, min(_RENDERED_AGAIN, len(there))).astype(int))
        loaded: dict[str, Generator] = {}
        for stored in (there[place] for place in places):
            told = Rendering.from_json(dict(stored.facts))
            if stored.artifact not in loaded:
                loaded = {stored.artifact: checkpoint.load(artifacts.local_path(stored.artifact))}
            _render_again(
                told, loaded[stored.artifact], artifacts.get_content("images", stored.sha256, ".png")
            )
    print(f"{len(places)} of {len(there)} sampled images were rendered again and are the same.")


def _render_again(told: Rendering, generator: Generator, stored: bytes) -> None:
    ((_, again),) = sampling.sample(generator, [told.seed], told.settings())
    if not same_image(again, stimulus.decode(stored), told.dtype):
        raise InvalidError(
            f"A stored image is not what its checkpoint {told.checkpoint_sha256[:12]} draws for seed {told.seed}."
        )


Augment = Literal["none", "fixed", "adaptive"]


def train(
    data: Path,
    outdir: Path,
    *,
    kimg: float,
    batch: int,
    channels: int,
    channels_max: int,
    r1_gamma: float,
    augment: Augment,
    xflip: bool,
    seed: int,
) -> None:
    """Train on a folder of PNG images until done or interrupted; the same command goes on where it stopped."""
    with in_a_sentence(), _bar() as bar:
        settings = TrainConfig(
            kimg=kimg,
            batch=batch,
            channels=channels,
            channels_max=channels_max,
            discriminator_channels=channels,
            discriminator_channels_max=channels_max,
            r1_gamma=r1_gamma,
            augment=augment,
            xflip=xflip,
            seed=seed,
        )
        images = read_folder(data)
        task = bar.add_task("Training", total=settings.kimg)

        def tell(now: TrainProgress) -> None:
            bar.update(task, completed=now.kimg)
            bar.console.print(
                f"{now.kimg:.1f} kimg, {now.images_per_second:.1f} images/s, loss G {now.generator_loss:.3f}"
                f" D {now.discriminator_loss:.3f}, augmentation {now.augment_p:.2f}"
            )

        newest = run_training(settings, images, outdir, tell)
    print(newest)


def _bar() -> Progress:
    return Progress(console=_console(), disable=not sys.stderr.isatty())
