"""Stored numbers of a foreign file and the tensors laid over them, checked before a byte of them is used."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import CheckpointRefused

MOST_NUMBERS = 1 << 31


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers of one type in a row."""

    numbers: NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor over a storage: `offset` and `stride` count numbers, not bytes. Made by `lay_over`, which checks it."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self) -> NDArray[np.float32]:
        """Give a copy of it; see `as_float32`."""
        numbers = self.storage.numbers
        strides = tuple(step * numbers.itemsize for step in self.stride)
        view = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, strides, writeable=False)
        return as_float32(view)


def as_float32(numbers: NDArray[np.generic]) -> NDArray[np.float32]:
    """Give a copy in one piece; raises CheckpointRefused where a number is infinite or none."""
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, which is refused
        copy = np.array(numbers, dtype=np.float32, order="C")
    if not np.isfinite(copy).all():
        raise CheckpointRefused(
            "This checkpoint has weights that are no finite numbers; its training diverged."
        )
    return copy


def lay_over(storage: object, offset: object, shape: object, stride: object) -> StoredTensor:
    """Check that a tensor lies within its storage and is no larger than it."""
    if type(storage) is not Storage:
        raise CheckpointRefused("This file has a tensor without numbers.")
    sizes, steps, (first,) = whole(shape), whole(stride), whole((offset,))
    numel, available = math.prod(sizes), storage.numbers.size
    last = first + sum((size - 1) * step for size, step in zip(sizes, steps, strict=False))
    fits = len(sizes) == len(steps) <= 8 and 0 < numel <= available and last < available
    if not fits:
        raise CheckpointRefused("This file has a tensor that reaches beyond its stored numbers.")
    return StoredTensor(storage, first, sizes, steps)


def whole(values: object) -> tuple[int, ...]:
    """Check that these are sizes: whole numbers in a tuple, none below zero or absurd."""
    if type(values) is not tuple or not all(type(v) is int and 0 <= v <= MOST_NUMBERS for v in values):
        raise CheckpointRefused("This file has a tensor whose shape is no shape.")
    return values
