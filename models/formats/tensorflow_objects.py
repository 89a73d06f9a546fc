"""The objects in TensorFlow networks' pickles, numpy arrays and networks, as data."""

import math
from typing import cast

import numpy as np

from models.errors import CheckpointRefused
from models.formats.makers import NUMBERS, empty
from models.formats.stack import DAMAGED, Names, NumberType, Shell
from models.formats.tensors import Storage, StoredTensor, lay_over, whole


class Array(Shell):
    """A numpy array, made empty and filled once."""

    __slots__ = ("laid",)

    def __init__(self, kind: object, shape: object, code: object) -> None:
        del kind, shape, code  # they describe the empty array
        self.laid: StoredTensor | None = None

    def fill(self, state: object) -> None:
        if self.laid is not None or type(state) is not tuple or len(state) != 5:
            raise CheckpointRefused(DAMAGED)
        _, shape, kind, by_columns, data = state
        plain = type(kind) is NumberType and type(by_columns) is bool and type(data) is memoryview
        sizes = whole(shape)
        if not plain or math.prod(sizes) * np.dtype(kind.code).itemsize != len(data):
            raise CheckpointRefused("This file has an array whose shape does not fit its numbers.")
        steps = [math.prod(sizes[:i] if by_columns else sizes[i + 1 :]) for i in range(len(sizes))]
        self.laid = lay_over(Storage(np.frombuffer(data, kind.code)), 0, sizes, tuple(steps))


class Network(Shell):
    """A network: what it was made with, its variables, and the networks within it."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: dict[str, object] | None = None

    def fill(self, state: object) -> None:
        if self.state is not None or type(state) is not dict:
            raise CheckpointRefused(DAMAGED)
        self.state = state

    def told(self, name: str, kind: type) -> object:
        value = (self.state or {}).get(name)
        if type(value) is not kind:
            raise CheckpointRefused(DAMAGED)
        return value

    def variables(self) -> dict[str, StoredTensor]:
        """Its own tensors by name, those of the networks within it left out."""
        found: dict[str, StoredTensor] = {}
        for each in cast("list[object]", self.told("variables", list)):
            if type(each) is not tuple or len(each) != 2 or type(each[0]) is not str:
                raise CheckpointRefused(DAMAGED)
            found[each[0]] = _laid(each[1])
        return found


def _laid(value: object) -> StoredTensor:
    """A variable's numbers: an array, or a single number, which TensorFlow gives without one."""
    if type(value) is float:
        return lay_over(Storage(np.array([value])), 0, (), ())
    if type(value) is not Array or value.laid is None:
        raise CheckpointRefused(DAMAGED)
    return value.laid


def _array_type(*_: object) -> object:
    raise CheckpointRefused(DAMAGED)  # named, never called


NAMES: Names = {
    **NUMBERS,
    ("dnnlib.tflib.network", "Network"): Network,
    ("dnnlib.util", "EasyDict"): empty,
    ("numpy", "ndarray"): _array_type,
    ("numpy.core.multiarray", "_reconstruct"): Array,
    ("numpy._core.multiarray", "_reconstruct"): Array,
}
