"""Read a foreign checkpoint in a child process with limits; nothing here imports torch."""

import json
import sys
import tempfile
from pathlib import Path

from app import sandbox
from app.errors import InvalidError

LIMITS = sandbox.Limits(memory_bytes=5 * 2**30, cpu_seconds=300, file_bytes=2**30 + 2**20, wall_seconds=600)


def import_in_child(source: Path, target: Path) -> dict[str, object]:
    """Write a checkpoint of any known kind to `target` as ours; gives its facts. Raises InvalidError."""
    return _ask([str(source.resolve()), str(target.resolve())], target.parent)


def inspect_in_child(source: Path) -> dict[str, object]:
    """Give the facts of a checkpoint of any known kind. Raises InvalidError."""
    with tempfile.TemporaryDirectory() as nowhere:
        return _ask([str(source.resolve())], Path(nowhere))


def _ask(paths: list[str], writable: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "models.checkpoint", *paths]
    finished = sandbox.run(command, LIMITS, cwd=writable, writable=writable)
    if finished.timed_out:
        raise InvalidError("Reading this checkpoint took too long and was stopped.")
    told = finished.stderr.decode(errors="replace").strip().splitlines()
    if finished.returncode == 2 and told:
        raise InvalidError(told[-1])
    if finished.returncode != 0:
        raise InvalidError("This file could not be read as a checkpoint within the limits.")
    facts: dict[str, object] = json.loads(finished.stdout)
    return facts
