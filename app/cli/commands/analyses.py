"""Commands that compute and print, without a database."""

import os
from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def report(
    ratings: Annotated[
        Path, typer.Argument(metavar="RATINGS.csv", help="A row an answer; see the users' guide.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    points: Annotated[int, typer.Option(min=2, max=100, help="Points of the Likert scale.")] = 5,
    margin: Annotated[
        float, typer.Option(min=0.01, max=0.49, help="Margin of equivalence with chance, as a fraction.")
    ] = 0.1,
    distances: Annotated[
        Path | None,
        typer.Option(
            metavar="DISTANCES.csv", help="Columns model, extractor and distance, against mean FPR."
        ),
    ] = None,
) -> None:
    """Compute per-reader metrics and tables from a spreadsheet of ratings."""
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # for products so small a second thread waits longer than it works
    from app.cli import reports

    reports.report(ratings, out, points, margin, distances)


@commands.command()
def reproduce() -> None:
    """The published results of Woodland et al. 2022 beside what this code computes from the same figures."""
    from app.cli import reproduction

    reproduction.show()


@commands.command(name="experiments")
def compare_experiments(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN_DIR…", help="Folders of training runs, an experiment each.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder to write tables and figures to.")] = None,
    budget: Annotated[
        float | None, typer.Option(min=0, help="Choose among snapshots up to so many kimg.")
    ] = None,
    baseline: Annotated[str, typer.Option(help="The run that improvements are relative to.")] = "",
) -> None:
    """Training experiments side by side: best snapshots, relative improvements, and where losses diverge."""
    from app.cli import experiments

    experiments.compare(runs, out, budget, baseline)


@commands.command()
def mrmc(
    scores: Annotated[
        Path,
        typer.Argument(
            metavar="SCORES.csv",
            help="Columns reader, case, modality, truth and score; a higher score is more real.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    centred: Annotated[
        bool,
        typer.Option("--centred", help="Where scores are missing, analyse as reports do, not as published."),
    ] = False,
) -> None:
    """AUCs over readers and images, and their differences between modalities (Gallas's one-shot analysis)."""
    from app.cli import analyses

    analyses.mrmc(scores, as_json=as_json, centred=centred)


@commands.command()
def plan(
    readers: Annotated[int, typer.Option(min=1, max=10_000, help="Readers.")],
    images: Annotated[int, typer.Option(min=1, max=100_000, help="Synthetic images; as many real ones.")],
    rate: Annotated[float, typer.Option(min=0.01, max=0.99, help="Expected mean FPR.")] = 0.5,
    reader_sd: Annotated[float, typer.Option(min=0, max=0.5, help="SD of readers' rates.")] = 0.15,
    image_sd: Annotated[float, typer.Option(min=0, max=0.5, help="SD of images' rates.")] = 0.15,
    delta: Annotated[
        float, typer.Option(min=0.01, max=0.49, help="Margin of equivalence with chance.")
    ] = 0.1,
) -> None:
    """What a study of so many readers and images can show, before it opens."""
    from app.cli import analyses

    analyses.plan(readers, images, rate, reader_sd, image_sd, delta)
