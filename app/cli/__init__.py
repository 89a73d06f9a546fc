"""The `blindread` command. Each command is declared here and done elsewhere, loaded when it is called."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.errors import AppError

app = typer.Typer(
    name="blindread",
    help="Visual Turing tests of medical images: sessions, samples, reports.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
user_app = typer.Typer(help="Researchers and admins.", no_args_is_help=True)
images_app = typer.Typer(help="Sets of real images.", no_args_is_help=True)
checkpoint_app = typer.Typer(help="Trained generators.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of the API.", no_args_is_help=True)
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(images_app, name="images")
app.add_typer(checkpoint_app, name="checkpoint")

Port = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Port to listen on; BLINDREAD_PORT or 8000.")
]
Owner = Annotated[str, typer.Option(help="E-mail of the user to own it; default the first admin.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:N, several as cuda:0,cuda:1, or auto.")]


def main() -> None:
    """Run the command; exit with 2 and one sentence on stderr where it cannot be done."""
    try:
        code = app(standalone_mode=False)
    except _refusals() as error:
        print(_sentence(error), file=sys.stderr)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _refusals() -> tuple[type[Exception], ...]:
    """What ends in a sentence; SQLAlchemy's where it is loaded, as commands without a database start faster without it."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return (AppError, typer.TyperException, *([loaded.SQLAlchemyError] if loaded else []))


def _sentence(error: Exception) -> str:
    if isinstance(error, AppError):
        return error.sentence
    if isinstance(error, typer.TyperException):
        return error.format_message()
    return f"The database cannot be used: {getattr(error, 'orig', None) or error}."


@app.command()
def demo(
    port: Port = None,
    prepare: Annotated[bool, typer.Option("--prepare", help="Prepare and print, but start nothing.")] = False,
) -> None:
    """Prepare a demonstration, start server and worker on this machine alone, print how to sign in."""
    from app import demo as demonstration

    demonstration.run(os.environ, port, prepare_only=prepare)


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; BLINDREAD_HOST or 127.0.0.1.")
    ] = None,
    port: Port = None,
) -> None:
    """Start the web server."""
    from app.cli import processes

    processes.serve(os.environ, host, port)


@app.command()
def worker(
    device: Device = "auto",
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at a time.")] = 1,
) -> None:
    """Start the worker that imports, samples, freezes and reports."""
    from app.cli import processes

    processes.work(os.environ, device, concurrency)


@app.command()
def migrate() -> None:
    """Bring the database to this program's schema."""
    from app.cli import processes

    processes.migrate(os.environ)


@user_app.command("add")
def user_add(
    email: str,
    role: Annotated[str, typer.Option(help="admin or researcher.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
) -> None:
    """Add a user; without --password-stdin a password is made and printed once."""
    from app.cli import studies

    studies.add_user(os.environ, email, role, sys.stdin.readline().rstrip("\n") if password_stdin else None)


@token_app.command("add")
def token_add(
    email: str,
    name: Annotated[str, typer.Option(help="What it is for.")],
    days: Annotated[int, typer.Option(help="30, 90 or 365.")] = 90,
    read_only: Annotated[bool, typer.Option("--read-only", help="It changes nothing.")] = False,
) -> None:
    """Make a token of the API for a user; it is printed once."""
    from app.cli import tokens

    tokens.add(os.environ, email, name, days, read_only=read_only)


@token_app.command("list")
def token_list(email: str) -> None:
    """Tell a user's tokens: id, name, until when, last used."""
    from app.cli import tokens

    tokens.tell(os.environ, email)


@token_app.command("revoke")
def token_revoke(token: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Make a token useless, by its id."""
    from app.cli import tokens

    tokens.revoke(os.environ, token)


@images_app.command("import")
def images_import(
    name: str,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...")],
    window: Annotated[
        str, typer.Option(help="abdomen, lung, brain, bone, mediastinum (CT), or percentiles.")
    ] = "",
    window_center: Annotated[str, typer.Option(help="Window centre, in the image's units.")] = "",
    window_width: Annotated[str, typer.Option(help="Window width, in the image's units.")] = "",
    size: Annotated[str, typer.Option(help="Side of the square images in pixels.")] = "",
    rotate: Annotated[str, typer.Option(help="0, 90, 180 or 270 degrees, clockwise.")] = "",
    flip: Annotated[str, typer.Option(help="none, left-right, up-down or both.")] = "",
    square: Annotated[str, typer.Option(help="pad (with black) or crop (the centre).")] = "",
    side: Annotated[str, typer.Option(help="Cut a centred square of so many pixels first.")] = "",
    axis: Annotated[str, typer.Option(help="Volumes: axial, coronal or sagittal slices.")] = "",
    first: Annotated[str, typer.Option(help="Volumes: first slice, from 1.")] = "",
    last: Annotated[str, typer.Option(help="Volumes: last slice.")] = "",
    every: Annotated[str, typer.Option(help="Volumes: every so-manieth slice.")] = "",
    min_share: Annotated[
        str, typer.Option("--min-foreground", help="Keep slices with so many per cent of foreground.")
    ] = "",
    threshold: Annotated[str, typer.Option(help="Foreground is brighter than this grey level, 0-254.")] = "",
    masks: Annotated[
        list[Path] | None, typer.Option(help="NIfTI masks (file or folder): keep the slices that they mark.")
    ] = None,
    per_patient: Annotated[str, typer.Option(help="At most so many slices a patient, evenly spread.")] = "",
    owner: Owner = "",
) -> None:
    """Import DICOM, NIfTI, PNG, JPEG and TIFF files, folders or zips as a set of real images."""
    from app.cli import studies

    texts = {
        "window": window,
        "window_center": window_center,
        "window_width": window_width,
        "size": size,
        "rotate": rotate,
        "flip": flip,
        "square": square,
        "side": side,
        "axis": axis,
        "first": first,
        "last": last,
        "every": every,
        "min_share": min_share,
        "threshold": threshold,
        "per_patient": per_patient,
    }
    studies.import_images(os.environ, name, paths, masks or [], texts, owner)


@app.command()
def export(
    session: str,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    reader: Annotated[
        str, typer.Option(help="A reader's code: only this reader's figures and answers.")
    ] = "",
) -> None:
    """Write a closed session's metrics, ratings, codebook and manifest; the look at truth is logged."""
    from app.cli import studies

    studies.export(os.environ, session, out, reader)


@app.command()
def audit(session: str, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look for what gives a frozen session's synthetic images away; ends with 0 where it may be opened."""
    from app.cli import studies

    studies.audit(os.environ, session, as_json=as_json)


@app.command()
def verify(
    session: Annotated[
        str, typer.Argument(help="A session's id, or an exported manifest.json, which is checked on its own.")
    ] = "",
    render: Annotated[
        bool, typer.Option("--render", help="Also render some sampled images again and compare.")
    ] = False,
    exported: Annotated[
        Path | None,
        typer.Option(
            help="An export's folder, or its audit_head.json, manifest.json, report.json or person.json: the audit trail must go back to its head."
        ),
    ] = None,
    renew_head: Annotated[
        str,
        typer.Option(
            metavar="REASON",
            help="First take the trail as it is for the right one, as after restoring a dump.",
        ),
    ] = "",
) -> None:
    """Check the audit trail, and a session against its manifest: stimuli, stored images, truth, orders (all sessions without one)."""
    from app.cli import studies

    if session.endswith(".json"):
        studies.verify_exported(Path(session))
        return
    if renew_head:
        studies.renew_head(os.environ, renew_head)
    studies.verify(os.environ, session, exported)
    if render:
        from app.cli import generators

        generators.verify_renders(os.environ, session)


@app.command()
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


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make; it must not be there yet.")],
) -> None:
    """Back up the whole installation into one file, while readers go on."""
    from app.cli import backups

    backups.backup(os.environ, file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `backup` made.")],
    erasures: Annotated[
        Path | None,
        typer.Option(
            help="The erasures.jsonl of the old data folder: what it lists is erased again. One that lies in this folder is read anyway."
        ),
    ] = None,
) -> None:
    """Put a backup into a data folder that holds no database, and erase again who was erased since."""
    from app.cli import backups

    backups.restore(os.environ, file, erasures)


@app.command()
def erase(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The session's id.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The reader's code.")],
    reason: Annotated[
        str, typer.Option(help="Why, for the audit trail; name nobody.", prompt="Why (name nobody)")
    ],
    ratings: Annotated[
        bool, typer.Option("--ratings/--identity", help="All ratings, too, or who it was alone.")
    ],
) -> None:
    """Erase a reader on request, for good: who that was, or that and all ratings."""
    from app.cli import studies

    studies.erase(os.environ, session, code, reason, ratings=ratings)


@app.command()
def reproduce() -> None:
    """The published results of Woodland et al. 2022 beside what this code computes from the same figures."""
    from app.cli import reproduction

    reproduction.show()


@app.command(name="experiments")
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@checkpoint_app.command("import")
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
    from app.cli import studies

    studies.import_checkpoint(os.environ, file, name or file.stem, owner)


@checkpoint_app.command("inspect")
def checkpoint_inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what a checkpoint is; nothing in the file is run."""
    from app.cli import generators

    generators.inspect(file, as_json=as_json)


@app.command()
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
