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
        if not first and not turn.acquire(timeout=patience) and self._given_up(turn):
            raise TimeoutError
        try:
            yield
        finally:
            self._leave(turn)

    def pass_on(self) -> bool:
        """Within the block, leave it to whoever waits, who is then sure to hold it; False where nobody does, and it is still held."""
        with self._mutex:
            if len(self._queue) == 1:
                return False
            self._next()
            return True

    def _given_up(self, turn: threading.Lock) -> bool:
        """Out of the queue; not if it came to the front at the last moment, because then it is held."""
        with self._mutex:
            if self._queue[0] is turn:
                return False
            self._queue.remove(turn)
            return True

    def _leave(self, turn: threading.Lock) -> None:
        """Out of the queue, unless it was passed on already."""
        with self._mutex:
            if self._queue and self._queue[0] is turn:
                self._next()

    def _next(self) -> None:
        self._queue.popleft()
        if self._queue:
            self._queue[0].release()
