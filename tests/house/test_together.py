"""Writers that wait together are committed together: each is told only after that, and one that fails takes no other along."""

import sqlite3
import threading
import time
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from app import together
from app.db import Database
from app.errors import ConflictError, UnavailableError
from app.fairlock import FairLock


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", patience=30)
    with made.write() as db:
        db.execute(text("CREATE TABLE notes (note TEXT PRIMARY KEY)"))
        db.execute(text("CREATE TABLE answers (note TEXT REFERENCES notes (note))"))
    yield made
    made.close()


def notes(database):
    with database.read() as db:
        return db.scalars(text("SELECT note FROM notes ORDER BY rowid")).all()


@contextmanager
def commits(database):
    """The connections that committed while the block runs."""
    seen = []

    def note(connection):
        seen.append(connection)

    event.listen(database.engine, "commit", note)
    yield seen
    event.remove(database.engine, "commit", note)


class Writers:
    """Threads that queue one behind the other, and what each is told: "saved" or the error."""

    def __init__(self, database):
        self.database, self.threads, self.told = database, [], {}

    def add(self, name, work, write=None):
        def run():
            try:
                with (write or self.database.write_together)() as db:
                    work(db)
                self.told[name] = "saved" if name in notes(self.database) else "told, but not saved"
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.told[name] = type(error)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        while len(self.database._writers._queue) < 1 + len(self.threads):
            time.sleep(0.001)

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.told


def noting(name, then=None):
    def work(db):
        db.execute(text("INSERT INTO notes VALUES (:note)"), {"note": name})
        if then:
            then(db)

    return work


def refuse(db):
    raise ConflictError("No.")


def fill_up(db):
    db.execute(text("PRAGMA max_page_count=1"))
    db.execute(text("INSERT INTO notes VALUES (:note)"), {"note": "x" * 100_000})


def leave_an_orphan(db):
    db.execute(text("PRAGMA defer_foreign_keys=ON"))
    db.execute(text("INSERT INTO answers VALUES ('of nobody')"))


def at_once(database, **works):
    """Let these wait behind a writer who writes nothing; gives what each was told, and how many commits there were."""
    writers = Writers(database)
    with commits(database) as seen:
        with database.write():
            for name, work in works.items():
                writers.add(name, work)
        return writers.join(), len(seen)


def test_it_works(database):
    with database.write_together() as db:
        noting("alone")(db)
    assert notes(database) == ["alone"]


def test_those_who_wait_are_committed_once_in_their_order(database):
    told, count = at_once(database, a=noting("a"), b=noting("b"), c=noting("c"))
    assert told == {"a": "saved", "b": "saved", "c": "saved"}
    assert count == 1
    assert notes(database) == ["a", "b", "c"]


def test_so_many_at_most_wait_for_one_another(database):
    names = [f"n{number}" for number in range(together.MOST + 1)]
    told, count = at_once(database, **{name: noting(name) for name in names})
    assert set(told.values()) == {"saved"}
    assert count == 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_that_is_refused_takes_no_other_along(database, place):
    works = {name: noting(name) for name in "abc"}
    refused = "abc"[place]
    works[refused] = noting(refused, refuse)
    told, count = at_once(database, **works)
    assert told == {name: ConflictError if name == refused else "saved" for name in "abc"}
    assert (count, notes(database)) == (1, [name for name in "abc" if name != refused])


def test_without_room_nobody_is_told_saved_who_was_not(database):
    told, _ = at_once(database, a=noting("a"), b=noting("b", fill_up), c=noting("c"))
    assert (told["a"], told["b"]) == (UnavailableError, UnavailableError)
    assert notes(database) == (["c"] if told["c"] == "saved" else [])


def test_where_the_commit_fails_nobody_is_told_saved(database):
    told, _ = at_once(database, a=noting("a"), b=noting("b", leave_an_orphan))
    assert told == {"a": UnavailableError, "b": IntegrityError}
    assert notes(database) == []
    with database.write_together() as db:
        noting("after")(db)
    assert notes(database) == ["after"]


def test_where_another_process_writes_nobody_is_told_saved(database):
    impatient = Database(str(database.engine.url), patience=0.2)
    impatient._patience = 30  # the queue's; SQLite's own stays short
    writers = Writers(impatient)
    with closing(sqlite3.connect(database.engine.url.database, isolation_level=None)) as foreign:
        with impatient.write():
            foreign.execute("BEGIN IMMEDIATE")
            writers.add("a", noting("a"))
            writers.add("b", noting("b"))
        assert writers.join() == {"a": UnavailableError, "b": UnavailableError}
        foreign.execute("ROLLBACK")
    with impatient.write_together() as db:
        noting("after")(db)
    impatient.close()
    assert notes(database) == ["after"]


def test_one_who_writes_alone_commits_what_others_wrote_first(database):
    writers = Writers(database)
    with commits(database) as seen:
        with database.write():
            writers.add("a", noting("a"))
            writers.add("alone", noting("alone"), database.write)
            writers.add("b", noting("b"))
        assert writers.join() == {"a": "saved", "alone": "saved", "b": "saved"}
    assert len(seen) == 3


def test_one_who_writes_alone_does_not_fail_with_others(database):
    writers = Writers(database)
    with database.write():
        writers.add("a", noting("a", leave_an_orphan))
        writers.add("alone", noting("alone"), database.write)
    assert writers.join() == {"a": UnavailableError, "alone": "saved"}


def test_who_comes_to_the_front_at_the_last_moment_holds_the_lock():
    lock, held = FairLock(), []

    def wait():
        with lock.held(0.05):
            held.append(len(lock._queue))

    with lock.held(0):
        waiting = threading.Thread(target=wait)
        waiting.start()
        while len(lock._queue) < 2:
            time.sleep(0.001)
        with lock._mutex:
            time.sleep(0.2)  # its patience is at an end, and it cannot leave
            lock._next()
        waiting.join()
    assert held == [1]
    with lock.held(0):
        assert not lock.pass_on()
