"""Commands on what a study is made of: real images, its sessions, the whole installation as a file."""

import os
from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import Owner

commands = typer.Typer()
image_commands = typer.Typer(help="Sets of real images.", no_args_is_help=True)
commands.add_typer(image_commands, name="images")


@image_commands.command("import")
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
    from app.cli import imports

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
    imports.import_images(os.environ, name, paths, masks or [], texts, owner)


@commands.command()
def export(
    session: str,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    reader: Annotated[
        str, typer.Option(help="A reader's code: only this reader's figures and answers.")
    ] = "",
) -> None:
    """Write a closed session's metrics, ratings, codebook and manifest; the look at truth is logged."""
    from app.cli import exports

    exports.export(os.environ, session, out, reader)


@commands.command()
def audit(session: str, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look for what gives a frozen session's synthetic images away; ends with 0 where it may be opened."""
    from app.cli import audits

    audits.audit(os.environ, session, as_json=as_json)


@commands.command()
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
    from app.cli import verification

    if session.endswith(".json"):
        verification.verify_exported(Path(session))
        return
    if renew_head:
        verification.renew_head(os.environ, renew_head)
    verification.verify(os.environ, session, exported)
    if render:
        from app.cli import generators

        generators.verify_renders(os.environ, session)


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make; it must not be there yet.")],
) -> None:
    """Back up the whole installation into one file, while readers go on."""
    from app.cli import backups

    backups.backup(os.environ, file)


@commands.command()
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
