"""Start the long-running processes: server, worker; and migrate."""

import gc
import resource
import signal
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace

import structlog
import uvicorn

from app import logs, schema
from app.db import Database
from app.errors import InvalidError
from app.main import create_app
from app.settings import keep_private, load_settings

STOP_SECONDS = 10
KEEP_SECONDS = 75  # a browser's connection between two images; who thinks longer opens another
MOST_FILES, FEW_FILES = 65_536, 4_096

log = structlog.get_logger()


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
    _allow_many_connections()
    _look_for_garbage_seldom()
    uvicorn.run(
        application,
        host=settings.host,
        port=settings.port,
        access_log=False,  # addresses hold readers' links
        log_config=None,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=KEEP_SECONDS,
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


def _look_for_garbage_seldom() -> None:
    """Leave the program's own parts alone, and what requests leave for longer: a search through all of it holds every reader up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _allow_many_connections() -> None:
    """Open as many files as an administrator lets us: usual limits are 1,024, and each browser keeps some connections."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (MOST_FILES if limit == resource.RLIM_INFINITY else limit for limit in limits)
    allowed = max(soft, min(hard, MOST_FILES))
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, limits[1]))
    if allowed < FEW_FILES:
        log.warning("few open files are allowed", files=allowed, wanted=FEW_FILES)


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
