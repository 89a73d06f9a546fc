"""A limited exposure is one exposure, on however many devices: the server knows what of it is used up."""

import pytest
from sqlalchemy import select, update

from app.tables.sessions import Exposure, Presentation
from tests.web.conftest import invite, opened
from tests.web.test_reading_steps import seated

LIMIT = 4000.0


@pytest.fixture
def link(furnished, owner, known):
    return invite(owner, opened(furnished, owner, known, exposure_ms="4000"))


@pytest.fixture
def reader(furnished, link):
    found = seated(furnished, link)
    found.post("/read/start")
    return found


def state(reader):
    return reader.get("/read/state").json()


def tell(reader, item, seen_ms, *, running):
    body = {"item": item, "seen_ms": seen_ms, "running": running}
    return reader.post("/read/exposures", json=body)


def test_another_device_knows_what_was_seen(furnished, link, reader):
    current = state(reader)["current"]
    assert state(reader)["seen"] is None
    assert tell(reader, current, 0.0, running=True).status_code == 200
    assert tell(reader, current, 1500.0, running=False).status_code == 200
    other = seated(furnished, link)
    assert state(other)["seen"] == {"ms": 1500.0, "running": False}


def test_of_a_view_that_broke_off_the_time_since_its_beginning_counts(furnished, reader):
    current = state(reader)["current"]
    tell(reader, current, 100.0, running=True)
    first = state(reader)["seen"]
    assert first["running"]
    assert 100.0 <= first["ms"] <= LIMIT
    with furnished.parts.database.write() as db:
        row = db.scalars(select(Exposure)).one()
        db.execute(update(Exposure).values(since=row.since.replace(year=row.since.year - 1)))
    assert state(reader)["seen"] == {"ms": LIMIT, "running": True}


def test_what_is_used_up_never_becomes_less_nor_more_than_all(reader):
    current = state(reader)["current"]
    for told in (900.0, 300.0):
        tell(reader, current, told, running=False)
    assert state(reader)["seen"]["ms"] == 900.0
    tell(reader, current, 1e9, running=False)
    assert state(reader)["seen"]["ms"] == LIMIT


def test_the_next_image_is_seen_anew(reader):
    found = state(reader)
    tell(reader, found["current"], LIMIT, running=False)
    body = {"item": found["current"], "answer": "real", "likert": 3, "key": "k" * 16, "shown_ms": 900}
    assert reader.post("/read/ratings", json=body).json()["seen"] is None


@pytest.mark.parametrize("seen_ms", [-1, "NaN"])
def test_what_is_no_duration_is_refused(reader, seen_ms):
    body = f'{{"item": "{state(reader)["current"]}", "seen_ms": {seen_ms}, "running": true}}'
    refused = reader.post("/read/exposures", content=body, headers={"content-type": "application/json"})
    assert refused.status_code == 422
    assert state(reader)["seen"] is None


def test_an_image_that_nobody_can_have_seen_yet_is_not_known(furnished, owner, known):
    session = opened(furnished, owner, known, n_real="8", n_synthetic="8", exposure_ms="4000")
    one, other = (seated(furnished, invite(owner, session)) for _ in range(2))
    for reader in (one, other):
        reader.post("/read/start")
    with furnished.parts.database.read() as db:
        last = db.scalars(select(Presentation).where(Presentation.position == 16)).first()
        held = db.scalars(select(Presentation).where(Presentation.position == 11)).all()
    told = [tell(reader, last.token, 1.0, running=True).status_code for reader in (one, other)]
    assert told == [404, 404]
    answers = [
        tell(reader, image.token, 1.0, running=True).status_code for reader in (one, other) for image in held
    ]
    assert sorted(answers) == [200, 200, 404, 404]


def test_a_foreign_image_is_not_known(furnished, owner, known, reader):
    other = seated(furnished, invite(owner, opened(furnished, owner, known), "R07"))
    other.post("/read/start")
    theirs = state(other)["current"]
    foreign, missing = tell(reader, theirs, 1.0, running=True), tell(reader, "f" * 32, 1.0, running=True)
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
    assert foreign.status_code == 404
    assert tell(other, theirs, 1.0, running=True).status_code == 200  # nothing is limited there
    assert state(other)["seen"] is None
    with furnished.parts.database.read() as db:
        assert db.scalars(select(Exposure)).all() == []
