"""Phases of a study: purpose-blinded, told, told with the ratio; each a session with images of its own, read by the same readers."""

import pytest

from app.tables.audit import AuditEvent
from app.tables.contacts import Contact, Person
from app.tables.sessions import Item, Reading, VttSession
from tests.web.conftest import OTHER, create, ident, invite, opened, text
from tests.web.test_invitations import invite_list, links_of
from tests.web.test_reading_steps import HIDDEN as QUALITY
from tests.web.test_special_items import Pupil

FEW = {"n_real": "2", "n_synthetic": "2"}
HIDDEN = {**QUALITY, "public_title": "Image quality"}


@pytest.fixture
def first(furnished, owner, known):
    return opened(furnished, owner, known, **FEW, **HIDDEN)


def follow(site, owner, known, before, **changes):
    return opened(site, owner, known, **{**FEW, "follows": ident(before), **changes})


def finished(site, link):
    """A reader who has finished the first phase, whose readers rate alone."""
    reader = site.browser()
    reader.post(link)
    reader.post("/read/start")
    read_on(reader, "")
    return reader


def read_on(reader, answer="real"):
    state = reader.get("/read/state").json()
    while item := state["current"]:
        body = {"item": item, "answer": answer, "likert": 3, "shown_ms": 5, "key": f"key-{item}"}
        state = reader.post("/read/ratings", json=body).json()


def images(site, address):
    with site.parts.database.read() as db:
        return {item.image_id for item in db.query(Item).filter_by(session_id=ident(address))}


def test_a_study_in_three_phases(furnished, owner, known, first):
    told = follow(furnished, owner, known, first)
    ratio = follow(furnished, owner, known, told, disclose_ratio="true")
    link = invite(owner, first, "R07")
    reader = finished(furnished, link)
    page = text(reader.get("/read"))
    assert "made by a computer" in page  # the debrief
    assert "Go on to the next part" in page
    assert reader.post("/read/next").headers["location"] == "/read"
    assert "mixed in any proportion" in text(reader.get("/read"))
    reader.post("/read/start")
    read_on(reader)
    reader.post("/read/next")
    assert "2 of the 4 images are real" in text(reader.get("/read"))
    assert len(images(furnished, first) | images(furnished, told) | images(furnished, ratio)) == 12
    for address in (told, ratio):
        assert "R07" in owner.get(address).text
    assert ident(told) in owner.get(first).text
    assert ident(first) in owner.get(told).text


def test_the_same_link_leads_to_the_same_reading_of_the_next_phase(furnished, owner, known, first):
    told = follow(furnished, owner, known, first)
    link = invite(owner, first)
    reader = finished(furnished, link)
    reader.post("/read/next")
    reader.post("/read/start")
    at_home = furnished.browser()
    at_home.post(link)
    at_home.post("/read/next")
    assert at_home.get("/read/state").json()["position"] == 1
    with furnished.parts.database.read() as db:
        assert db.query(Reading).filter_by(session_id=ident(told)).count() == 1
        assert db.query(AuditEvent).filter_by(action="reader went on").count() == 1


def test_who_is_not_ready_does_not_go_on(furnished, owner, known, first):
    link = invite(owner, first)
    reader = finished(furnished, link)
    assert "Another part" not in text(reader.get("/read"))
    assert reader.post("/read/next").status_code == 404
    told = create(owner, known, **FEW, follows=ident(first)).headers["location"]
    assert "Another part" not in text(reader.get("/read"))  # a draft promises nothing
    owner.post(f"{told}/freeze")
    furnished.work()
    assert "not open yet" in text(reader.get("/read"))
    assert reader.post("/read/next").status_code == 409
    other = Pupil(furnished, invite(owner, first))
    assert other.client.post("/read/next").status_code == 409
    reader.post("/read/withdraw")
    assert "Another part" not in text(reader.get("/read"))
    assert reader.post("/read/next").status_code == 409


def test_a_reader_who_is_shut_out_of_a_phase_stays_out(furnished, owner, known, first):
    told = follow(furnished, owner, known, first)
    reader = finished(furnished, invite(owner, first))
    reader.post("/read/next")
    with furnished.parts.database.read() as db:
        (reading_id,) = db.query(Reading.id).filter_by(session_id=ident(told)).one()
    owner.post(f"{told}/readers/{reading_id}/revoke")
    assert finished_again(furnished, owner, first).post("/read/next").status_code == 403


def finished_again(site, owner, address):
    """The reader of the first phase in another browser, by a renewed link."""
    with site.parts.database.read() as db:
        (reading_id,) = db.query(Reading.id).filter_by(session_id=ident(address)).one()
    page = owner.post(f"{address}/readers/{reading_id}/renew").text
    link = page.split("/r/")[1].split('"')[0]
    browser = site.browser()
    browser.post(f"/r/{link}")
    return browser


def test_who_readers_are_is_known_in_the_next_phase(furnished, owner, known, first):
    told = follow(furnished, owner, known, first, fresh_readers="true")
    made = invite_list(owner, first, "R05,ann@example.org,Ann Example,de")
    (link,) = links_of(made)
    finished(furnished, link).post("/read/next")
    with furnished.parts.database.read() as db:
        (reading_id,) = db.query(Reading.id).filter_by(session_id=ident(told)).one()
        assert db.get_one(Contact, reading_id).email == "ann@example.org"
        assert db.get(Person, reading_id)
    finished_again(furnished, owner, first).post("/read/next")  # and still may go on


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"purpose_hidden": "true", **HIDDEN}, "know the purpose"),
        ({"n_real": "400"}, "that no phase before has shown"),
        ({"follows": "0" * 32}, "There is no such session"),
    ],
)
def test_what_cannot_follow_is_refused(owner, known, first, changes, sentence):
    answer = create(owner, known, **{**FEW, "follows": ident(first), **changes})
    assert answer.status_code in {404, 422}
    assert sentence in text(answer)


def test_one_session_follows_another_at_most(furnished, owner, known, first):
    assert create(owner, known, **FEW, follows=ident(first)).status_code == 303
    again = create(owner, known, **FEW, follows=ident(first))
    assert again.status_code == 409
    assert "follows that session already" in text(again)
    assert "The next phase after" in text(again)  # what was typed stays


def test_phases_do_not_go_round_in_a_circle(owner, known):
    before = create(owner, known, **FEW).headers["location"]
    after = create(owner, known, **FEW, follows=ident(before)).headers["location"]
    for follows in (before, after):
        refused = create(owner, known, action=f"{before}/design", **FEW, follows=ident(follows))
        assert refused.status_code == 409
        assert "cannot follow itself" in text(refused)
    kept = create(owner, known, action=f"{after}/design", **FEW, follows=ident(before))
    assert kept.status_code == 303


def test_nobody_follows_a_strangers_session(furnished, known, first):
    stranger = furnished.browser(OTHER)
    assert stranger.get("/sessions/new", params={"follows": ident(first)}).status_code == 404


def test_a_next_phase_begins_with_what_was_hidden_told(owner, first):
    form = owner.get("/sessions/new", params={"follows": ident(first)}).text
    assert f'value="{ident(first)}"' in form
    assert "next phase" in form
    assert "Some were taken from patients" in form
    assert QUALITY["question"] not in form


def test_drafts_are_frozen_in_their_order_and_discarded_freely(furnished, owner, known):
    before = create(owner, known, **FEW).headers["location"]
    after = create(owner, known, **FEW, follows=ident(before)).headers["location"]
    refused = owner.post(f"{after}/freeze")
    assert refused.status_code == 409
    assert "first: this session follows it" in text(refused)
    owner.post(f"{before}/discard")
    with furnished.parts.database.read() as db:
        assert db.get_one(VttSession, ident(after)).follows_id is None
    assert owner.post(f"{after}/freeze").status_code == 303


def test_a_report_tells_of_the_phases_before(furnished, owner, known, first):
    told = follow(furnished, owner, known, first)
    reader = finished(furnished, invite(owner, first))
    reader.post("/read/next")
    reader.post("/read/start")
    read_on(reader)
    owner.post(f"{told}/close")
    owner.post(f"{told}/unblinding")
    furnished.work()
    methods = owner.get(f"{told}/export/methods.md").text
    assert "This was phase 2 of the study" in methods
    assert "in phase 1, nothing told readers" in methods
