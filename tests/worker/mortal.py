"""A worker that does what is queued and dies by SIGKILL at its n-th step: `python -m tests.worker.mortal N`.

A step is a file opened or renamed in the data folder, or a transaction begun, about to be committed, or committed.
Lives on where N is 0, and prints the number of its steps.
"""

import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.orm import Session

from app import worker
from app.settings import load_settings


class Steps:
    """Counts, and kills this process at the n-th."""

    def __init__(self, last):
        self.last, self.done = last, 0

    def take(self, *_):
        self.done += 1
        if self.done == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main():
    settings, steps = load_settings(os.environ), Steps(int(sys.argv[1]))
    inside = str(settings.data_dir)

    def watch(name, arguments):
        if name in {"open", "os.rename"} and str(arguments[0]).startswith(inside):
            steps.take()

    parts = worker.Parts.build(settings, "cpu")
    worker.release_dead(parts)
    sys.addaudithook(watch)
    for moment in ("after_begin", "before_commit", "after_commit"):
        event.listen(Session, moment, steps.take)
    worker.run_until_idle(parts)
    sys.stdout.write(f"{steps.done}\n")


if __name__ == "__main__":
    main()
