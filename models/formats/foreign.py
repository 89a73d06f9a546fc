"""What every format is read into: a configuration, and tensors by their canonical names, not yet compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.config import GeneratorConfig


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
