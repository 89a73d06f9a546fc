"""Generators that stay in memory between jobs, the last used ones, within a budget of bytes."""

import threading
from collections import OrderedDict
from pathlib import Path

import torch

from models import checkpoint, sample
from models.network import Generator

BUDGET = 2 * 2**30  # a generator of 1024 pixels takes about 0.2 GiB


class Warm:
    """A cache of loaded generators, for several threads."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._there: OrderedDict[tuple[Path, str], Generator] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, path: Path, devices: str) -> list[Generator]:
        """The generator of a file of ours, once on each device; raises CheckpointRefused or SamplingRefused."""
        return [self._load(path, place) for place in sample.pick_devices(devices)]

    def _load(self, path: Path, place: torch.device) -> Generator:
        key = (path, str(place))
        with self._lock:
            if key not in self._there:
                self._there[key] = checkpoint.load(path, place)
            self._there.move_to_end(key)
            generator = self._there[key]
            while len(self._there) > 1 and sum(map(size, self._there.values())) > self._budget:
                self._there.popitem(last=False)
        return generator

    def __len__(self) -> int:
        return len(self._there)


def size(generator: Generator) -> int:
    """Bytes of a generator's weights, and of what was computed from them for sampling."""
    weights: int = sum(tensor.nbytes for tensor in generator.state_dict().values())
    prepared = generator.synthesis.prepared
    return weights + (prepared.nbytes if prepared else 0)


GENERATORS = Warm()
