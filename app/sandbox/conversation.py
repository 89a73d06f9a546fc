"""A long-lived child that answers one JSON line with another: the parent's side and the child's."""

import json
import os
import resource
import selectors
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Self

from app.sandbox.process import Limits, end, start

MOST_REPLY = 64 * 2**20


class Stopped(Exception):  # noqa: N818 - an expected end, not an error of ours
    """The child died or was killed before it answered; `timed_out` says which. The next `ask` starts another."""

    def __init__(self, *, timed_out: bool) -> None:
        super().__init__("the child took too long" if timed_out else "the child died")
        self.timed_out = timed_out


class Conversation:
    """Asks questions of a child, which is started at the first one and again after it stopped. Not for several threads."""

    def __init__(self, argv: Sequence[str], limits: Limits, cwd: Path | None, writable: Path | None) -> None:
        self._argv, self._limits, self._cwd, self._writable = argv, limits, cwd, writable
        self._child: subprocess.Popen[bytes] | None = None

    def ask(self, question: object, seconds: float | None = None, cpu_seconds: int | None = None) -> Any:
        """Send a JSON value, return the JSON answer; raises Stopped after so much clock or processor time (default: the limits')."""
        if self._child is None:
            pipes = (subprocess.PIPE, subprocess.PIPE, subprocess.DEVNULL)
            self._child = start(
                self._argv, self._limits, pipes, cwd=self._cwd, writable=self._writable, renewable=True
            )
        line = json.dumps([cpu_seconds or self._limits.cpu_seconds, question]).encode() + b"\n"
        deadline = monotonic() + (self._limits.wall_seconds if seconds is None else seconds)
        try:
            return json.loads(_exchange(self._child, line, deadline))
        except (Stopped, ValueError) as error:
            self.close()
            raise error if isinstance(error, Stopped) else Stopped(timed_out=False) from error

    def close(self) -> None:
        """Kill the child, if one runs."""
        if self._child is None:
            return
        end(self._child)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()
        self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def spawn(
    argv: Sequence[str], limits: Limits, *, cwd: Path | None = None, writable: Path | None = None
) -> Conversation:
    """A conversation with a module that calls `answer`, closed at the end of its `with`."""
    return Conversation(argv, limits, cwd, writable)


def _exchange(child: subprocess.Popen[bytes], line: bytes, deadline: float) -> bytes:
    """Write the line and read one back, never waiting for a child that waits for us."""
    if child.stdin is None or child.stdout is None:
        raise AssertionError("conversations have pipes")
    pending, reply = memoryview(line), bytearray()
    into, out = child.stdin.fileno(), child.stdout.fileno()
    os.set_blocking(into, False)
    with selectors.DefaultSelector() as ready:
        ready.register(into, selectors.EVENT_WRITE)
        ready.register(out, selectors.EVENT_READ)
        while not reply.endswith(b"\n"):
            events = ready.select(max(0.0, deadline - monotonic()))
            if not events:
                raise Stopped(timed_out=True)
            for key, _ in events:
                if key.fd == out:
                    reply += _read(out, len(reply))
                else:
                    pending = pending[_write(into, pending) :]
                    if not pending:
                        ready.unregister(into)
    return bytes(reply)


def _read(out: int, already: int) -> bytes:
    part = os.read(out, 1 << 20)
    if not part or already + len(part) > MOST_REPLY:
        raise Stopped(timed_out=False)
    return part


def _write(into: int, pending: memoryview) -> int:
    try:
        return os.write(into, pending)
    except BrokenPipeError:
        raise Stopped(timed_out=False) from None


def answer(handle: Callable[[Any], object]) -> None:
    """Be the child: answer each line of stdin until it ends; every question has the whole processor time anew.

    What libraries print goes nowhere, so that it cannot be mistaken for an answer.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    for line in sys.stdin:
        allowance, question = json.loads(line)
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + 1 + allowance
        if hard != resource.RLIM_INFINITY:
            until = min(until, hard)  # an administrator's limit
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
        replies.write(json.dumps(handle(question)) + "\n")
        replies.flush()
