"""Start a child process with limits, wait for it, end it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

MOST_OUTPUT = 64 * 2**20
_ROOT = Path(__file__).resolve().parents[2]
Stream = IO[bytes] | int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: address space, processor time, size of each file it writes (stdout, too), clock time."""

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended; `returncode` is negative where a signal ended it. Output beyond MOST_OUTPUT is dropped."""

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool


def run(
    argv: Sequence[str],
    limits: Limits,
    *,
    stdin: bytes = b"",
    cwd: Path | None = None,
    writable: Path | None = None,
) -> Finished:
    """Run a command to its end, or kill it and all it started when its time is up.

    With `writable` the command must be `[sys.executable, "-m", MODULE, …]`: the module and what it imports are loaded
    first, then locked down (see `lock_down`) with that folder as the only place to write to.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        child = start(argv, limits, (given, out, err), cwd=cwd, writable=writable)
        timed_out = False
        try:
            child.wait(limits.wall_seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            end(child)
        out.seek(0)
        err.seek(0)
        return Finished(child.returncode, out.read(MOST_OUTPUT), err.read(MOST_OUTPUT), timed_out)


def start(
    argv: Sequence[str],
    limits: Limits,
    streams: tuple[Stream, Stream, Stream],
    *,
    cwd: Path | None = None,
    writable: Path | None = None,
    renewable: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child on these (stdin, stdout, stderr); it dies with the thread that started it.

    `renewable`: the child may give itself processor time anew, for each question of a conversation.
    """
    told = asdict(limits) | {
        "parent": os.getpid(),
        "renewable": renewable,
        "writable": str(writable.resolve()) if writable else None,
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app.sandbox", json.dumps(told), *argv],
        stdin=streams[0],
        stdout=streams[1],
        stderr=streams[2],
        cwd=cwd,
        env=_environment(writable),
        start_new_session=True,
    )


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and its process group, and wait for it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _environment(writable: Path | None) -> dict[str, str]:
    """No secret, no proxy, no setting of the parent; one thread, because each costs address space."""
    return {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "TMPDIR": str(writable.resolve()) if writable else tempfile.gettempdir(),
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
