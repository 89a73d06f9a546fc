"""Real servers for tests: processes on loopback that can be stopped, killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx2


def started(command, environ, log=None):
    """A process whose stdout and stderr are added to a file, or only dropped."""
    if log is None:
        return subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    with log.open("ab") as out:
        return subprocess.Popen(command, env=environ, stdout=out, stderr=out)


class Server:
    """`blindread serve` on a port of its own, killed and started again; what it writes to stderr goes to `log`, if given.

    `under` is a command that becomes the server, for limits of the system.
    """

    def __init__(self, data_dir, log=None, under=(), **environ):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data_dir), **environ}
        self.log, self.under = log, under
        self.process = None

    def start(self):
        command = [*self.under, sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)]
        self.process = started(command, self.environ, self.log)
        deadline = time.monotonic() + 60
        while True:
            try:
                return httpx2.get(f"{self.url}/healthz", timeout=2)
            except httpx2.TransportError:
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) == 0
