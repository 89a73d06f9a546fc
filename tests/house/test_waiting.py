"""Writers of one process: first come first served, and nobody waits for ever."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import Database
from app.errors import UnavailableError
from app.fairlock import FairLock


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", patience=0.2)
    with made.write() as db:
        db.execute(text("CREATE TABLE notes (note TEXT)"))
    yield made
    made.close()


def notes(database):
    with database.read() as db:
        return db.scalars(text("SELECT note FROM notes ORDER BY rowid")).all()


def queued(lock, length):
    while len(lock._queue) < length:
        time.sleep(0.001)


def test_who_asked_first_gets_it_first():
    lock, order, threads = FairLock(), [], []

    def take(number):
        with lock.held(10):
            order.append(number)

    with lock.held(10):
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            queued(lock, 2 + number)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_waited_in_vain_stands_in_nobodys_way():
    lock, order = FairLock(), []

    def take():
        with lock.held(10):
            order.append("later")

    def leave():
        with pytest.raises(TimeoutError), lock.held(0.05):
            order.append("too early")

    later = threading.Thread(target=take)
    with lock.held(10):
        leaving = threading.Thread(target=leave)
        leaving.start()
        queued(lock, 2)
        later.start()
        queued(lock, 3)
        leaving.join()
        assert order == []
    later.join()
    with lock.held(0):
        assert order == ["later"]


def test_a_thread_that_writes_for_long_makes_others_come_again(database):
    told = []

    def write():
        with pytest.raises(UnavailableError, match="busy") as caught, database.write() as db:
            db.execute(text("INSERT INTO notes VALUES ('other')"))
        told.append(caught.value.sentence)

    with database.write() as db:
        db.execute(text("INSERT INTO notes VALUES ('long')"))
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(told) == 1
    assert notes(database) == ["long"]


def test_a_lock_of_another_process_is_waited_for_only_so_long(database):
    with closing(sqlite3.connect(database.engine.url.database, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(UnavailableError, match="busy"), database.write() as db:
            db.execute(text("INSERT INTO notes VALUES ('meanwhile')"))
        assert 0.15 < time.monotonic() - start < 5
        foreign.execute("ROLLBACK")
    with database.write() as db:
        db.execute(text("INSERT INTO notes VALUES ('after')"))
    assert notes(database) == ["after"]


def test_a_database_without_room_says_so_and_keeps_nothing_of_the_block(database):
    rows = [{"note": "x" * 4000}] * 100
    with database.read() as db:
        db.execute(text("PRAGMA max_page_count=9"))  # of the pool's only connection
    with pytest.raises(UnavailableError, match="full"), database.write() as db:
        db.execute(text("INSERT INTO notes VALUES (:note)"), rows)
    assert notes(database) == []


def test_a_database_that_cannot_be_opened_says_so_and_may_come_back(database, tmp_path):
    database.close()
    file = tmp_path / "a.db"
    file.rename(tmp_path / "away.db")
    file.mkdir()
    with pytest.raises(UnavailableError, match="cannot be opened"), database.read() as db:
        db.execute(text("SELECT 1"))
    file.rmdir()
    (tmp_path / "away.db").rename(file)
    assert notes(database) == []


def test_a_mistake_of_ours_is_not_taken_for_bad_luck(database):
    with pytest.raises(OperationalError, match="no such table"), database.write() as db:
        db.execute(text("INSERT INTO no_such VALUES (1)"))
