"""In which order a reader sees the blocks of a session: counterbalanced over readers, by a Williams design."""

from collections.abc import Sequence

from app.protocol.order import order


def williams(blocks: int) -> list[list[int]]:
    """Sequences of the numbers 0 … blocks − 1 in which each stands at each place equally often, and follows each other equally often.

    As many as there are blocks where that number is even, twice as many where it is odd (Williams 1949, Australian Journal of
    Scientific Research A 2:149). Raises ValueError below one block.
    """
    if blocks < 1:
        raise ValueError("a design needs a block")
    first = [(step + 1) // 2 if step % 2 else (blocks - step // 2) % blocks for step in range(blocks)]
    square = [[(block + shift) % blocks for block in first] for shift in range(blocks)]
    return square if blocks % 2 == 0 or blocks == 1 else square + [sequence[::-1] for sequence in square]


def turn(blocks: Sequence[int], slot: int, seed: bytes) -> list[int]:
    """The blocks in the order of the reader in `slot` (from 1); which block plays which part in the design is drawn from the seed."""
    drawn = order((str(block) for block in blocks), seed)
    sequences = williams(len(drawn))
    return [int(drawn[place]) for place in sequences[(slot - 1) % len(sequences)]]
