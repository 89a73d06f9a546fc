"""What a reader sees, one after the other: which items of a session, in which blocks and in which order. From ids, numbers and a secret alone."""

from collections.abc import Sequence
from itertools import chain
from typing import Protocol as Shape

from app.protocol import blocks, pairs, parts
from app.protocol.design import Protocol
from app.protocol.order import order, reader_seed, with_repeats


class Placed(Shape):
    """An item as the order needs it; a repeat has the image of the item that it repeats."""

    @property
    def id(self) -> str: ...
    @property
    def image_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def block(self) -> int: ...
    @property
    def part(self) -> int: ...


def practice(items: Sequence[Placed], protocol: Protocol, secret: str, slot: int, attempt: int) -> list[str]:
    """The practice items in the order of the reader in `slot`, another one at each attempt (both from 1); items come by their numbers."""
    return _ordered(items, protocol, reader_seed(secret, slot) + f" attempt {attempt}".encode())


def main(items: Sequence[Placed], protocol: Protocol, secret: str, slot: int) -> list[str]:
    """All other items that the reader in `slot` sees, in this reader's order; items come by their numbers."""
    return list(chain.from_iterable(in_blocks(items, protocol, secret, slot)))


def in_blocks(items: Sequence[Placed], protocol: Protocol, secret: str, slot: int) -> list[list[str]]:
    """The same, each block apart.

    Anchors stand before the first block, as part of it.
    """
    seed, read = reader_seed(secret, slot), parts_of(protocol, slot)
    anchors = [item.id for item in items if item.kind == "anchor"]
    mine = [item for item in items if item.kind != "anchor" and item.part in read]
    numbers = sorted({item.block for item in mine})
    if len(numbers) == 1:
        return [anchors + _block(mine, protocol, seed)]
    sequences = len(blocks.williams(len(numbers)))
    turn = parts.turned(slot, protocol.parts, protocol.parts_read, sequences)
    placed = []
    for number in blocks.turn(numbers, turn, bytes.fromhex(secret)):
        block = [item for item in mine if item.block == number]
        placed.append(_block(block, protocol, seed + f" block {number}".encode()))
    return [anchors + placed[0], *placed[1:]]


def parts_of(protocol: Protocol, slot: int) -> tuple[int, ...]:
    """The parts that the reader in `slot` reads, and 0 for what everybody reads."""
    return (0, *parts.of_reader(slot, protocol.parts, protocol.parts_read))


def _block(items: Sequence[Placed], protocol: Protocol, seed: bytes) -> list[str]:
    first = {item.image_id: item.id for item in items if item.kind == "main"}
    repeated = {item.id: first[item.image_id] for item in items if item.kind == "repeat"}
    ordered = _ordered([item for item in items if item.kind != "repeat"], protocol, seed)
    return with_repeats(ordered, repeated, protocol.repeat_lag, seed)


def _ordered(items: Sequence[Placed], protocol: Protocol, seed: bytes) -> list[str]:
    """One after the other, or in pairs: left, right, left, right, …"""
    ids = [item.id for item in items]
    return pairs.trials(ids, seed) if protocol.at_once == 2 else order(ids, seed)
