"""Real servers for tests: processes on loopback that can be stopped, killed and started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache

import httpx2


def started(command, environ, log=None):
    """A process whose stdout and stderr are added to a file, or only dropped."""
    if log is None:
        return subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    with log.open("ab") as out:
        return subprocess.Popen(command, env=environ, stdout=out, stderr=out)


class Forked:
    """A server that the zygote became: signals go to the process itself, its exit status comes from there."""

    def __init__(self, environ, log, port):
        self.pid = _asked({"environ": environ, "log": log and str(log), "port": port})
        self.ended = None

    def send_signal(self, number):
        if self.ended is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout=None):
        if self.ended is None:
            self.ended = _asked({"wait": self.pid})
        return self.ended


@cache
def _zygote():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-m", "tests.zygote"]
    return subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


_one_at_a_time = threading.Lock()


def _asked(question):
    with _one_at_a_time:
        zygote = _zygote()
        print(json.dumps(question), file=zygote.stdin, flush=True)
        return int(zygote.stdout.readline())


class Server:
    """`blindread serve` on a port of its own, killed and started again; what it writes to stderr goes to `log`, if given.

    `under` is a command that becomes the server, for limits of the system. Without one, and without a library to load first, it is forked.
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
        if self.under or "LD_PRELOAD" in self.environ:
            command = [*self.under, sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)]
            self.process = started(command, self.environ, self.log)
        else:
            self.process = Forked(self.environ, self.log, self.port)
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
