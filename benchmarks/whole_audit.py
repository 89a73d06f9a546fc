"""How long does the whole blinding audit of a session take? `python benchmarks/whole_audit.py [SIDE A_CLASS]`

The job as the worker does it: the rehearsal of the reading on a copy (twice where latency asks for it), the pixels, the figures, the
kept result. Prints a row for docs/benchmarks.md: seconds on the clock and of the processor.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from app import clock, schema, worker
from app.services import audits, people, sessions
from app.settings import load_settings
from benchmarks.audit import made
from tests import studies


def main(side: int, a_class: int) -> None:
    images = made(side, 2 * a_class, np.random.default_rng(side))
    with tempfile.TemporaryDirectory() as folder:
        parts = worker.Parts.build(load_settings({"BLINDREAD_DATA_DIR": folder}), "cpu")
        schema.upgrade(parts.database)
        with parts.database.write() as db:
            people.add(db, studies.OWNER, "researcher", "a long enough password", clock.now())
            user = people.by_email(db, studies.OWNER)
        session_id = studies.draft(parts, user, images, np.arange(2 * a_class) < a_class)
        with parts.database.write() as db:
            sessions.start_freeze(db, user, session_id, parts.settings.secret_key, clock.now())
        worker.run_one(parts, "bench:1:1", threading.Event())
        wall, processor = time.perf_counter(), time.process_time()
        worker.run_one(parts, "bench:1:1", threading.Event())
        told = time.perf_counter() - wall, time.process_time() - processor
        with parts.database.read() as db:
            session = sessions.own(db, user, session_id)
            if audits.finished_of(db, session) is None:
                raise SystemExit("no audit was made")
        parts.database.close()
    print(f"| {side} px, {a_class} + {a_class} | {told[0]:.1f} s | {told[1]:.1f} s |")


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:]) if sys.argv[1:] else (512, 100)))
