"""Which parts of the images a reader reads, where nobody reads all: as balanced over readers as the numbers allow.

One part each is a split-plot design (Gallas and Brown 2008, Neural Networks 21:387; Obuchowski 2009, Academic Radiology 16:1508); several
each are incomplete blocks that become balanced: every part is read by as many readers, and every two parts together, too (Yates 1936).
"""

from functools import lru_cache
from itertools import combinations
from math import lcm

MOST_PARTS = 12


def of_reader(slot: int, parts: int, read: int) -> tuple[int, ...]:
    """The parts, numbered from 1, that the reader in `slot` (from 1) reads. Raises ValueError unless 1 ≤ read ≤ parts ≤ 12."""
    sequence = subsets(parts, read)
    return sequence[(slot - 1) % len(sequence)]


def readers_for_all(parts: int, read: int) -> int:
    """How many readers, from the first one on, it takes until each part has been read."""
    slot, seen = 0, set[int]()
    while len(seen) < parts:
        slot += 1
        seen.update(of_reader(slot, parts, read))
    return slot


def turned(slot: int, parts: int, read: int, sequences: int) -> int:
    """A place (from 1) among the sequences of another design, so that over readers each of them meets each choice of parts as often."""
    together = lcm(len(subsets(parts, read)), sequences)
    return slot + (slot - 1) // together


@lru_cache(maxsize=64)
def subsets(parts: int, read: int) -> tuple[tuple[int, ...], ...]:
    """All choices of `read` out of `parts`, in an order whose beginnings are balanced.

    They come in cycles (each choice shifted round by one part until it comes back), because within a cycle every part comes
    equally often; and of the cycles always the next one is that which leaves the pairs of parts most even.
    """
    if not 1 <= read <= parts <= MOST_PARTS:
        raise ValueError("a reader reads 1 to all of 1 to 12 parts")
    left, placed = _cycles(parts, read), list[tuple[int, ...]]()
    together = dict.fromkeys(combinations(range(1, parts + 1), 2), 0)
    while left:
        best = min(left, key=lambda cycle: (_unevenness(together, cycle), len(cycle), cycle))
        left.remove(best)
        placed += best
        for pair in _pairs(best):
            together[pair] += 1
    return tuple(placed)


def _cycles(parts: int, read: int) -> list[tuple[tuple[int, ...], ...]]:
    found, seen = [], set[tuple[int, ...]]()
    for first in combinations(range(parts), read):
        shifted = [tuple(sorted((part + by) % parts + 1 for part in first)) for by in range(parts)]
        cycle = tuple(dict.fromkeys(shifted))
        if cycle[0] not in seen:
            seen.update(cycle)
            found.append(cycle)
    return found


def _pairs(cycle: tuple[tuple[int, ...], ...]) -> list[tuple[int, int]]:
    return [pair for choice in cycle for pair in combinations(choice, 2)]


def _unevenness(together: dict[tuple[int, int], int], cycle: tuple[tuple[int, ...], ...]) -> int:
    """How far apart the most and the least frequent pair of parts would be after this cycle."""
    after = dict(together)
    for pair in _pairs(cycle):
        after[pair] += 1
    return max(after.values(), default=0) - min(after.values(), default=0)
