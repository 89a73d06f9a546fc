"""Read a pickle as data. Nothing is imported or called by name: what is not listed here does not exist.

A pickle is a program for a small stack machine; Python's own machine can be told to import and call anything. This one
knows the instructions that store data, and a table of names given by the caller, each with a function of ours that checks
its arguments and returns plain data.
"""

import struct
from collections.abc import Callable

from models.errors import CheckpointRefused
from models.formats.instructions import STEPS, STOP
from models.formats.stack import DAMAGED, Machine, Names

MOST_STEPS = 1_000_000  # a checkpoint of 1024 pixels takes about 20,000


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
        value = _run(machine)
    except (LookupError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise CheckpointRefused(DAMAGED) from error
    if alone and machine.place != len(data):
        raise CheckpointRefused("This file holds more after the checkpoint's end; it was refused unread.")
    return value, machine.place


def _run(machine: Machine) -> object:
    """Carry out instructions until STOP."""
    for _ in range(MOST_STEPS):
        code = machine.take(1)[0]
        if code == STOP:
            if len(machine.stack) != 1:
                raise CheckpointRefused(DAMAGED)
            return machine.pop()
        step = STEPS.get(code)
        if step is None:
            raise CheckpointRefused(
                f"This file uses a pickle instruction (0x{code:02x}) that no StyleGAN2 checkpoint needs; nothing of it was run."
            )
        step(machine)
    raise CheckpointRefused("This file has far more parts than any StyleGAN2 checkpoint; it was not read on.")
