"""Server and worker as children of the demonstration: started together, ended together."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.errors import AppError
from app.settings import Settings

HOST = "127.0.0.1"
START_SECONDS = 60
MOST_STARTS = 10


@dataclass(slots=True)
class Child:
    """A process of ours, which can be started again."""

    command: list[str]
    environ: dict[str, str]
    process: subprocess.Popen[bytes] = field(init=False)
    starts: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches the parent alone, which then ends its children in order.
        self.process = subprocess.Popen(self.command, env=self.environ, start_new_session=True)
        self.starts += 1

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None


def start(settings: Settings, environ: Mapping[str, str]) -> list[Child]:
    """The server and the worker."""
    shared = {**environ, "BLINDREAD_DATA_DIR": str(settings.data_dir), "BLINDREAD_BASE_URL": ""}
    arguments = (["serve", "--host", HOST, "--port", str(settings.port)], ["worker"])
    return [Child([sys.executable, "-m", "app.cli", *more], shared) for more in arguments]


def wait_until_ready(settings: Settings, children: list[Child]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(settings):
        if any(child.ended for child in children):
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


def wait(children: list[Child]) -> None:
    """Wait until SIGINT or SIGTERM; a child that ends by itself is started again, AppError where that happens often."""
    stopped = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    while not stopped:
        for child in children:
            if child.ended and child.starts >= MOST_STARTS:
                raise AppError(
                    "The server or the worker ended by itself again and again; the lines above say why."
                )
            if child.ended:
                child.start()
        time.sleep(0.2)


def end(children: list[Child]) -> None:
    for child in children:
        if not child.ended:
            child.process.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
