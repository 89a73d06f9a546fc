"""Withdrawal: a reader's answers are kept and count no more; until the study is closed, and from the start on."""

from sqlalchemy import select

from app.services import unblinding
from app.tables.sessions import Rating
from tests.web.conftest import ident, invite, opened, text
from tests.web.test_reading_steps import ANSWER, invited, rate_all, reading, seated


def test_a_withdrawn_reading_is_kept_and_not_analysed(furnished, owner, known):
    address = opened(furnished, owner, known)
    staying, leaving = (seated(furnished, invite(owner, address)) for _ in range(2))
    for reader in (staying, leaving):
        reader.post("/read/start")
        rate_all(reader)
    for _ in range(2):
        assert leaving.post("/read/withdraw").status_code == 303
    assert "have been withdrawn" in text(leaving.get("/read"))
    assert "withdrew" in text(owner.get(address))
    with furnished.parts.database.read() as db:
        assert len(list(db.scalars(select(Rating)))) == 16
        counted = unblinding.ratings(db, ident(address))
        assert {rating.reader for rating in counted} == {"R01"}
        assert unblinding.withdrawn(db, ident(address)) == 1


def test_who_has_withdrawn_can_rate_no_more(furnished, owner, known):
    reader = invited(furnished, owner, known, allow_undo="true")
    reader.post("/read/start")
    state = reader.get("/read/state").json()
    reader.post("/read/withdraw")
    refused = reader.post("/read/ratings", json={"item": state["current"], "key": "k" * 16, **ANSWER})
    assert refused.status_code == 423
    assert "withdrawn" in refused.json()["error"]
    assert reader.get(f"/read/stimuli/{state['current']}").status_code == 404


def test_after_the_study_nothing_is_withdrawn_unasked(furnished, owner, known):
    address = opened(furnished, owner, known)
    reader = seated(furnished, invite(owner, address))
    owner.post(f"{address}/close")
    refused = reader.post("/read/withdraw")
    assert refused.status_code == 409
    assert "ask the person who invited you" in text(refused)
    assert reading(furnished).withdrawn_at is None


def test_readers_can_withdraw_from_their_start_on(furnished, owner, known):
    address = opened(furnished, owner, known)
    reader = seated(furnished, invite(owner, address))
    assert "/read/withdraw" not in reader.get("/read").text
    reader.post("/read/start")
    page = reader.get("/read").text
    assert "/read/withdraw" in page
    assert 'name="reading"' in page
    owner.post(f"{address}/close")
    assert "/read/withdraw" not in reader.get("/read").text
