"""What every format is read into: a configuration, and tensors by their canonical names, not yet compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.config import GeneratorConfig
from models.errors import CheckpointRefused


class Laid(Protocol):
    """A tensor whose shape is known before its numbers are taken."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def array(self) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Foreign:
    """A generator as its file describes it; `told` holds what else is kept: kimg, num_fp16_res, an earlier source."""

    format: str
    config: GeneratorConfig
    tensors: Mapping[str, Laid]
    told: Mapping[str, object] = field(default_factory=dict)


Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _Changed:
    """A tensor that its file keeps in another form."""

    source: Laid
    change: Change
    shape: tuple[int, ...]

    def array(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.change(self.source.array())).reshape(self.shape)


def changed(source: Laid, change: Change) -> Laid:
    """Lay a tensor over the changed numbers of another; what shape that gives is tried without any numbers."""
    try:
        shape = change(np.broadcast_to(np.float32(0), source.shape)).shape
    except (IndexError, ValueError) as error:
        raise CheckpointRefused(
            f"This checkpoint has a tensor of the shape {source.shape} where its architecture needs another."
        ) from error
    return _Changed(source, change, shape)
