"""The practice block: a few images before the others, with feedback."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import InvalidError

MOST_SPECIAL = 200


@dataclass(frozen=True, slots=True)
class Practice:
    """How many practice images of each truth, and how many must be answered rightly to go on (0: any number)."""

    real: int = 0
    synthetic: int = 0
    pass_mark: int = 0

    @property
    def images(self) -> int:
        return self.real + self.synthetic

    def __post_init__(self) -> None:
        """Refuse a pass mark that nobody could reach."""
        within("The number of practice images of a kind", (self.real, self.synthetic), 0, MOST_SPECIAL)
        within("The pass mark of the practice", (self.pass_mark,), 0, self.images)


def within(what: str, numbers: Sequence[int], low: int, high: int) -> None:
    """Raise InvalidError where a number lies outside its bounds."""
    if not all(low <= number <= high for number in numbers):
        raise InvalidError(f"{what} is a whole number from {low} to {high}.")
