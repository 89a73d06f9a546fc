"""The stack that a pickle is read onto, and what can lie on it besides plain data."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.errors import CheckpointRefused

CUT_OFF = "This file ends too early; it was probably cut off while it was copied."
DAMAGED = "This file is damaged: its parts do not fit together as a checkpoint's do."
NO_STATE = "This file sets the state of an object that has none; nothing of it was run."

Maker = Callable[..., object]
Names = Mapping[tuple[str, str], Maker]


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the file, and what it makes here; it can be called by REDUCE and nothing else."""

    module: str
    name: str
    make: Maker


class Shell:
    """What a file makes first and fills afterwards. Each kind checks for itself what it is filled with."""

    __slots__ = ()

    def fill(self, state: object) -> None:
        """Take the state; raises CheckpointRefused where it is not of the form that real files have."""
        del state
        raise CheckpointRefused(NO_STATE)


@dataclass(frozen=True, slots=True)
class NumberType(Shell):
    """What numpy.dtype stands for: a number's type as two or three characters, such as f8 or <f4."""

    code: str

    def fill(self, state: object) -> None:
        """Its byte order, which every file sets again after making it, and nothing else."""
        if type(state) is not tuple or len(state) != 8 or state[1] not in ("<", "|", "="):
            raise CheckpointRefused(NO_STATE)


class _Mark:
    __slots__ = ()


MARK = _Mark()


def shown(text: object) -> str:
    """A piece of a foreign file, made harmless and short enough for a sentence."""
    if not isinstance(text, str | int | float | None):
        return f"a {type(text).__name__}"  # a container may be large, or hold itself
    return "".join(c if c.isprintable() else "?" for c in str(text)[:80])


class Machine:
    """One pickle being read: the place in it, what lies on the stack, and what is remembered."""

    def __init__(
        self, data: memoryview, names: Names, place: int, persistent: Callable[[object], object] | None
    ) -> None:
        self.data, self.names, self.place, self.persistent = data, names, place, persistent
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}

    def take(self, count: int) -> memoryview:
        if not 0 <= count <= len(self.data) - self.place:
            raise CheckpointRefused(CUT_OFF)
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, form: str) -> int:
        value: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def text(self, size: int) -> str:
        return str(self.take(size), "utf-8", "surrogatepass")

    def line(self) -> str:
        end = bytes(self.data[self.place : self.place + 300]).find(b"\n")
        if end < 0:
            raise CheckpointRefused(CUT_OFF)
        return self.text(end + 1)[:-1]

    def pop(self) -> object:
        value = self.stack.pop()
        if value is MARK:
            raise CheckpointRefused(DAMAGED)
        return value

    def pop_marked(self) -> list[object]:
        """Everything above the last mark."""
        for depth in range(len(self.stack) - 1, -1, -1):
            if self.stack[depth] is MARK:
                values = self.stack[depth + 1 :]
                del self.stack[depth:]
                return values
        raise CheckpointRefused(DAMAGED)

    def top(self, kind: type) -> object:
        """The value on top, which must be of exactly this kind."""
        if type(self.stack[-1]) is not kind:
            raise CheckpointRefused(DAMAGED)
        return self.stack[-1]
