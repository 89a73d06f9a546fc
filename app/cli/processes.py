"""Start the long-running processes: server, worker; and migrate."""

import signal
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace

import uvicorn

from app import logs, schema
from app.db import Database
from app.errors import InvalidError
from app.main import create_app
from app.settings import keep_private, load_settings

STOP_SECONDS = 10


def serve(environ: Mapping[str, str], host: str | None, port: int | None) -> None:
    """Serve until SIGINT or SIGTERM; requests in hand are answered first."""
    keep_private()
    settings = load_settings(environ)
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    logs.to_stderr(settings.log_format)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(
            number, lambda *_: None
        )  # uvicorn stops first and then raises the signal again: that is no failure
    application = create_app(settings)
    _require_free(settings.host, settings.port)
    uvicorn.run(
        application,
        host=settings.host,
        port=settings.port,
        access_log=False,  # addresses hold readers' links
        log_config=None,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def work(environ: Mapping[str, str], device: str, concurrency: int) -> None:
    """Work until SIGINT or SIGTERM; the batch in hand is finished first."""
    try:
        from app import worker
    except ModuleNotFoundError as error:
        raise InvalidError(f"The worker needs {error.name}: install the extra “worker”.") from error

    keep_private()
    settings = load_settings(environ)
    logs.to_stderr(settings.log_format)
    parts = worker.Parts.build(settings, device)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        worker.run(parts, stopping, concurrency)
    except worker.Refusal as refusal:
        raise InvalidError(str(refusal)) from refusal


def _require_free(host: str, port: int) -> None:
    """Raise InvalidError where the address cannot be listened on."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        raise InvalidError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error


def migrate(environ: Mapping[str, str]) -> None:
    """Bring the database up to date."""
    keep_private()
    database = Database(load_settings(environ).database_url)
    schema.upgrade(database)
    database.close()
