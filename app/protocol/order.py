"""The order in which a reader sees the items: drawn from ids and a seed alone, never from the truth."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence


def reader_seed(session_secret: str, slot: int) -> bytes:
    """The seed of the reader in `slot` (from 1), fixed by the session's secret before anyone is invited."""
    return hmac.new(bytes.fromhex(session_secret), f"reader {slot}".encode(), hashlib.sha256).digest()


def order(ids: Iterable[str], seed: bytes) -> list[str]:
    """The ids in an order that every permutation has the same chance of; the same ids and seed give the same order.

    Each id is sorted by a keyed hash of itself, so the order depends neither on the sequence in which ids come
    nor on any library's generator. Raises ValueError where an id comes twice.
    """
    given = list(ids)
    if len(set(given)) != len(given):
        raise ValueError("an id comes twice")
    return sorted(given, key=lambda one: _hash(seed, one))


def with_repeats(ordered: Sequence[str], repeated: Mapping[str, str], lag: int, seed: bytes) -> list[str]:
    """The order with repeats put in: each at a random place at least `lag` places behind the item that it repeats.

    `repeated` maps a repeat's id to that of its item. An item that comes too late to be repeated changes places with a random one
    that is not repeated and comes early enough. Raises ValueError where there are too few items for that.
    """
    placed = _early_enough(list(ordered), set(repeated.values()), len(ordered) - lag, seed)
    for repeat in order(repeated, seed):
        first = placed.index(repeated[repeat]) + lag
        places = len(placed) - first + 1
        placed.insert(first + number(seed, f"place {repeat}") % places, repeat)
    return placed


def _early_enough(placed: list[str], repeated: set[str], latest: int, seed: bytes) -> list[str]:
    """`latest` items from the front may be repeated; the others that are change places with one that is not."""
    late = [item for item in placed[max(latest, 0) :] if item in repeated]
    free = order((item for item in placed[: max(latest, 0)] if item not in repeated), seed)
    if len(free) < len(late):
        raise ValueError("too few items for so many repeats so far apart")
    for item, other in zip(late, free, strict=False):
        here, there = placed.index(item), placed.index(other)
        placed[here], placed[there] = other, item
    return placed


def _hash(seed: bytes, text: str) -> bytes:
    return hmac.digest(seed, text.encode(), hashlib.sha256)


def number(seed: bytes, text: str) -> int:
    """A number from 0 to 2**64 - 1 that seed and text fix."""
    return int.from_bytes(_hash(seed, text)[:8], "big")
