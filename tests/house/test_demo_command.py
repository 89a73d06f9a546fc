"""`blindread demo`: prepares, starts both processes, prints how to sign in with the reader's link last; Ctrl-C ends all."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(240)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(data, port):
    """The running command, its output in files beside the data folder."""
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data)}
    command = [sys.executable, "-m", "app.cli", "demo", "--port", str(port)]
    with (data.parent / "out").open("w") as out, (data.parent / "err").open("w") as err:
        return subprocess.Popen(command, env=environ, stdout=out, stderr=err)


def read_until_link(data, process, seconds=120):
    deadline = time.monotonic() + seconds
    while True:
        lines = (data.parent / "out").read_text().splitlines()
        if lines and "/r/" in lines[-1]:
            return lines
        assert process.poll() is None, (data.parent / "err").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def interrupt(process):
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def children_of(data):
    """Processes that work on this data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"BLINDREAD_DATA_DIR={data}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(process.name)
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "data"


def test_it_starts_prints_the_link_last_and_ends_cleanly(data):
    port = free_port()
    process = start(data, port)
    lines = read_until_link(data, process)
    assert lines[-1].startswith(f"http://127.0.0.1:{port}/r/")
    assert any("researcher@demo.example" in line for line in lines)
    with urllib.request.urlopen(lines[-1], timeout=10) as page:
        assert "invited" in page.read().decode()
    assert len(children_of(data)) == 3
    interrupt(process)
    assert (data.parent / "out").read_text().splitlines() == lines
    assert children_of(data) == []


def password_in(lines):
    return next(line.split()[-1] for line in lines if line.strip().startswith("password"))


def worker_of(data):
    """The process id of the worker on this data folder, None while there is none."""
    for pid in children_of(data):
        with contextlib.suppress(OSError):
            if b"worker" in (Path("/proc") / pid / "cmdline").read_bytes().split(b"\0"):
                return int(pid)
    return None


def test_a_worker_that_dies_is_started_again_and_the_server_goes_on(data):
    port = free_port()
    process = start(data, port)
    read_until_link(data, process)
    first = worker_of(data)
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while worker_of(data) in {first, None}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as page:
        assert page.status == 200
    interrupt(process)


def test_a_second_start_prepares_nothing_again(data):
    port = free_port()
    if not data.exists():  # the tests before may run elsewhere
        first = start(data, free_port())
        read_until_link(data, first)
        interrupt(first)
    before = (data / "demo.json").read_text()
    process = start(data, port)
    lines = read_until_link(data, process)
    interrupt(process)
    assert (data / "demo.json").read_text() == before
    assert re.fullmatch(r"[\w-]{20}", password_in(lines))


def test_a_taken_port_gets_a_sentence(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(data, taken.getsockname()[1])
        assert process.wait(60) == 2
    assert (data.parent / "out").read_text() == ""
    assert (
        (data.parent / "err")
        .read_text()
        .strip()
        .splitlines()[-1]
        .startswith("Something else listens on port")
    )


def test_passwords_are_other_ones_each_time_and_nobody_else_reaches_it(data, tmp_path, monkeypatch):
    """Whatever the settings say: it listens where this machine alone comes in."""
    monkeypatch.setenv("BLINDREAD_HOST", "0.0.0.0")
    passwords = set()
    for folder in (data, tmp_path / "another"):
        port = free_port()
        process = start(folder, port)
        passwords.add(password_in(read_until_link(folder, process)))
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        with pytest.raises(ConnectionRefusedError):  # another of this machine's addresses
            socket.create_connection(("127.0.0.2", port), timeout=5)
        interrupt(process)
    assert len(passwords) == 2
