"""What a locked-down program may no longer do; a second wall behind the limits, for readers of foreign files."""

import os
import sys
from pathlib import Path

_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
    "pty.",
    "webbrowser.",
)
_CHANGES = frozenset(
    f"os.{change}"
    for change in (
        "chmod",
        "chown",
        "link",
        "mkdir",
        "remove",
        "rename",
        "rmdir",
        "symlink",
        "truncate",
        "utime",
    )
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class RefusedError(PermissionError):
    """The locked-down program tried something that reading a file never needs."""


def lock_down(writable: Path | None) -> None:
    """From now on refuse network, processes, foreign functions and changes to files outside `writable`; no way back."""
    folder = writable.resolve() if writable else None

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            if _writes(arguments[1], arguments[2]) and not _inside(arguments[0], folder):
                raise RefusedError("writing outside the given folder")
        elif event in _CHANGES:
            paths = [path for path in arguments[:2] if isinstance(path, str | bytes | os.PathLike)]
            if not all(_inside(path, folder) for path in paths):
                raise RefusedError("changing files outside the given folder")
        elif event.startswith(_FORBIDDEN):
            raise RefusedError(event)

    sys.addaudithook(watch)


def _writes(mode: object, flags: object) -> bool:
    return bool(
        (isinstance(flags, int) and flags & _WRITING) or (isinstance(mode, str) and set(mode) & set("wax+"))
    )


def _inside(path: object, folder: Path | None) -> bool:
    if isinstance(path, int):
        return True  # an open file: its opening was judged
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    place = Path(os.fsdecode(path)).resolve()
    return place == Path(os.devnull) or (folder is not None and place.is_relative_to(folder))
