"""The server is killed at random moments while readers rate: what was acknowledged is stored, and nothing twice."""

import os
import random
import threading
import time

import httpx2
import pytest
from sqlalchemy import select

from app import clock
from app.services import invitations, people, readings, seats
from app.tables.sessions import Presentation, Rating
from app.web.deps import READER_COOKIE
from tests.servers import Server
from tests.web.conftest import OWNER, ident, opened

SOAK = bool(os.environ.get("SOAK_TESTS"))
READERS = 200 if SOAK else 30
KILLS = 60 if SOAK else 4
AT_ONCE = 6


class Book:
    """What readers tried and what they were told is saved."""

    def __init__(self):
        self.attempted, self.acknowledged, self.lock = {}, {}, threading.Lock()

    def note(self, where, key, value):
        with self.lock:
            where[key] = value


def invited(site, session_id):
    """Cookies of readers who have started."""
    now, cookies = clock.now(), {}
    with site.parts.database.write() as db:
        owner_id = people.by_email(db, OWNER).id
        for _ in range(READERS):
            link = invitations.invite(db, session_id, owner_id, None, now)
            cookie = seats.confirm(db, link.token, now)
            readings.start(db, seats.seat(db, cookie, now), now)
            cookies[link.reading_id] = cookie
    return cookies


def read(server, book, cookie, rng):
    """Rate to the end, sending each answer again with its key until it is acknowledged."""
    with httpx2.Client(base_url=server.url, cookies={READER_COOKIE: cookie}, timeout=5) as client:
        state = persistently(lambda: client.get("/read/state"))
        while current := state["current"]:
            body = {
                "item": current,
                "answer": rng.choice(["real", "synthetic"]),
                "likert": rng.randint(1, 5),
                "key": f"key-{current}",
                "shown_ms": 5.0,
            }
            book.note(book.attempted, current, (body["answer"], body["likert"]))
            state = persistently(lambda body=body: client.post("/read/ratings", json=body))
            book.note(book.acknowledged, current, (body["answer"], body["likert"]))
            time.sleep(rng.uniform(0, 0.05))


def persistently(call):
    for _ in range(2000):
        try:
            answer = call()
        except httpx2.TransportError:
            time.sleep(0.02)
            continue
        assert answer.status_code == 200, answer.text
        return answer.json()
    raise AssertionError("no answer after two thousand attempts")


def read_one_after_the_other(server, book, cookies, seed):
    rng = random.Random(seed)
    for cookie in cookies:
        read(server, book, cookie, rng)


@pytest.mark.timeout(1800 if SOAK else 240)
def test_acknowledged_is_stored_and_stored_was_attempted_once(furnished, owner, known):
    session_id = ident(opened(furnished, owner, known))
    cookies = list(invited(furnished, session_id).values())
    server, book, rng = Server(furnished.settings.data_dir), Book(), random.Random(20261123)
    server.start()
    threads = [
        threading.Thread(
            target=read_one_after_the_other, args=(server, book, cookies[n::AT_ONCE], n), daemon=True
        )
        for n in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    kills = 0
    while kills < KILLS and any(thread.is_alive() for thread in threads):
        time.sleep(rng.uniform(0.05, 0.4))
        server.kill()
        kills += 1
        server.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    server.kill()
    with furnished.parts.database.read() as db:
        query = select(Presentation.token, Rating.answer, Rating.likert).join(
            Presentation,
            (Presentation.reading_id == Rating.reading_id) & (Presentation.item_id == Rating.item_id),
        )
        rows = [(token, (answer, likert)) for token, answer, likert in db.execute(query)]
    stored = dict(rows)
    assert kills == KILLS
    assert len(rows) == len(stored) == READERS * 8
    assert book.acknowledged.items() <= stored.items() <= book.attempted.items()
