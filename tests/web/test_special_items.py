"""Practice with feedback, repeats and catch items: chosen at the freeze, presented by design, told apart in the analysis alone."""

import json

import numpy as np
import pytest
from sqlalchemy import select

from app.imaging import degraded, stimulus
from app.protocol.order import reader_seed
from app.services import orders, told, unblinding, verification
from app.tables.images import Image
from app.tables.origins import Origin
from app.tables.sessions import Item, Presentation, Rating, Reading, VttSession
from tests.web.conftest import create, ident, invite, opened, text

PRACTICE = {"practice_real": "2", "practice_synthetic": "1", "practice_pass_mark": "2"}
SPECIAL = {**PRACTICE, "n_real": "5", "n_synthetic": "5", "catch": "2", "repeats": "3", "repeat_lag": "4"}
OTHER = {"real": "synthetic", "synthetic": "real"}


class Pupil:
    """A reader who has started, and knows by the bytes what feedback told of an image."""

    def __init__(self, site, link):
        self.client = site.browser()
        assert self.client.post(link).status_code == 303
        assert self.client.post("/read/start").status_code == 303
        self.state = self.client.get("/read/state").json()
        self.taught = {}

    def rate(self, answer="real", **changes):
        seen = self.client.get(f"/read/stimuli/{self.state['current']}").content
        body = {"item": self.state["current"], "answer": answer, "likert": 3, "shown_ms": 5, **changes}
        answered = self.client.post("/read/ratings", json={"key": f"key-{self.state['current']}", **body})
        assert answered.status_code == 200, answered.text
        self.state = answered.json()
        if feedback := self.state["feedback"]:
            self.taught[seen] = feedback["truth"]
        return self.state

    def practise(self, *, rightly=True):
        """One attempt; the truth of an image that was not seen before is guessed."""
        for _ in range(3):
            seen = self.client.get(f"/read/stimuli/{self.state['current']}").content
            truth = self.taught.get(seen, "real")
            self.rate(truth if rightly else OTHER[truth])
        return self.state["feedback"]["attempt"]

    def finish(self):
        while self.state["current"]:
            self.rate()


@pytest.fixture
def session(furnished, owner, known):
    return opened(furnished, owner, known, **SPECIAL)


@pytest.fixture
def pupil(furnished, owner, session):
    return Pupil(furnished, invite(owner, session))


def items(site, *kinds):
    with site.parts.database.read() as db:
        query = (
            select(
                Item.id,
                Item.kind,
                Item.image_id,
                Item.stimulus_sha256,
                Item.feedback,
                Origin.kind.label("truth"),
            )
            .join(Origin, Origin.image_id == Item.image_id)
            .where(Item.kind.in_(kinds))
        )
        return db.execute(query).all()


def test_practice_tells_the_truth_after_each_answer_and_nothing_else_does(furnished, pupil):
    assert pupil.state["practising"]
    assert (pupil.state["position"], pupil.state["total"]) == (1, 3)
    assert pupil.state["feedback"] is None
    for place in range(1, 4):
        feedback = pupil.rate()["feedback"]
        assert feedback["right"] == (feedback["truth"] == "real")
        assert (feedback["attempt"] is None) == (place < 3)
    assert feedback["attempt"] == {"right": 2, "images": 3, "needed": 2, "passed": True}
    assert not pupil.state["practising"]
    assert (pupil.state["position"], pupil.state["total"]) == (1, 15)
    while pupil.state["current"]:
        assert pupil.rate()["feedback"] is None


def test_practice_that_was_not_passed_comes_again_in_another_order(furnished, owner, known):
    address = opened(furnished, owner, known, **{**SPECIAL, "practice_pass_mark": "3"})
    pupil = Pupil(furnished, invite(owner, address))
    assert pupil.practise()["passed"] is False
    assert (pupil.state["practising"], pupil.state["position"]) == (True, 1)
    assert pupil.practise(rightly=False) == {"right": 0, "images": 3, "needed": 3, "passed": False}
    assert pupil.practise() == {"right": 3, "images": 3, "needed": 3, "passed": True}
    pupil.finish()
    with furnished.parts.database.read() as db:
        shown = db.scalars(select(Presentation.item_id).order_by(Presentation.position)).all()
        practised = [shown[0:3], shown[3:6], shown[6:9]]
        assert {frozenset(block) for block in practised} == {frozenset(practised[0])}
        session = db.get_one(VttSession, ident(address))
        attempts = [orders.practice(db, session, 1, attempt) for attempt in range(1, 11)]
        assert attempts[:3] == practised
        assert len({tuple(attempt) for attempt in attempts}) > 1
        assert len(shown) == 9 + 15
        revisions = db.scalars(select(Rating.revision).where(Rating.item_id == shown[0])).all()
        assert sorted(revisions) == [1, 2, 3]
        verification.session(db, furnished.parts.artifacts, ident(address))
        counted = [one for one in unblinding.ratings(db, ident(address)) if one.kind == "practice"]
        stored = db.execute(select(Rating.revision, Rating.answer, Rating.rated_at).order_by(Rating.id)).all()
        given = told.of_reading(db, db.scalars(select(Reading)).one())["ratings"]
    assert [one.position for one in counted] == [7, 8, 9]
    assert [one["position"] for one in given] == list(range(1, 9 + 15 + 1))
    assert [(one["revision"], one["answer"], one["rated_at"]) for one in given] == [
        (revision, answer, at.isoformat()) for revision, answer, at in stored
    ]
    assert "rated all 15 images" in text(pupil.client.get("/read"))


def test_practice_answers_cannot_be_taken_back(furnished, owner, known):
    pupil = Pupil(furnished, invite(owner, opened(furnished, owner, known, allow_undo="true", **PRACTICE)))
    first = pupil.state["current"]
    pupil.rate()
    assert pupil.state["previous"] is None
    body = {
        "item": first,
        "answer": "real",
        "likert": 3,
        "key": "another-key",
        "shown_ms": 5,
        "revises": True,
    }
    assert pupil.client.post("/read/ratings", json=body).status_code == 409
    pupil.rate()
    last = pupil.state["current"]
    pupil.rate()
    assert pupil.state["previous"] is None
    assert pupil.client.get(f"/read/stimuli/{last}").status_code == 404


def test_an_answer_to_practice_that_is_sent_again_gets_the_same_feedback(pupil, furnished):
    item = pupil.state["current"]
    first = pupil.rate()
    body = {"item": item, "answer": "real", "likert": 3, "key": f"key-{item}", "shown_ms": 5}
    assert pupil.client.post("/read/ratings", json=body).json() == first


def test_what_is_chosen_at_the_freeze(furnished, session):
    everything = items(furnished, "main", "practice", "catch", "repeat")
    count = {
        kind: [one for one in everything if one.kind == kind]
        for kind in ("main", "practice", "catch", "repeat")
    }
    assert {kind: len(found) for kind, found in count.items()} == {
        "main": 10,
        "practice": 3,
        "catch": 2,
        "repeat": 3,
    }
    own = [one.image_id for kind in ("main", "practice", "catch") for one in count[kind]]
    assert len(set(own)) == len(own)
    main = {one.image_id: one for one in count["main"]}
    assert all(main[one.image_id].stimulus_sha256 == one.stimulus_sha256 for one in count["repeat"])
    assert {one.truth for one in count["repeat"]} == {"real", "synthetic"}
    assert {one.truth for one in count["catch"]} == {"synthetic"}
    assert all((one.feedback == one.truth) == (one.kind == "practice") for one in everything)
    artifacts = furnished.parts.artifacts
    with furnished.parts.database.read() as db:
        for one in count["catch"]:
            stored = artifacts.get_content("images", db.get_one(Image, one.image_id).sha256, ".png")
            shown = stimulus.decode(artifacts.get_content("stimuli", one.stimulus_sha256, ".png"))
            assert np.array_equal(shown, degraded.degrade(stimulus.decode(stored)))
        assert verification.session(db, artifacts, ident(session)) == 18


def test_repeats_come_late_enough_under_names_of_their_own(furnished, pupil):
    pupil.practise()
    pupil.finish()
    again = {one.id: one.image_id for one in items(furnished, "repeat")}
    first = {one.image_id: one.id for one in items(furnished, "main")}
    with furnished.parts.database.read() as db:
        rows = db.execute(select(Presentation.item_id, Presentation.position, Presentation.token)).all()
    places = {row.item_id: row.position for row in rows}
    assert all(places[item] - places[first[image]] >= 4 for item, image in again.items())
    assert len({row.token for row in rows}) == len(rows) == 18


def test_the_analysis_knows_what_each_item_was_for(furnished, owner, session, pupil):
    pupil.practise()
    pupil.finish()
    with furnished.parts.database.read() as db:
        found = unblinding.ratings(db, ident(session))
        numbers = {item.image_id: item.number for item in db.scalars(select(Item).where(Item.kind == "main"))}
        repeats = db.scalars(select(Item.image_id).where(Item.kind == "repeat")).all()
    assert [rating.position for rating in found if rating.kind == "practice"] == [1, 2, 3]
    assert sorted(rating.position for rating in found if rating.kind != "practice") == list(range(1, 16))
    twice = {rating.image for rating in found if rating.kind == "repeat"}
    assert twice == {f"{numbers[image]:04d}" for image in repeats}
    owner.post(f"{session}/close")
    manifest = json.loads(owner.get(f"{session}/manifest.json").content)
    assert len(manifest["stimuli"]) == 18


def test_the_same_draft_draws_the_same_items_and_each_reader_another_order(furnished, owner, session):
    pupils = [Pupil(furnished, invite(owner, session)) for _ in range(2)]
    for pupil in pupils:
        pupil.practise()
    with furnished.parts.database.read() as db:
        secret = db.get_one(VttSession, ident(session)).order_secret
        assert reader_seed(secret, 1) != reader_seed(secret, 2)
        orders = [
            db.scalars(
                select(Presentation.item_id)
                .where(Presentation.reading_id == reading)
                .order_by(Presentation.position)
            ).all()
            for reading in db.scalars(select(Reading.id))
        ]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"practice_real": "5"}, "4 real images and 5 for practice, anchors or attention"),
        ({"catch": "5"}, "4 synthetic images and 5 for practice, anchors or attention"),
        ({"repeats": "3", "repeat_lag": "7"}, "choose fewer repeats or a smaller distance"),
        ({"repeats": "many"}, "repeated images is a whole number"),
        ({"practice_real": "1", "practice_pass_mark": "2"}, "pass mark"),
    ],
)
def test_a_design_with_too_few_images_is_refused(owner, known, changes, sentence):
    refused = create(owner, known, **changes)
    assert refused.status_code == 422
    assert sentence in text(refused)


def test_breaks_are_offered_between_blocks_alone(furnished, owner, known):
    pupil = Pupil(furnished, invite(owner, opened(furnished, owner, known, block_size="4", **PRACTICE)))
    assert pupil.state["breaks"] == []
    pupil.practise()
    left = [pupil.state["breaks"]]
    while pupil.state["current"]:
        left.append(pupil.rate()["breaks"])
    assert left == [[4], [3], [2], [1], [0], [], [], [], []]


def test_an_unfinished_attempt_keeps_the_places_of_its_answers(furnished, owner, known):
    address = opened(furnished, owner, known, **{**SPECIAL, "practice_pass_mark": "3"})
    pupil = Pupil(furnished, invite(owner, address))
    pupil.practise(rightly=False)
    pupil.rate()
    with furnished.parts.database.read() as db:
        told = unblinding.ratings(db, ident(address))
    assert len(told) == 3
    assert {one.position for one in told} < {1, 2, 3, 4}
    assert 4 in {one.position for one in told}
