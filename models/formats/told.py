"""The arguments that a network was made with, as its file tells them: each must be of its kind before it is used."""

from collections.abc import Mapping
from typing import cast

from models.errors import CheckpointRefused
from models.formats.stack import shown

ANOTHER = "This checkpoint's generator is not built as a StyleGAN2: "
MOST_LAYERS = 64


def count(told: Mapping[str, object], name: str, most: int = 1 << 20) -> int:
    """A whole number from 0 to `most`."""
    value = told.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise CheckpointRefused(f"{ANOTHER}its {name} is {shown(value)}, no whole number up to {most}.")
    return value


def real(told: Mapping[str, object], name: str) -> float:
    """A number."""
    value = told.get(name)
    if type(value) not in (int, float):
        raise CheckpointRefused(f"{ANOTHER}its {name} is {shown(value)}, no number.")
    return float(cast("float", value))


def same(found: object, value: object) -> bool:
    """Whether they are equal, for plain values only: containers of a foreign file may hold themselves."""
    return type(found) in (bool, int, float, str, type(None)) and found == value
