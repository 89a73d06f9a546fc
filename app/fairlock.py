"""A lock that is given out in the order of asking, for threads of one process."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """Who asked first gets it first; who waits too long goes away empty-handed. Any thread may release it."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[threading.Lock] = deque()

    @contextmanager
    def held(self, patience: float) -> Iterator[None]:
        """Hold it for the block; raises TimeoutError where it was not free within `patience` seconds."""
        turn = threading.Lock()
        turn.acquire()
        with self._mutex:
            self._queue.append(turn)
            first = len(self._queue) == 1
        if not first and not turn.acquire(timeout=patience):
            self._leave(turn)
            raise TimeoutError
        try:
            yield
        finally:
            self._leave(turn)

    def _leave(self, turn: threading.Lock) -> None:
        """Out of the queue, from the front or from within; the new front, if it is one, is woken."""
        with self._mutex:
            front = self._queue[0] is turn
            self._queue.remove(turn)
            if front and self._queue:
                self._queue[0].release()
