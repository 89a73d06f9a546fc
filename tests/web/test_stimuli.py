"""What reaches a reader's browser: the same for real and synthetic, in bytes, headers and addresses."""

import re

import pytest
from sqlalchemy import delete, insert, select, text

from app import clock
from app.tables.origins import Origin
from app.tables.people import Reader
from app.tables.sessions import Presentation, Reading
from tests.web.conftest import invite, opened
from tests.web.test_readings import Seat

OWN = re.compile(  # random names, links and cookies, the reader's code
    rb"\b[0-9a-f]{32}\b|\bR0[12]\b|(?:data-reading|name=.reading. value)=.[0-9a-f]{16}|(?<=/r/)[\w-]{22,}|(?<=blindread_reader=)[\w-]{22,}"
)


@pytest.fixture
def session(furnished, owner, known):
    return opened(furnished, owner, known)


def masked(data: bytes) -> bytes:
    return OWN.sub(b"*", data)


def everything(site, link):
    """Each answer that a whole reading brings, from the link on: address, status, headers in their order, body; what is the reader's own is masked."""
    client, received = site.browser(), []

    def ask(method, path, **more):
        answer = client.request(method, path, **more)
        headers = [(name, masked(value)) for name, value in answer.headers.raw]
        received.append(
            (masked(str(answer.url).encode()), answer.status_code, headers, masked(answer.content))
        )
        return answer

    for method, path in (
        ("GET", link),
        ("POST", link),
        ("GET", "/read"),
        ("POST", "/read/start"),
        ("GET", "/read/rate"),
    ):
        ask(method, path)
    while current := ask("GET", "/read/state").json()["current"]:
        ask("GET", f"/read/stimuli/{current}")
        rating = {"item": current, "answer": "real", "likert": 4, "key": current, "shown_ms": 900.5}
        assert ask("POST", "/read/ratings", json=rating).status_code == 200
        ask("POST", "/read/ratings", json={**rating, "key": "k" * 16})
        ask("GET", f"/read/stimuli/{current}")
    ask("GET", "/read")
    return received


def test_all_stimuli_have_one_length_and_one_set_of_headers(furnished, owner, session):
    seat = Seat(furnished, invite(owner, session))
    state = seat.state()
    answers = [seat.client.get(f"/read/stimuli/{name}") for name in (state["current"], *state["ahead"])]
    assert {answer.status_code for answer in answers} == {200}
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    headers = answers[0].headers
    assert headers["cache-control"] == "private, no-store, no-transform"
    assert not {"etag", "last-modified", "content-disposition", "server-timing", "content-encoding"} & set(
        headers
    )


def test_a_reader_gets_the_current_and_the_next_ten_alone(furnished, owner, session):
    seat = Seat(furnished, invite(owner, session))
    other = Seat(furnished, invite(owner, session, "R02"))
    foreign = seat.client.get(f"/read/stimuli/{other.state()['current']}")
    missing = seat.client.get(f"/read/stimuli/{'0' * 32}")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content == missing.content
    assert furnished.browser().get(f"/read/stimuli/{seat.state()['current']}").status_code == 401


def test_names_are_new_for_each_reader(furnished, owner, session):
    names = []
    for code in ("R01", "R02"):
        state = Seat(furnished, invite(owner, session, code)).state()
        names += [state["current"], *state["ahead"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)


def test_two_readers_have_different_orders(furnished, owner, session):
    for code in ("R01", "R02"):
        Seat(furnished, invite(owner, session, code))
    with furnished.parts.database.read() as db:
        orders = [
            list(
                db.scalars(
                    select(Presentation.item_id)
                    .join(Reading, Reading.id == Presentation.reading_id)
                    .join(Reader, Reader.id == Reading.reader_id)
                    .where(Reader.code == code)
                    .order_by(Presentation.position)
                )
            )
            for code in ("R01", "R02")
        ]
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_swapping_the_truth_changes_no_byte_that_a_reader_receives(furnished, owner, session, monkeypatch):
    """One reader reads; each real image changes its whole origin with a synthetic one; a second reader with the same order reads."""
    links = [invite(owner, session, code) for code in ("R01", "R02")]
    for link in links:
        Seat(furnished, link)  # both have started, so that the second one's order can be set
    fixed = clock.now()
    monkeypatch.setattr(clock, "now", lambda: fixed)
    first = everything(furnished, links[0])
    assert len(first) > 4 * 8
    with furnished.parts.database.write() as db:
        for event in ("insert", "update", "delete"):  # the database itself would refuse the swap
            db.execute(text(f"DROP TRIGGER origins_shown_{event}"))
        rows = [dict(row) for row in db.execute(select(Origin.__table__)).mappings()]
        real, synthetic = ([row for row in rows if row["kind"] == kind] for kind in ("real", "synthetic"))
        assert len(real) >= 4
        assert len(synthetic) >= 4
        pairs = list(zip(real, synthetic, strict=False))
        db.execute(delete(Origin))
        for one, other in pairs:
            db.execute(insert(Origin).values({**other, "image_id": one["image_id"]}))
            db.execute(insert(Origin).values({**one, "image_id": other["image_id"]}))
    same_order(furnished)
    assert everything(furnished, links[1]) == first


def same_order(site):
    """Give the second reader the first one's order, under the second one's own names."""
    with site.parts.database.write() as db:
        readings = list(db.scalars(select(Reading.id).order_by(Reading.slot)))
        orders = [
            list(
                db.scalars(
                    select(Presentation).where(Presentation.reading_id == r).order_by(Presentation.position)
                )
            )
            for r in readings
        ]
        items = [shown.item_id for shown in orders[0]]
        names = [shown.token for shown in orders[1]]
        for shown in orders[1]:
            db.delete(shown)
        db.flush()
        for position, (token, item_id) in enumerate(zip(names, items, strict=True), start=1):
            db.add(Presentation(token=token, reading_id=readings[1], position=position, item_id=item_id))
