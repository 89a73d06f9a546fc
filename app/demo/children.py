"""Server and worker as children of the demonstration: started together, ended together."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping

from app.errors import AppError
from app.settings import Settings

HOST = "127.0.0.1"
START_SECONDS = 60


def start(settings: Settings, environ: Mapping[str, str]) -> list[subprocess.Popen[bytes]]:
    shared = {**environ, "BLINDREAD_DATA_DIR": str(settings.data_dir), "BLINDREAD_BASE_URL": ""}
    command = [sys.executable, "-m", "app.cli"]
    arguments = (["serve", "--host", HOST, "--port", str(settings.port)], ["worker"])
    # A session of their own: Ctrl-C reaches this process alone, which then ends both in order.
    return [subprocess.Popen([*command, *more], env=shared, start_new_session=True) for more in arguments]


def wait_until_ready(settings: Settings, children: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(settings):
        if any(child.poll() is not None for child in children):
            raise AppError("The server or the worker did not start; the lines above say why.")
        if time.monotonic() > deadline:
            raise AppError(f"The server did not answer within {START_SECONDS} seconds.")
        time.sleep(0.1)


def taken(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return True
    return False


def _answers(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{settings.port}/healthz", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def wait(children: list[subprocess.Popen[bytes]]) -> None:
    """Wait until SIGINT or SIGTERM; raises AppError where a child ends by itself."""
    stopped = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    while not stopped:
        if any(child.poll() is not None for child in children):
            raise AppError("The server or the worker ended by itself; the lines above say why.")
        time.sleep(0.2)


def end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
