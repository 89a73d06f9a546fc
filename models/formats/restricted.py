"""Read a pickle as data. Nothing is imported or called by name: what is not listed here does not exist.

A pickle is a program for a small stack machine; Python's own machine can be told to import and call anything. This one
knows the instructions that store numbers, text, bytes and containers, and a table of names given by the caller, each
with a function of ours that checks its arguments and returns plain data. Instructions that make objects of classes
(INST, OBJ, EXT, NEWOBJ_EX), old text forms and everything else are refused.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.errors import CheckpointRefused

MOST_STEPS = 1_000_000  # a checkpoint of 1024 pixels takes about 20,000
CUT_OFF = "This file ends too early; it was probably cut off while it was copied."
DAMAGED = "This file is damaged: its parts do not fit together as a checkpoint's do."

Maker = Callable[..., object]
Names = Mapping[tuple[str, str], Maker]


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the file, and what it makes here; it can be called by REDUCE and nothing else."""

    module: str
    name: str
    make: Maker


@dataclass(frozen=True, slots=True)
class NumberType:
    """What numpy.dtype stands for: a number's type as two or three characters, such as f8 or <f4."""

    code: str


class _Mark:
    __slots__ = ()


_MARK = _Mark()


def shown(text: object) -> str:
    """A piece of a foreign file, made harmless and short enough for a sentence."""
    if not isinstance(text, str | int | float | None):
        return f"a {type(text).__name__}"  # a container may be large, or hold itself
    return "".join(c if c.isprintable() else "?" for c in str(text)[:80])


def read(
    data: memoryview,
    names: Names,
    *,
    start: int = 0,
    persistent: Callable[[object], object] | None = None,
    alone: bool = True,
) -> tuple[object, int]:
    """Read the pickle at `start`; gives its value and the place after it. Raises CheckpointRefused.

    With `alone` nothing may follow. Byte strings come as views into `data`.
    """
    machine = Machine(data, names, start, persistent)
    try:
        value = machine.run()
    except (LookupError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise CheckpointRefused(DAMAGED) from error
    if alone and machine.place != len(data):
        raise CheckpointRefused("This file holds more after the checkpoint's end; it was refused unread.")
    return value, machine.place


class Machine:
    """The stack machine: one pickle, read once."""

    def __init__(
        self, data: memoryview, names: Names, place: int, persistent: Callable[[object], object] | None
    ) -> None:
        self.data, self.names, self.place, self.persistent = data, names, place, persistent
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}

    def run(self) -> object:
        """Carry out instructions until STOP."""
        for _ in range(MOST_STEPS):
            code = self.take(1)[0]
            if code == STOP:
                if len(self.stack) != 1:
                    raise CheckpointRefused(DAMAGED)
                return self.pop()
            step = STEPS.get(code)
            if step is None:
                raise CheckpointRefused(
                    f"This file uses a pickle instruction (0x{code:02x}) that no StyleGAN2 checkpoint needs; nothing of it was run."
                )
            step(self)
        raise CheckpointRefused(
            "This file has far more parts than any StyleGAN2 checkpoint; it was not read on."
        )

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
        if value is _MARK:
            raise CheckpointRefused(DAMAGED)
        return value

    def pop_marked(self) -> list[object]:
        """Everything above the last mark."""
        for depth in range(len(self.stack) - 1, -1, -1):
            if self.stack[depth] is _MARK:
                values = self.stack[depth + 1 :]
                del self.stack[depth:]
                return values
        raise CheckpointRefused(DAMAGED)

    def top(self, kind: type) -> object:
        """The value on top, which must be of exactly this kind."""
        if type(self.stack[-1]) is not kind:
            raise CheckpointRefused(DAMAGED)
        return self.stack[-1]


def _push(value: Callable[[Machine], object]) -> Callable[[Machine], None]:
    def step(m: Machine) -> None:
        m.stack.append(value(m))

    return step


def _tuple(count: int) -> Callable[[Machine], None]:
    return _push(lambda m: tuple(reversed([m.pop() for _ in range(count)])))


def _remember(place: Callable[[Machine], int]) -> Callable[[Machine], None]:
    def step(m: Machine) -> None:
        if m.stack[-1] is _MARK:
            raise CheckpointRefused(DAMAGED)
        m.memo[place(m)] = m.stack[-1]

    return step


def _append(m: Machine) -> None:
    value = m.pop()
    _extend(m, [value])


def _extend(m: Machine, values: list[object]) -> None:
    there = m.top(list)
    assert isinstance(there, list)
    there.extend(values)


def _set_items(m: Machine, values: list[object]) -> None:
    there = m.top(dict)
    assert isinstance(there, dict)
    for key, value in zip(values[::2], values[1::2], strict=True):
        there[_key(key)] = value


def _set_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    _set_items(m, [key, value])


def _add_items(m: Machine) -> None:
    values = m.pop_marked()
    there = m.top(set)
    assert isinstance(there, set)
    there.update(_key(value) for value in values)


def _key(value: object) -> object:
    """Only text and small whole numbers are keys: others can be made to collide or to run for long."""
    if type(value) is str or (type(value) is int and abs(value) < 1 << 60):
        return value
    raise CheckpointRefused(DAMAGED)


def _discard(m: Machine) -> None:
    m.pop()


def _frame(m: Machine) -> None:
    if m.number("<Q") > len(m.data) - m.place:
        raise CheckpointRefused(CUT_OFF)


def _protocol(m: Machine) -> None:
    version = m.number("<B")
    if not 2 <= version <= 5:
        raise CheckpointRefused(
            f"This file is a pickle of protocol {version}, which no StyleGAN2 checkpoint has."
        )


def _long(m: Machine) -> int:
    return int.from_bytes(m.take(m.number("<B")), "little", signed=True)


def _name(m: Machine, module: object, name: object) -> Name:
    if not isinstance(module, str) or not isinstance(name, str):
        raise CheckpointRefused(DAMAGED)
    make = m.names.get((module, name))
    if make is None:
        raise CheckpointRefused(
            f"This file asks for {shown(module)}.{shown(name)}, which no StyleGAN2 checkpoint needs; nothing of it was run."
        )
    return Name(module, name, make)


def _stack_name(m: Machine) -> Name:
    name, module = m.pop(), m.pop()
    return _name(m, module, name)


def _call(m: Machine) -> object:
    arguments, called = m.pop(), m.pop()
    if type(called) is not Name or type(arguments) is not tuple:
        raise CheckpointRefused(DAMAGED)
    return called.make(*arguments)


def _persistent(m: Machine) -> object:
    if m.persistent is None:
        raise CheckpointRefused("This file refers to data outside itself; no StyleGAN2 checkpoint does.")
    return m.persistent(m.pop())


def _build(m: Machine) -> None:
    """The state of a number type (its byte order) is the only one that real files set after making a value."""
    state, made = m.pop(), m.stack[-1]
    fits = (
        type(made) is NumberType and type(state) is tuple and len(state) == 8 and state[1] in ("<", "|", "=")
    )
    if not fits:
        raise CheckpointRefused("This file sets the state of an object that has none; nothing of it was run.")


STOP = ord(".")
STEPS: dict[int, Callable[[Machine], None]] = {
    0x80: _protocol,
    0x95: _frame,
    ord("("): _push(lambda _: _MARK),
    ord("N"): _push(lambda _: None),
    0x88: _push(lambda _: True),
    0x89: _push(lambda _: False),
    ord("J"): _push(lambda m: m.number("<i")),
    ord("K"): _push(lambda m: m.number("<B")),
    ord("M"): _push(lambda m: m.number("<H")),
    0x8A: _push(_long),
    ord("G"): _push(lambda m: m.number(">d")),
    0x8C: _push(lambda m: m.text(m.number("<B"))),
    ord("X"): _push(lambda m: m.text(m.number("<I"))),
    0x8D: _push(lambda m: m.text(m.number("<Q"))),
    ord("C"): _push(lambda m: m.take(m.number("<B"))),
    ord("B"): _push(lambda m: m.take(m.number("<I"))),
    0x8E: _push(lambda m: m.take(m.number("<Q"))),
    ord("}"): _push(lambda _: {}),
    ord("]"): _push(lambda _: []),
    ord(")"): _push(lambda _: ()),
    0x8F: _push(lambda _: set()),
    ord("t"): _push(lambda m: tuple(m.pop_marked())),
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("a"): _append,
    ord("e"): lambda m: _extend(m, m.pop_marked()),
    ord("s"): _set_item,
    ord("u"): lambda m: _set_items(m, m.pop_marked()),
    0x90: _add_items,
    0x94: _remember(lambda m: len(m.memo)),
    ord("q"): _remember(lambda m: m.number("<B")),
    ord("r"): _remember(lambda m: m.number("<I")),
    ord("h"): _push(lambda m: m.memo[m.number("<B")]),
    ord("j"): _push(lambda m: m.memo[m.number("<I")]),
    ord("0"): _discard,
    ord("c"): _push(lambda m: _name(m, m.line(), m.line())),
    0x93: _push(_stack_name),
    ord("R"): _push(_call),
    0x81: _push(_call),
    ord("b"): _build,
    ord("Q"): _push(_persistent),
}
