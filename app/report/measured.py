"""Distances of models as a report is given them: each with the network that it is of, for numbers of two networks are different quantities."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Extractor:
    """A network of features: weights and preprocessing belong to it. Of numbers that came in a file the name alone is known."""

    name: str
    title: str = ""
    weights_sha256: str = ""
    preprocessing: str = ""

    @property
    def column(self) -> str:
        """What tells its numbers from those of the same name by other weights."""
        return f"{self.name}@{self.weights_sha256[:12]}" if self.weights_sha256 else self.name


@dataclass(frozen=True, slots=True)
class Measured:
    """A model's distance, and of how many images, where that is known."""

    distance: float
    n_real: int | None = None
    n_synthetic: int | None = None


Distances = Mapping[Extractor, Mapping[str, Measured]]
"""By network and model."""
