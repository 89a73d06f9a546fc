"""Run what reads foreign files in a child process with limits: memory, time, file size, no network, nothing to start.

The parent may have threads, so nothing of ours runs between fork and exec: the child starts this package, which limits
itself and then becomes the program that was asked for. What the kernel does not offer (a network namespace inside some
containers) is left out; the limits and the lock hold everywhere. Only the standard library is used.
"""

from app.sandbox.conversation import Conversation, Stopped, answer, spawn
from app.sandbox.lock import RefusedError, lock_down
from app.sandbox.process import Finished, Limits, run

__all__ = [
    "Conversation",
    "Finished",
    "Limits",
    "RefusedError",
    "Stopped",
    "answer",
    "lock_down",
    "run",
    "spawn",
]
