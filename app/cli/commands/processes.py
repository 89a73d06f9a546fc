"""Commands that start and prepare: the demonstration, the server, the worker, the database."""

import os
from typing import Annotated

import typer

from app.cli.commands.options import Device

commands = typer.Typer()

Port = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Port to listen on; BLINDREAD_PORT or 8000.")
]


@commands.command()
def demo(
    port: Port = None,
    prepare: Annotated[bool, typer.Option("--prepare", help="Prepare and print, but start nothing.")] = False,
) -> None:
    """Prepare a demonstration, start server and worker on this machine alone, print how to sign in."""
    from app import demo as demonstration

    demonstration.run(os.environ, port, prepare_only=prepare)


@commands.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; BLINDREAD_HOST or 127.0.0.1.")
    ] = None,
    port: Port = None,
) -> None:
    """Start the web server."""
    from app.cli import processes

    processes.serve(os.environ, host, port)


@commands.command()
def worker(
    device: Device = "auto",
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at a time.")] = 1,
) -> None:
    """Start the worker that imports, samples, freezes and reports."""
    from app.cli import processes

    processes.work(os.environ, device, concurrency)


@commands.command()
def migrate() -> None:
    """Bring the database to this program's schema."""
    from app.cli import processes

    processes.migrate(os.environ)
