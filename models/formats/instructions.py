"""The instructions of a pickle that store numbers, text, bytes and containers, and call names of the caller's table.

Those that make objects of classes (INST, OBJ, EXT, NEWOBJ_EX), old text forms and everything else are missing.
"""

from collections.abc import Callable

from models.errors import CheckpointRefused
from models.formats.stack import CUT_OFF, DAMAGED, MARK, NO_STATE, Machine, Name, Shell, shown


def _push(value: Callable[[Machine], object]) -> Callable[[Machine], None]:
    def step(m: Machine) -> None:
        m.stack.append(value(m))

    return step


def _tuple(count: int) -> Callable[[Machine], None]:
    return _push(lambda m: tuple(reversed([m.pop() for _ in range(count)])))


def _remember(place: Callable[[Machine], int]) -> Callable[[Machine], None]:
    def step(m: Machine) -> None:
        if m.stack[-1] is MARK:
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
    state, made = m.pop(), m.stack[-1]
    if isinstance(made, Shell):
        made.fill(state)
    elif not (type(made) is dict and type(state) is dict and set(state) <= {"_metadata"}):
        raise CheckpointRefused(
            NO_STATE
        )  # modules' versions, which torch hangs on its dictionaries, are let fall


STOP = ord(".")
STEPS: dict[int, Callable[[Machine], None]] = {
    0x80: _protocol,
    0x95: _frame,
    ord("("): _push(lambda _: MARK),
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
