"""Read each file of a folder while every audited event is watched: `python -m tests.models.attacked FOLDER READER`.

Prints JSON: a file's name to [outcome, sentence, events]. READER `ours` is what the project does; `stock` is Python's own
unpickling, or torch's, to show that an attack works where it is let.
"""

import encodings.cp437  # noqa: F401 - names in archives are decoded with it, which imports it at the first of them
import json
import os
import pickle
import sys
from pathlib import Path

import torch

from models import checkpoint
from models.errors import CheckpointRefused
from models.formats.legacy_blob import HEAD

# Opening and mapping the file, sizes of exceptions' frames, and the garbage collector: what plain reading takes.
_HARMLESS = {"open", "mmap.__new__", "os.scandir", "os.listdir", "object.__getattr__"}
_seen: list[str] = []
_watching = [False]


def watch(event, arguments):
    if not _watching[0]:
        return
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        _seen.append("open for writing")
    elif event not in _HARMLESS:
        _seen.append(event)


def ours(path: Path) -> tuple[str, str]:
    try:
        checkpoint.inspect(path)
    except CheckpointRefused as refusal:
        return "refused", str(refusal)
    return "read", ""


def stock(path: Path) -> tuple[str, str]:
    """In a folder of its own, where the marker will lie."""
    place = path.parent.parent / "ran" / path.name
    place.mkdir(parents=True)
    os.chdir(place)
    _seen.clear()
    try:
        content = path.read_bytes()
        if content.startswith((b"PK", HEAD)):
            torch.load(path, weights_only=False)
        else:
            pickle.loads(content)
    except Exception as error:  # noqa: BLE001 - an attack may end in any
        return "failed", type(error).__name__
    return "read", ""


def main(folder: Path, reader) -> None:
    if reader is ours:  # what is imported at the first reading is no attack
        for name in ("good.pkl", "good.pt"):
            assert ours(folder.parent / name) == ("read", "")
    sys.addaudithook(watch)
    results = {}
    for path in sorted(folder.iterdir()):
        _seen.clear()
        _watching[0] = True
        try:
            outcome = reader(path)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
            outcome = ("crashed", f"{type(error).__name__}: {error}")
        _watching[0] = False
        results[path.name] = [*outcome, sorted(set(_seen))]
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), {"ours": ours, "stock": stock}[sys.argv[2]])
