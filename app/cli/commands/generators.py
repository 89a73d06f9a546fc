"""Commands on trained generators: checkpoints, samples, distances, training."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.commands.options import Device, Owner

commands = typer.Typer()
checkpoint_commands = typer.Typer(help="Trained generators.", no_args_is_help=True)
commands.add_typer(checkpoint_commands, name="checkpoint")


@commands.command()
def distance(
    real: Annotated[Path, typer.Argument(metavar="REAL", help="Folder of real images.")],
    synthetic: Annotated[Path, typer.Argument(metavar="SYNTHETIC", help="Folder of images, or a generator.")],
    extractor: Annotated[
        str | None, typer.Option(help="efficientnet-lite0 (default) or inception-v3.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="TorchScript or ONNX file of the network.")] = None,
    sha256: Annotated[str | None, typer.Option(help="SHA-256 of the weights: only that file is run.")] = None,
    seeds: Annotated[str, typer.Option(help="A generator's seeds, such as 0-4999.")] = "0-1999",
    trunc: Annotated[float, typer.Option(help="A generator's truncation psi; 1 is none.")] = 1.0,
    noise_mode: Annotated[str, typer.Option(help="const, none or random (seeded per image).")] = "random",
    class_index: Annotated[
        int | None, typer.Option("--class", help="Class, where there are classes.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws halves and blocks.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How far synthetic images are from real ones by a network's features: Fréchet, kernel, precision, recall."""
    from app.cli import distances

    asked = distances.Asked(extractor, weights, sha256, seeds, trunc, noise_mode, class_index, seed)
    distances.compare(os.environ, real, synthetic, asked, as_json=as_json)


@commands.command()
def sample(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .pkl or .pt of StyleGAN2, or our .safetensors.")
    ],
    seeds: Annotated[str, typer.Option(help="Seeds, such as 0-99 or 0-3,7.")],
    outdir: Annotated[Path, typer.Option(help="Folder to write seed0000.png, … to.")],
    trunc: Annotated[float, typer.Option(help="Truncation psi; 1 is none.")] = 1.0,
    noise_mode: Annotated[str, typer.Option(help="const, none or random (seeded per image).")] = "const",
    class_index: Annotated[
        int | None, typer.Option("--class", help="Class, where there are classes.")
    ] = None,
    trunc_cutoff: Annotated[
        int | None, typer.Option(help="Truncate only so many styles, those of the lowest resolutions.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Sample images from a trained generator; the same seed gives the same image."""
    from app.cli import generators

    generators.sample(
        os.environ,
        file,
        seeds=seeds,
        trunc=trunc,
        noise_mode=noise_mode,
        class_index=class_index,
        cutoff=trunc_cutoff,
        outdir=outdir,
        device=device,
    )


@checkpoint_commands.command("import")
def checkpoint_import(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|RUN_DIR",
            help="A .pkl or .pt of StyleGAN2, or our .safetensors; or the folder of a training run.",
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of a file's checkpoint; default the file's.")] = "",
    owner: Owner = "",
    experiment: Annotated[
        str, typer.Option(help="Name of a folder's experiment; default the folder's.")
    ] = "",
    snapshot: Annotated[
        str, typer.Option(help="Which of a folder's snapshots: best (as measured), last, all, or a kimg.")
    ] = "best",
    budget: Annotated[
        float | None, typer.Option(min=0, help="Choose among a folder's snapshots up to so many kimg.")
    ] = None,
) -> None:
    """Register a checkpoint, or a training run as an experiment with its snapshots; nothing in the files is run."""
    if file.is_dir():
        from app.cli import run_folders

        run_folders.import_run(os.environ, file, experiment, snapshot, budget, owner)
        return
    from app.cli import imports

    imports.import_checkpoint(os.environ, file, name or file.stem, owner)


@checkpoint_commands.command("inspect")
def checkpoint_inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what a checkpoint is; nothing in the file is run."""
    from app.cli import generators

    generators.inspect(file, as_json=as_json)


@commands.command()
def train(
    data: Annotated[Path, typer.Option(help="Folder of PNG images of one size, a power of two.")],
    outdir: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one goes on.")],
    kimg: Annotated[float, typer.Option(help="Thousands of images to show.")] = 300.0,
    batch: Annotated[int, typer.Option(help="Images a step.")] = 16,
    channels: Annotated[int, typer.Option(help="Features at full size; twice as many a halving.")] = 16,
    channels_max: Annotated[int, typer.Option(help="Most features of a layer.")] = 64,
    r1_gamma: Annotated[float, typer.Option("--gamma", help="Weight of the R1 penalty.")] = 0.5,
    augment: Annotated[
        Literal["none", "fixed", "adaptive"], typer.Option(help="Change of what the discriminator sees.")
    ] = "adaptive",
    xflip: Annotated[bool, typer.Option(help="Mirror half of the images left to right.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the weights and of all draws.")] = 0,
) -> None:
    """Train a small StyleGAN2; stop it and start it again at will."""
    from app.cli import generators

    generators.train(
        data,
        outdir,
        kimg=kimg,
        batch=batch,
        channels=channels,
        channels_max=channels_max,
        r1_gamma=r1_gamma,
        augment=augment,
        xflip=xflip,
        seed=seed,
    )
