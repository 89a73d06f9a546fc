"""What the names in torch's and numpy's pickles make here: plain data, each from arguments that are checked."""

from typing import cast

import numpy as np

from models.errors import CheckpointRefused
from models.formats.stack import DAMAGED, Names, NumberType
from models.formats.tensors import StoredTensor, lay_over


def ordered(*pairs: object) -> dict[object, object]:
    """A dictionary, from the pairs that it is made of."""
    if len(pairs) > 1 or (pairs and type(pairs[0]) is not list):
        raise CheckpointRefused(DAMAGED)
    items = cast("list[list[object] | tuple[object, ...]]", pairs[0] if pairs else [])
    if not all(
        type(item) in (list, tuple) and len(item) == 2 and type(item[0]) in (str, int) for item in items
    ):
        raise CheckpointRefused(DAMAGED)
    return {item[0]: item[1] for item in items}


def number_type(code: object, *_: object) -> NumberType:
    """A number's type by its code."""
    if code not in {"f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "b1", "<f8", "<f4", "<i8", "<i4"}:
        raise CheckpointRefused("This file has numbers of a kind that no StyleGAN2 checkpoint holds.")
    return NumberType(code)


def scalar(kind: object, data: object) -> object:
    """One number."""
    if type(kind) is not NumberType or type(data) is not memoryview:
        raise CheckpointRefused(DAMAGED)
    dtype = np.dtype(kind.code)
    if len(data) != dtype.itemsize:
        raise CheckpointRefused(DAMAGED)
    return np.frombuffer(data, dtype)[0].item()


def tensor(storage: object, offset: object, size: object, stride: object, *_: object) -> StoredTensor:
    """A tensor over numbers that were read before."""
    return lay_over(storage, offset, size, stride)


def parameter(tensor: object, *_: object) -> object:
    """A parameter is its tensor."""
    return tensor


def members(items: object = ()) -> tuple[object, ...]:
    """A set's members."""
    if type(items) not in (list, tuple):
        raise CheckpointRefused(DAMAGED)
    return tuple(cast("list[object]", items))


def empty() -> dict[object, object]:
    """A dictionary that is filled afterwards."""
    return {}


TENSORS: Names = {
    ("collections", "OrderedDict"): ordered,
    ("torch._utils", "_rebuild_parameter"): parameter,
    ("torch._utils", "_rebuild_tensor_v2"): tensor,
}
NUMBERS: Names = {
    ("numpy.core.multiarray", "scalar"): scalar,
    ("numpy._core.multiarray", "scalar"): scalar,
    ("numpy", "dtype"): number_type,
}
