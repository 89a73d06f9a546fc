"""What has begun and not ended yet, counted by a key; for threads."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock


class InHand:
    """Counts what is in hand under each key."""

    def __init__(self) -> None:
        self._lock, self._begun = Lock(), Counter[str]()

    @contextmanager
    def one_more(self, key: str, may: Callable[[int], bool]) -> Iterator[bool]:
        """Whether `may` lets as many be in hand as there are with this one; if so, it is counted until the block ends."""
        with self._lock:
            begun = may(self._begun[key] + 1)
            self._begun[key] += begun
        try:
            yield begun
        finally:
            with self._lock:
                self._begun -= Counter({key: int(begun)})  # which forgets keys that are at none
