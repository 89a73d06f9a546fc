"""The mean w of a generator whose file lacks it, estimated as the field does: the average over many z."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.config import GeneratorConfig
from models.formats.foreign import Laid

PICKS = 10_000
SEED = 0
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class EstimatedMean:
    """The mean of w over PICKS z drawn with a fixed seed: the same file gives the same mean."""

    config: GeneratorConfig
    tensors: Mapping[str, Laid]

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.config.w_dim,)

    def array(self) -> NDArray[np.float32]:
        """(w_dim,), from a mapping without classes."""
        layers = [
            (self.tensors[f"mapping.fc{i}.weight"].array(), self.tensors[f"mapping.fc{i}.bias"].array())
            for i in range(self.config.mapping_layers)
        ]
        draw, total = np.random.RandomState(SEED), np.zeros(self.config.w_dim)
        for _ in range(PICKS // _BATCH):
            x = draw.randn(_BATCH, self.config.z_dim).astype(np.float32)
            x /= np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-8)
            for weight, bias in layers:
                x = x @ (weight.T * np.float32(0.01 / np.sqrt(weight.shape[1]))) + bias * np.float32(0.01)
                x = np.where(x < 0, x * np.float32(0.2), x) * np.float32(np.sqrt(2))
            total += x.sum(axis=0, dtype=np.float64)
        return (total / PICKS).astype(np.float32)
