"""Idempotency keys on PostgreSQL, where two servers on one database both begin at once; skipped where it is not installed."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock, worker
from app.services import people
from app.tables.api import RememberedAnswer
from app.tables.images import ImageSet
from tests.postgres import another, postgresql
from tests.web.api.conftest import Program, program
from tests.web.api.test_idempotency import KEY, SECOND, count, upload
from tests.web.conftest import OTHER, OWNER, PASSWORD, open_site


@pytest.fixture(scope="module")
def server():
    with postgresql() as address:
        yield address


@pytest.fixture
def empty(server):
    return another(server)


@pytest.fixture
def programs(empty, tmp_path):
    """The same program at two servers on one database."""
    opening = contextmanager(open_site)
    with (
        opening(tmp_path / "data", database_url=empty) as first,
        opening(tmp_path / "data", database_url=empty) as second,
    ):
        with first.parts.database.write() as db:
            for email in (OWNER, OTHER):
                people.add(db, email, "researcher", PASSWORD, clock.now())
        me = program(first)
        yield me, Program(second, me.token)


def test_it_works(programs):
    for me in programs:
        answer = upload(me, KEY, 1, 2)
        assert answer.status_code == 201, answer.text
    assert answer.headers["idempotent-replayed"] == "true"
    assert count(me.site, ImageSet.id) == 1
    assert upload(me, KEY, 2, 1).status_code == 422
    assert upload(me, SECOND, 1, 2).json()["id"] != answer.json()["id"]


def test_keys_of_two_users_do_not_meet(programs):
    me = programs[0]
    mine, theirs = (upload(asking, KEY, 1) for asking in (me, program(me.site, OTHER)))
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]


@pytest.mark.parametrize("before", [None, timedelta(hours=25)], ids=["new", "after its day"])
def test_at_the_same_time_at_two_servers_it_is_done_once(programs, before):
    me = programs[0]
    for asking in (
        programs
    ):  # FastAPI prepares a route at its first request, and hides a warning of its own not safely for threads
        upload(asking, SECOND, 1)
    if before:
        upload(me, KEY, 1, 2)
        with me.site.parts.database.write() as db:
            db.execute(update(RememberedAnswer).values(made_at=clock.now() - before))
    already, answers, together = count(me.site, ImageSet.id), [], threading.Barrier(6)

    def ask(asking):
        together.wait()
        answers.append(upload(asking, KEY, 1, 2))

    threads = [threading.Thread(target=ask, args=(asking,)) for asking in programs * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.content for answer in answers}) == 1
    assert count(me.site, ImageSet.id) == already + 1


def test_an_answer_is_forgotten_after_a_day(programs):
    me = programs[0]
    upload(me, KEY, 1)
    for age, left in ((timedelta(hours=23), 1), (timedelta(hours=25), 0)):
        with me.site.parts.database.write() as db:
            db.execute(update(RememberedAnswer).values(made_at=clock.now() - age))
        worker.retain(me.site.parts)
        assert count(me.site, RememberedAnswer.key_hash) == left
