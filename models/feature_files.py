"""Features of a set of images as a file: computed once for the same images and network, batch by batch, and gone on with after a stop."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import FeaturesRefused
from models.features import Extractor, Image

Rows = NDArray[np.float32]
VERSION = "1"  # of what preprocessing and reading mean
_BATCH = 32
_WAIT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Source:
    """A set of images: `digest` stands for all that decides their pixels; `images(start)` gives them from a place on."""

    digest: str
    images: Callable[[int], Iterator[Image]]


def of(
    source: Source, extractor: Extractor, folder: Path, told: Callable[[int], None] = lambda _done: None
) -> Rows:
    """Features (N, D) of all images, mapped from their file in `folder`; `told(done)` after each batch. Raises FeaturesRefused.

    The file of a stopped run is gone on with: how many rows are whole stands beside it and is written after them. N rows take 4·N·D bytes
    of disk and next to no memory.
    """
    key = hashlib.sha256(
        json.dumps([VERSION, source.digest, extractor.weights, extractor.preprocessing]).encode()
    ).hexdigest()
    rows, state = folder / f"{key}.rows", folder / f"{key}.json"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / f"{key}.lock", told):
        done, width = _complete(source, extractor, rows, state, told)
        os.utime(rows)  # in use: see `sweep`
        return np.memmap(rows, dtype="<f4", mode="r", shape=(done, width))


def sweep(folder: Path, unused_seconds: float) -> int:
    """Remove features that nobody has used for so long; they are computed again where they are wanted. Returns how many files went.

    One that is being computed stays, and one that is being read stays whole for who has it open. Empty locks stay, too.
    """
    gone = 0
    for rows in folder.glob("*.rows"):
        with (
            suppress(OSError),
            rows.with_suffix(".lock").open("a") as lock,
        ):  # held by who computes; another sweep may be quicker
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - rows.stat().st_mtime > unused_seconds:
                rows.with_suffix(".json").unlink(missing_ok=True)
                rows.unlink(missing_ok=True)
                gone += 1
    return gone


def _complete(
    source: Source, extractor: Extractor, rows: Path, state: Path, told: Callable[[int], None]
) -> tuple[int, int]:
    """Add what is missing to the file; gives how many rows of what width there are then."""
    done, width, whole = _so_far(rows, state)
    if not whole:
        with rows.open("r+b" if done else "wb") as file:
            file.seek(4 * width * done)
            file.truncate()
            for batch in _batches(source.images(done)):
                found = extractor.features(batch)
                file.write(found.astype("<f4").tobytes())
                file.flush()
                os.fsync(file.fileno())
                done, width = done + len(batch), found.shape[1]
                _keep(state, done, width, whole=False)
                told(done)
        if not done:
            raise FeaturesRefused("There is no image to compute features of.")
        _keep(state, done, width, whole=True)
    return done, width


@contextmanager
def _alone(lock: Path, told: Callable[[int], None]) -> Iterator[None]:
    """One at a time computes the same features; who waits says so, and takes what the other has made."""
    with lock.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                told(0)
                time.sleep(_WAIT_SECONDS)
        yield


def _so_far(rows: Path, state: Path) -> tuple[int, int, bool]:
    """How many rows of what width are whole, and whether that is all."""
    try:
        told = json.loads(state.read_text())
        done, width, whole = int(told["done"]), int(told["width"]), bool(told["whole"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0, False
    there = rows.is_file() and rows.stat().st_size >= 4 * done * width
    return (done, width, whole) if there else (0, 0, False)


def _keep(state: Path, done: int, width: int, *, whole: bool) -> None:
    partial = state.with_suffix(".partial")
    partial.write_text(json.dumps({"done": done, "width": width, "whole": whole}))
    partial.replace(state)


def _batches(images: Iterator[Image]) -> Iterator[Sequence[Image]]:
    batch: list[Image] = []
    for image in images:
        batch.append(image)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
