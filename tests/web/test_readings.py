"""What a reader can do: open a personal link, rate each image once, correct where allowed, stop and come back."""

import pytest
from sqlalchemy import select

from app.tables.sessions import Rating, Reading
from tests.web.conftest import invite, opened, text

EACH = 4


class Seat:
    """A reader's browser that has confirmed a link and started."""

    def __init__(self, site, link):
        self.client = site.browser()
        assert self.client.post(link).status_code == 303
        assert self.client.post("/read/start").status_code == 303

    def state(self):
        return self.client.get("/read/state").json()

    def rate(self, item=None, **changes):
        body = {
            "item": item or self.state()["current"],
            "answer": "real",
            "likert": 4,
            "key": "k" * 16,
            "shown_ms": 900.5,
            "viewport": {"width": 1366},
        }
        return self.client.post("/read/ratings", json={**body, **changes})

    def finish(self):
        while current := self.state()["current"]:
            assert self.rate(current, key=current).status_code == 200


def stored(site):
    with site.parts.database.read() as db:
        return list(db.scalars(select(Rating).order_by(Rating.id)))


@pytest.fixture
def session(furnished, owner, known):
    return opened(furnished, owner, known)


@pytest.fixture
def link(owner, session):
    return invite(owner, session, "R01")


@pytest.fixture
def seat(furnished, link):
    return Seat(furnished, link)


def test_it_works(furnished, seat):
    first = seat.state()
    assert (first["position"], first["total"], first["finished"]) == (1, 2 * EACH, False)
    assert len(first["ahead"]) == 2 * EACH - 1
    answered = seat.rate(first["current"])
    assert answered.status_code == 200
    assert answered.json()["current"] == first["ahead"][0]
    (rating,) = stored(furnished)
    assert (rating.answer, rating.likert, rating.shown_ms, rating.revision) == ("real", 4, 900.5, 1)
    seat.finish()
    assert len(stored(furnished)) == 2 * EACH
    assert "everything is saved" in seat.client.get("/read").text


def test_opening_a_link_changes_nothing_until_it_is_confirmed(furnished, link):
    scanner = furnished.browser()
    page = scanner.get(link)
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    with furnished.parts.database.read() as db:
        assert db.scalars(select(Reading.opened_at)).one() is None
    assert scanner.get("/read").status_code == 401


def test_an_unknown_and_a_revoked_link_answer_alike(furnished, owner, session, link):
    seat = Seat(furnished, link)
    with furnished.parts.database.read() as db:
        reading_id = db.scalars(select(Reading.id)).one()
    assert owner.post(f"{session}/readers/{reading_id}/revoke").status_code == 303
    revoked, unknown = furnished.browser().get(link), furnished.browser().get("/r/" + "x" * 43)
    assert (revoked.status_code, unknown.status_code) == (404, 404)
    assert revoked.text == unknown.text
    assert "not valid" in revoked.text
    assert furnished.browser().post(link).status_code == 404
    assert seat.rate("0" * 32).status_code == 401


def test_a_renewed_link_keeps_what_was_rated(furnished, owner, session, link):
    Seat(furnished, link).rate()
    with furnished.parts.database.read() as db:
        reading_id = db.scalars(select(Reading.id)).one()
    page = owner.post(f"{session}/readers/{reading_id}/renew").text
    renewed = "/r/" + page.partition("/r/")[2].partition('"')[0]
    assert renewed != link
    assert furnished.browser().get(link).status_code == 404
    assert Seat(furnished, renewed).state()["position"] == 2


def test_guessing_links_is_slowed_down_and_opening_real_ones_is_not(furnished, link):
    client = furnished.browser()
    assert {client.get(link).status_code for _ in range(40)} == {200}
    answers = [client.get(f"/r/{number:043d}").status_code for number in range(40)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert client.post(link).status_code == 429


def test_the_same_answer_sent_again_is_one_answer(furnished, seat):
    current = seat.state()["current"]
    first, again = seat.rate(current), seat.rate(current)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert len(stored(furnished)) == 1


def test_another_answer_to_a_rated_image_is_refused(furnished, seat):
    current = seat.state()["current"]
    seat.rate(current)
    other_key = seat.rate(current, key="another-key-0001", answer="synthetic")
    same_key = seat.rate(current, answer="synthetic")
    assert (other_key.status_code, same_key.status_code) == (409, 409)
    assert "rated already" in other_key.json()["error"]
    (rating,) = stored(furnished)
    assert rating.answer == "real"


def test_images_come_in_their_order(seat):
    state = seat.state()
    refused = seat.rate(state["ahead"][0])
    assert refused.status_code == 409
    assert seat.state() == state


def test_another_readers_item_and_an_unknown_one_answer_alike(furnished, owner, session, seat):
    other = Seat(furnished, invite(owner, session, "R02"))
    foreign = seat.rate(other.state()["current"])
    unknown = seat.rate("f" * 32)
    assert (
        (foreign.status_code, foreign.json())
        == (unknown.status_code, unknown.json())
        == (404, unknown.json())
    )
    assert stored(furnished) == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"answer": "maybe"}, 422),
        ({"answer": ""}, 422),
        ({"likert": 0}, 422),
        ({"likert": 6}, 422),
        ({"likert": 2.5}, 422),
        ({"likert": None}, 422),
        ({"key": "short"}, 422),
        ({"key": "k" * 65}, 422),
        ({"shown_ms": -1}, 422),
        ({"shown_ms": "soon"}, 422),
        ({"shown_ms": 1e300}, 422),
        ({"first_action_ms": 1e11}, 422),
        ({"likert": "3"}, 422),
        ({"likert": True}, 422),
        ({"viewport": {"zoom": -3.0}}, 422),
        ({"viewport": {"exposed_ms": -7.0}}, 422),
        ({"viewport": {"width": 1e308}}, 422),
        ({"viewport": {str(n): 1.0 for n in range(50)}}, 422),
        ({"truth": "real"}, 422),
    ],
)
def test_an_answer_that_cannot_be_used_gets_a_sentence(furnished, seat, changes, status):
    refused = seat.rate(**changes)
    assert refused.status_code == status
    assert refused.json()["error"].endswith(".")
    assert stored(furnished) == []


def test_numbers_that_are_none_are_refused(furnished, seat):
    body = f'{{"item": "{seat.state()["current"]}", "answer": "real", "likert": 3, "key": "kkkkkkkk", "shown_ms": NaN}}'
    refused = seat.client.post("/read/ratings", content=body, headers={"content-type": "application/json"})
    assert refused.status_code == 422
    assert stored(furnished) == []


def test_two_browsers_share_one_reading(furnished, seat, link):
    seat.rate()
    elsewhere = Seat(furnished, link)
    assert elsewhere.state()["position"] == 2
    elsewhere.rate(key="from-elsewhere-1")
    assert seat.state()["position"] == 3


def test_starting_again_keeps_the_order(seat):
    before = seat.state()
    assert seat.client.post("/read/start").status_code == 303
    assert seat.state() == before


def test_the_last_answer_may_be_changed_where_the_protocol_allows(furnished, owner, known):
    seat = Seat(furnished, invite(owner, opened(furnished, owner, known, allow_undo="true")))
    first = seat.state()
    assert first["previous"] is None
    seat.rate(first["current"])
    state = seat.state()
    assert state["previous"] == first["current"]
    assert seat.client.get(f"/read/stimuli/{first['current']}").status_code == 200
    changed = seat.rate(first["current"], key="a-second-thought", answer="synthetic", revises=True)
    assert changed.status_code == 200
    assert changed.json()["current"] == state["current"]
    assert [(r.revision, r.answer) for r in stored(furnished)] == [(1, "real"), (2, "synthetic")]
    too_far = seat.rate(state["ahead"][0], key="not-yet-this-one", revises=True)
    assert too_far.status_code == 409


def ended(site, owner, known, **changes):
    """A reader whose last answer was given and can still be changed, with that answer's image."""
    session = opened(site, owner, known, allow_undo="true", **changes)
    seat = Seat(site, invite(owner, session))
    seat.finish()
    return session, seat, seat.state()["previous"]


def test_the_very_last_answer_may_be_changed_until_the_reader_finishes(furnished, owner, known):
    _, seat, last = ended(furnished, owner, known, debrief="It was about computers.")
    assert seat.client.get("/read").headers["location"] == "/read/rate"
    assert "That was the last image" in seat.client.get("/read/rate").text
    assert seat.client.get(f"/read/stimuli/{last}").status_code == 200
    changed = seat.rate(last, key="a-second-thought", answer="synthetic", revises=True)
    assert (changed.status_code, changed.json()["previous"]) == (200, last)
    assert seat.client.post("/read/finish").status_code == 200
    assert seat.client.post("/read/finish").status_code == 200
    assert "It was about computers." in seat.client.get("/read").text
    assert seat.state()["previous"] is None
    assert seat.rate(last, key="a-third-thought", revises=True).status_code == 409
    assert seat.client.get(f"/read/stimuli/{last}").status_code == 404
    assert [r.answer for r in stored(furnished)][-2:] == ["real", "synthetic"]


def test_who_has_answered_all_counts_as_finished_before_saying_so(furnished, owner, known):
    session, _, _ = ended(furnished, owner, known)
    assert "finished, 8 of 8" in text(owner.get(session))
    with furnished.parts.database.read() as db:
        reading = db.scalars(select(Reading)).one()
    assert (reading.finished_at is None, reading.confirmed_at) == (False, None)


def test_the_end_comes_after_the_last_image_alone(furnished, owner, known, seat):
    early = seat.client.post("/read/finish")
    assert early.status_code == 409
    assert "still images" in text(early)
    with furnished.parts.database.read() as db:
        assert db.scalars(select(Reading)).one().confirmed_at is None


def test_at_the_end_a_pause_waits_and_a_close_ends(furnished, owner, known):
    session, seat, last = ended(furnished, owner, known, debrief="It was about computers.")
    owner.post(f"{session}/pause", data={"reason": "The server moves."})
    page = seat.client.get("/read").text
    assert "paused for now" in page
    assert "computers" not in page
    assert seat.rate(last, key="a-second-thought", answer="synthetic", revises=True).status_code == 423
    owner.post(f"{session}/close")
    assert "It was about computers." in seat.client.get("/read").text


def test_without_undo_the_past_is_closed(seat):
    first = seat.state()["current"]
    seat.rate(first)
    assert seat.state()["previous"] is None
    assert seat.client.get(f"/read/stimuli/{first}").status_code == 404
    assert seat.rate(first, key="a-second-thought", revises=True).status_code == 409


def test_a_closed_session_takes_no_answer_and_says_so(furnished, owner, session, seat):
    seat.rate()
    assert owner.post(f"{session}/close").status_code == 303
    refused = seat.rate(key="one-after-closing")
    assert refused.status_code == 423
    assert "closed" in refused.json()["error"]
    assert "closed" in seat.client.get("/read").text
    assert len(stored(furnished)) == 1


def test_hidden_progress_is_hidden_everywhere(furnished, owner, known):
    seat = Seat(furnished, invite(owner, opened(furnished, owner, known, show_progress="")))
    assert not {"position", "total"} & set(seat.state())
    assert 'id="position"' not in seat.client.get("/read/rate").text


def test_nothing_is_told_of_the_mix_unless_the_protocol_says_so(furnished, owner, known):
    silent = Seat(furnished, invite(owner, opened(furnished, owner, known)))
    telling = Seat(furnished, invite(owner, opened(furnished, owner, known, disclose_ratio="true"), "R09"))
    assert "any proportion" in silent.client.get("/read").text
    assert f"{EACH} of the {2 * EACH} images are real" in telling.client.get("/read").text
    with furnished.parts.database.read() as db:
        told = [
            reading.told["sentences"][1]
            for reading in db.scalars(select(Reading).order_by(Reading.invited_at))
        ]
    assert told[0] == "The images may be mixed in any proportion."
    assert told[1].startswith("4 of the 8")
