"""Files that are there whole or not at all."""

import os
from pathlib import Path

FACTS = "blindread"  # the key of our JSON among a safetensors file's metadata


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that `path` always holds the old content or the new, whole, even if power fails."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
