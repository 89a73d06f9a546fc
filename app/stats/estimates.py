"""What a calculation returns: an estimate, or why there is none."""

from dataclasses import dataclass
from typing import TypeGuard


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """There is no value, and this is the reason; it prints as n/a."""

    reason: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval [low, high] at `level`, by the named method."""

    low: float
    high: float
    method: str
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Proportion:
    """k of n with its interval."""

    k: int
    n: int
    value: float
    interval: Interval


Number = float | NotEstimable


@dataclass(frozen=True, slots=True)
class MeanSd:
    """Mean and standard deviation (ddof 1) of n values."""

    n: int
    mean: Number
    sd: Number


def estimable(value: Number) -> TypeGuard[float]:
    return not isinstance(value, NotEstimable)
