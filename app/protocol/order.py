"""The order in which a reader sees the items: drawn from ids and a seed alone, never from the truth."""

import hashlib
import hmac
from collections.abc import Iterable


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
    return sorted(given, key=lambda one: hmac.new(seed, one.encode(), hashlib.sha256).digest())
