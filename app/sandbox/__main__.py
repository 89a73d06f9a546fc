"""The child's first steps: limit itself, then become the program that was asked for. Started by `app.sandbox.start`."""

import contextlib
import ctypes
import json
import os
import resource
import runpy
import signal
import sys
from importlib import import_module
from pathlib import Path

from app.sandbox.lock import lock_down

_SECONDS_TO_START = 60
"""Processor time for our own imports where each question sets its own: on a slow machine they take longer than a file may."""
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h


def _isolate(parent: int) -> None:
    """Die with the parent, gain no privileges, and have no network where the kernel lets that be arranged."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before it could be asked to take us along
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    with contextlib.suppress(OSError):  # the ids are only for show; access is judged by the real ones
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _limit(memory: int, cpu_seconds: int, file_bytes: int, *, renewable: bool) -> None:
    """Set the limits, or what an administrator has set where that is lower."""
    processor = (_SECONDS_TO_START, resource.RLIM_INFINITY) if renewable else (cpu_seconds, cpu_seconds + 1)
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, *processor),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_NOFILE, 256, 256),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        ceiling = resource.getrlimit(what)[1]
        resource.setrlimit(what, (_lower(soft, ceiling), _lower(hard, ceiling)))


def _lower(one: int, other: int) -> int:
    finite = [limit for limit in (one, other) if limit != resource.RLIM_INFINITY]
    return min(finite, default=resource.RLIM_INFINITY)


def _become(argv: list[str], writable: Path | None) -> None:
    if argv[:2] != [sys.executable, "-m"]:
        if writable:
            raise ValueError("only a module of our own interpreter can be locked down")
        os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted, and the list is our caller's
    module = argv[2]
    sys.argv = argv[2:]
    if writable:
        import_module(module)  # what it imports may need foreign functions; its own body runs again below
        sys.modules.pop(module)
        lock_down(writable)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    _isolate(asked["parent"])
    _limit(asked["memory_bytes"], asked["cpu_seconds"], asked["file_bytes"], renewable=asked["renewable"])
    _become(sys.argv[2:], Path(asked["writable"]) if asked["writable"] else None)
