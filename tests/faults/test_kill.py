"""The server is killed at random moments while readers rate: what was acknowledged is stored, and nothing twice."""

import os
import random
import threading
import time

import pytest

from tests.faults import readers
from tests.servers import Server
from tests.web.conftest import ident, opened

SOAK = bool(os.environ.get("SOAK_TESTS"))
AT_ONCE = 16
KILLS = int(os.environ.get("KILLS", "500" if SOAK else "3"))
SEATS = int(os.environ.get("SEATS", "125000" if SOAK else "32"))  # of eight images each
PAUSE = 0.01 if SOAK else 0.25  # seconds between a reader's answers, at most
SEED = int(os.environ.get("SEED", "20261123"))
"""The soak's million of submissions takes hours; KILLS and SEATS make it smaller, and SEED each part another one."""


@pytest.mark.timeout(10 * 3600 if SOAK else 240)
def test_acknowledged_is_stored_and_stored_was_attempted_once(furnished, owner, known):
    session_id = ident(opened(furnished, owner, known))
    server, book, rng = Server(furnished.settings.data_dir), readers.Book(), random.Random(SEED)
    cookies = readers.invited(furnished, session_id, SEATS)
    server.start()
    threads = [
        threading.Thread(
            target=readers.read_one_after_the_other,
            args=(server, book, cookies[n::AT_ONCE], SEED + n, PAUSE),
            daemon=True,
        )
        for n in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    kills = 0
    while kills < KILLS and any(thread.is_alive() for thread in threads):
        time.sleep(rng.uniform(0.05, 0.5))
        server.kill()
        kills += 1
        server.start()
    for thread in threads:
        thread.join()
    server.kill()
    assert readers.check(furnished, book) == SEATS * 8
    assert book.acknowledged.keys() == book.attempted.keys()
    assert kills == KILLS
