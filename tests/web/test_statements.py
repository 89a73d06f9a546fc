"""How many statements a reader's two requests for each image take, which many readers at once make the bulk of the work."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.web.conftest import invite, opened


@contextmanager
def counted(site):
    """The verbs of the statements that SQLite gets from the web process while the block runs, in their order."""
    engine, asked, noting = site.app.app.state.context.database.engine, [], True

    def note(statement):
        changes = statement.startswith(("INSERT", "UPDATE", "DELETE"))
        if noting and not (changes and asked[-1:] == [statement]):  # told again when its triggers begin
            asked.append(statement)

    def trace(connection, record, proxy):
        del record, proxy
        connection.set_trace_callback(note)

    event.listen(engine, "checkout", trace)
    yield lambda: [statement.split()[0] for statement in asked]
    noting = False
    event.remove(engine, "checkout", trace)


@pytest.fixture
def reader(furnished, owner, known):
    found = furnished.browser()
    found.post(invite(owner, opened(furnished, owner, known, allow_undo="true")))
    found.post("/read/start")
    return found


def answer(reader, current, **changes):
    body = {"item": current, "answer": "real", "likert": 4, "key": f"key-{current}", "shown_ms": 900.0}
    return reader.post("/read/ratings", json={**body, **changes})


def test_an_answer_takes_three_looks_and_two_changes(furnished, reader):
    current = reader.get("/read/state").json()["current"]
    with counted(furnished) as verbs:
        assert answer(reader, current).status_code == 200
    assert verbs() == [
        "BEGIN",
        "SAVEPOINT",
        "SELECT",
        "SELECT",
        "SELECT",
        "INSERT",
        "UPDATE",
        "RELEASE",
        "COMMIT",
    ]


def test_an_answer_sent_again_changes_nothing(furnished, reader):
    current = reader.get("/read/state").json()["current"]
    first = answer(reader, current)
    with counted(furnished) as verbs:
        assert answer(reader, current).json() == first.json()
    assert verbs() == ["BEGIN", "SAVEPOINT", "SELECT", "SELECT", "SELECT", "RELEASE", "COMMIT"]


def test_a_change_asks_once_more(furnished, reader):
    current = reader.get("/read/state").json()["current"]
    answer(reader, current)
    with counted(furnished) as verbs:
        assert answer(reader, current, key="another-key", revises=True).status_code == 200
    assert verbs() == ["BEGIN", "SAVEPOINT", *["SELECT"] * 4, "INSERT", "UPDATE", "RELEASE", "COMMIT"]


def test_an_image_takes_two_looks(furnished, reader):
    ahead = reader.get("/read/state").json()["ahead"]
    with counted(furnished) as verbs:
        assert reader.get(f"/read/stimuli/{ahead[-1]}").status_code == 200
    assert verbs() == ["BEGIN", "SELECT", "SELECT", "ROLLBACK"]


def test_a_cookie_of_nobody_takes_one_look(furnished, reader):
    current = reader.get("/read/state").json()["current"]
    reader.cookies.clear()
    reader.cookies.set("blindread_reader", "somebody")
    with counted(furnished) as verbs:
        assert answer(reader, current).status_code == 401
    assert verbs() == ["BEGIN", "SAVEPOINT", "SELECT", "ROLLBACK", "COMMIT"]
