"""What renders an image again, kept beside each sampled image, and whether a second rendering is the same image."""

from dataclasses import asdict, dataclass, fields
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from models.errors import SamplingRefused
from models.sample import Settings

MOST_APART = 1
MOST_SHARE = 0.001
_MEAN_APART = {"float16": 1.0, "bfloat16": 4.0}  # tests measure at most half of it on untrained networks


@dataclass(frozen=True, slots=True)
class Rendering:
    """How an image was sampled; `version` is the program's, `device` a kind such as cpu or cuda, `dtype` the least precise.

    `checkpoint_sha256` is that of the weights' file as we keep it.
    """

    checkpoint_sha256: str
    seed: int
    psi: float
    class_index: int | None
    noise_mode: str
    dtype: str
    device: str
    version: str
    cutoff: int | None = None

    @classmethod
    def from_json(cls, told: dict[str, object]) -> "Rendering":
        """From what `to_json` gave; raises SamplingRefused where something is missing."""
        names = {field.name for field in fields(cls)}
        if not names <= set(told):
            raise SamplingRefused("This image was stored without what renders it again.")
        return cls(**cast("dict[str, Any]", {name: told[name] for name in names}))

    def to_json(self) -> dict[str, object]:
        return asdict(self)

    def settings(self) -> Settings:
        return Settings(
            psi=self.psi, noise_mode=self.noise_mode, class_index=self.class_index, cutoff=self.cutoff
        )


def same_image(first: NDArray[np.uint8], second: NDArray[np.uint8], dtype: str = "float32") -> bool:
    """Whether they differ by at most 1 grey level, on at most 0.1 % of the values: batches and devices add up in other orders.

    Where one was computed in half precision (`dtype`), the levels they are apart on average decide.
    """
    if first.shape != second.shape:
        return False
    apart = np.abs(first.astype(np.int16) - second.astype(np.int16))
    if dtype in _MEAN_APART:
        return bool(apart.mean() <= _MEAN_APART[dtype])
    return bool(apart.max(initial=0) <= MOST_APART and np.count_nonzero(apart) <= MOST_SHARE * apart.size)
