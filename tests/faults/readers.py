"""Readers as programs: they rate over HTTP, send again what was not acknowledged, and write down what they were told."""

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from sqlalchemy import select

from app import clock
from app.services import instructions, invitations, people, seats
from app.tables.sessions import Presentation, Rating
from app.web.deps import READER_COOKIE
from tests.web.conftest import OWNER


class Book:
    """What readers tried and what they were told is saved, by the item's random name."""

    def __init__(self):
        self.attempted, self.acknowledged, self.lock = {}, {}, threading.Lock()

    def note(self, where, key, value):
        with self.lock:
            where[key] = value


def invited(site, session_id, count):
    """Cookies of readers who have started; a few hundred at a time, under codes of their own, so that many take no longer each than few."""
    now, cookies = clock.now(), []
    for first in range(1, count + 1, 500):
        with site.parts.database.write() as db:
            owner_id = people.by_email(db, OWNER).id
            for number in range(first, min(first + 500, count + 1)):
                link = invitations.invite(db, session_id, owner_id, f"R{number:06d}", now)
                cookie = seats.confirm(db, link.token, now)
                instructions.start(db, seats.seat(db, cookie, now), now)
                cookies.append(cookie)
    return cookies


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status_code: int
    text: str

    def json(self):
        return json.loads(self.text)


class Wire:
    """One connection that costs next to nothing, so that a million answers are the server's work and not the readers'."""

    def __init__(self, url, cookie):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        self.headers = {"Cookie": f"{READER_COOKIE}={cookie}", "Content-Type": "application/json"}

    def ask(self, method, path, body=None):
        """The answer; where the line breaks the next one begins on a new line."""
        try:
            self.connection.request(method, path, json.dumps(body) if body else None, self.headers)
            answer = self.connection.getresponse()
            return Answer(answer.status, answer.read().decode())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise


def client(url, cookie):
    return httpx2.Client(base_url=url, cookies={READER_COOKIE: cookie}, timeout=20)


def answered(current, answer="real", likert=4):
    """A body of `POST /read/ratings`."""
    return {
        "item": current,
        "answer": answer,
        "likert": likert,
        "key": f"key-{current}",
        "shown_ms": 5.0,
    }


def read(server, book, cookie, rng, pause=0.05, most=10**9):
    """Rate to the end, or `most` images; each answer is sent again with its key until it is acknowledged."""
    wire = Wire(server.url, cookie)
    state = persistently(lambda: wire.ask("GET", "/read/state"))
    while (current := state["current"]) and most:
        value = (rng.choice(["real", "synthetic"]), rng.randint(1, 5))
        book.note(book.attempted, current, value)
        body = answered(current, *value)
        state = persistently(lambda body=body: wire.ask("POST", "/read/ratings", body))
        book.note(book.acknowledged, current, value)
        most -= 1
        time.sleep(rng.uniform(0, pause))
    wire.connection.close()


def read_one_after_the_other(server, book, cookies, seed, pause=0.05):
    rng = random.Random(seed)
    for cookie in cookies:
        read(server, book, cookie, rng, pause)


def persistently(call, seconds=300):
    """Until it is answered otherwise than by "not now"."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            answer = call()
        except (httpx2.TransportError, OSError, http.client.HTTPException):
            time.sleep(0.02)
            continue
        if answer.status_code == 503:
            time.sleep(0.2)
            continue
        assert answer.status_code == 200, answer.text
        return answer.json()
    raise AssertionError(f"no answer within {seconds} seconds")


def stored(site):
    """(item's random name, (answer, likert)) of every rating."""
    query = select(Presentation.token, Rating.answer, Rating.likert).join(
        Presentation,
        (Presentation.reading_id == Rating.reading_id) & (Presentation.item_id == Rating.item_id),
    )
    with site.parts.database.read() as db:
        return [(token, (answer, likert)) for token, answer, likert in db.execute(query)]


def check(site, book):
    """Acknowledged ⊆ stored ⊆ attempted, nothing twice, and SQLite finds its file whole; gives how many are stored."""
    rows = stored(site)
    kept = dict(rows)
    assert len(rows) == len(kept)
    assert book.acknowledged.items() <= kept.items() <= book.attempted.items()
    with site.parts.database.read() as db:
        assert db.connection().exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
    return len(rows)
