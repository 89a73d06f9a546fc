"""How many images are computed at once: as many as fit into free memory, fewer where that was wrong, and the next while others are stored."""

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import torch

from models.config import GeneratorConfig
from models.errors import SamplingRefused

T = TypeVar("T")
_COPIES = 8  # measured on a CPU, 64 to 512 pixels: 5.3 to 7.1 times the largest layer's features, an image
_SHARE = 0.5  # of what is free, for what else the machine does
_MOST_ON_CPU = 8
_MOST = 64
_PIXELS_ON_CPU = 1 << 22  # a batch then takes a minute at most, so that a job can be cancelled
_ALLOCATION_WORDS = ("not enough memory", "can't allocate memory", "out of memory", "bad_alloc")


def image_bytes(config: GeneratorConfig, itemsize: int = 4) -> int:
    """About what computing one image takes beside the weights."""
    largest = max(config.width(size) * size * size for size in config.resolutions)
    return _COPIES * itemsize * largest


def batch_size(config: GeneratorConfig, device: torch.device, free: int | None = None) -> int:
    """How many images to compute at once where `free` bytes (default: what the device has) are free; at least 1."""
    fitting = int(_SHARE * (free_bytes(device) if free is None else free)) // image_bytes(config)
    most = _MOST if device.type != "cpu" else min(_MOST_ON_CPU, _PIXELS_ON_CPU // config.resolution**2)
    return max(1, min(fitting, most))


def free_bytes(device: torch.device) -> int:
    """Free memory of a device; of a CPU what neither the machine nor the container's limit denies."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    machine = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(machine, _container_bytes())


def _container_bytes(root: Path = Path("/sys/fs/cgroup")) -> int:
    """What a container may still take (control groups, version 2), without end where there is no limit."""
    try:
        limit, used = ((root / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        return max(0, int(limit) - int(used))
    except (OSError, ValueError):
        return 1 << 62


class Batches:
    """Computes in batches of at most `size`, of half as many from the first on that did not fit."""

    def __init__(self, size: int) -> None:
        self.size = size

    def run(self, compute: Callable[[list[int]], T], seeds: Iterator[int]) -> Iterator[tuple[list[int], T]]:
        """Give each batch of seeds and what `compute` made of it; raises SamplingRefused where one image does not fit."""
        while some := list(islice(seeds, self.size)):
            yield from self._fitting(compute, some)

    def _fitting(self, compute: Callable[[list[int]], T], some: list[int]) -> Iterator[tuple[list[int], T]]:
        left = some
        while left:
            now = left[: self.size]
            try:
                made = compute(now)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(len(now), error)
                continue
            yield now, made
            left = left[len(now) :]

    def _halve(self, tried: int, error: BaseException) -> None:
        if tried == 1:
            raise SamplingRefused(
                "One image of this generator takes more memory than this machine has free."
            ) from error
        self.size = tried // 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, in the words of torch's devices and libraries."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(words in str(error).lower() for words in _ALLOCATION_WORDS)


class Shared:
    """An iterator that several threads take from."""

    def __init__(self, source: Iterator[int]) -> None:
        self._source, self._lock = source, threading.Lock()

    def __iter__(self) -> "Shared":
        return self

    def __next__(self) -> int:
        with self._lock:
            return next(self._source)


_END = object()


def ahead(sources: Sequence[Iterator[T]], waiting: int = 2) -> Iterator[T]:
    """Give what the sources give, each running in a thread of its own, at most `waiting` things ahead of the caller.

    An error in a source is raised here. Sources stop soon after the caller does.
    """
    made: queue.Queue[object] = queue.Queue(waiting)
    stopped = threading.Event()

    def put(thing: object) -> bool:
        while not stopped.is_set():
            try:
                made.put(thing, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def follow(source: Iterator[T]) -> None:
        try:
            if all(put(thing) for thing in source):
                put(_END)
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            put(_Failed(error))

    threads = [threading.Thread(target=follow, args=(source,), daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    try:
        yield from _until_ends(made, len(threads))
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _until_ends(made: "queue.Queue[object]", running: int) -> Iterator[T]:
    while running:
        thing = made.get()
        if thing is _END:
            running -= 1
        elif isinstance(thing, _Failed):
            raise thing.error
        else:
            yield thing  # type: ignore[misc]  # sources put nothing else
