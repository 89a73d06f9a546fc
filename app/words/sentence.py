"""Sentences that are written in English and can be translated later."""

from collections.abc import Callable
from typing import Self


class Sentence(str):
    """English text that remembers how it was made: a message of the catalogues, and the values for its {placeholders}."""

    __slots__ = ("message", "values")
    message: str
    values: dict[str, object]

    def __new__(cls, message: str, **values: object) -> Self:
        made = super().__new__(cls, message.format(**values) if values else message)
        made.message, made.values = message, values
        return made

    def translated(self, gettext: Callable[[str], str], said: Callable[[object], object]) -> str:
        """The sentence by these functions: one for its message, one for each of its values."""
        found = gettext(self.message)
        return (
            found.format(**{name: said(value) for name, value in self.values.items()})
            if self.values
            else found
        )


N_ = Sentence
"""The mark that `make words` looks for: N_("Please wait."), N_("{n} of {total}", n=1, total=4)."""
