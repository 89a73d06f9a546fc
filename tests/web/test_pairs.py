"""Two-alternative sessions: two images at a time, one answer for both, the truth only in the analysis."""

import pytest
from sqlalchemy import select

from app.imaging import stimulus
from app.services import unblinding, verification
from app.tables.origins import Origin
from app.tables.sessions import Item, Presentation, Rating
from tests.web.conftest import create, ident, invite, opened, png, text

PAIRS = {"answering": "pairs"}


class Comparer:
    """A reader of pairs who has started."""

    def __init__(self, site, link):
        self.client = site.browser()
        assert self.client.post(link).status_code == 303
        assert self.client.post("/read/start").status_code == 303
        self.state = self.client.get("/read/state").json()

    def rate(self, answer="left", **changes):
        item = self.state["current"]
        body = {"item": item, "answer": answer, "likert": 3, "key": f"key-{item}", "shown_ms": 5, **changes}
        answered = self.client.post("/read/ratings", json=body)
        if answered.status_code == 200:
            self.state = answered.json()
        return answered

    def finish(self):
        while self.state["current"]:
            assert self.rate().status_code == 200
        assert self.client.post("/read/finish").status_code == 200


def truths(site):
    """The truth behind each random name."""
    with site.parts.database.read() as db:
        query = (
            select(Presentation.token, Origin.kind)
            .join(Item, Item.id == Presentation.item_id)
            .join(Origin, Origin.image_id == Item.image_id)
        )
        return dict(db.execute(query).all())


@pytest.fixture
def session(furnished, owner, known):
    return opened(furnished, owner, known, allow_undo="true", **PAIRS)


@pytest.fixture
def comparer(furnished, owner, session):
    return Comparer(furnished, invite(owner, session))


def test_it_works(furnished, owner, session, comparer):
    state = comparer.state
    assert (state["position"], state["total"], len(state["ahead"])) == (1, 4, 3)
    assert set(state["beside"]) == {state["current"], *state["ahead"]}
    names = {*state["beside"], *state["beside"].values()}
    assert len(names) == 8
    assert len({comparer.client.get(f"/read/stimuli/{name}").content for name in names}) == 8
    truth = truths(furnished)
    assert all(
        {truth[left], truth[right]} == {"real", "synthetic"} for left, right in state["beside"].items()
    )
    assert sum(truth[left] == "real" for left in state["beside"]) == 2
    comparer.finish()
    assert "all 4 pairs" in text(comparer.client.get("/read"))
    assert "finished" in text(owner.get(session))
    with furnished.parts.database.read() as db:
        assert len(list(db.scalars(select(Rating)))) == 4
        verification.session(db, furnished.parts.artifacts, ident(session))
        told = unblinding.ratings(db, ident(session))
    lefts = list(state["beside"])
    assert [rating.position for rating in told] == [1, 2, 3, 4]
    assert [rating.truth for rating in told] == [truth[left] for left in lefts]
    assert {rating.answer for rating in told} == {"real"}
    assert {rating.model for rating in told} == {"Samples"}
    assert len({name for rating in told for name in (rating.image, rating.other)}) == 8


def test_the_right_one_is_the_left_one_said_to_be_synthetic(furnished, comparer):
    comparer.rate("right")
    with furnished.parts.database.read() as db:
        assert db.scalars(select(Rating.answer)).one() == "synthetic"


def test_only_left_or_right_of_the_current_pair_is_an_answer(furnished, comparer):
    right = comparer.state["beside"][comparer.state["current"]]
    following = comparer.state["ahead"][0]
    assert comparer.rate("real").status_code == 422
    assert comparer.rate(item=right).status_code == 409
    assert comparer.rate(item=following).status_code == 409
    assert comparer.rate().status_code == 200
    assert comparer.rate(item=right, key="another-key").status_code == 409
    with furnished.parts.database.read() as db:
        assert len(list(db.scalars(select(Rating)))) == 1


def test_the_last_pair_can_be_changed(furnished, comparer):
    first = comparer.state["current"]
    comparer.rate()
    assert comparer.state["previous"] == first
    assert comparer.state["beside"][first]
    assert comparer.client.get(f"/read/stimuli/{comparer.state['beside'][first]}").status_code == 200
    body = {"item": first, "answer": "right", "likert": 5, "key": "second-thought", "shown_ms": 5}
    assert comparer.client.post("/read/ratings", json={**body, "revises": True}).status_code == 200
    with furnished.parts.database.read() as db:
        assert [(one.revision, one.answer) for one in db.scalars(select(Rating))] == [
            (1, "real"),
            (2, "synthetic"),
        ]


def test_a_pair_that_cannot_be_changed_is_not_named_any_more(furnished, owner, known):
    comparer = Comparer(furnished, invite(owner, opened(furnished, owner, known, **PAIRS)))
    first = comparer.state["current"]
    comparer.rate()
    assert first not in comparer.state["beside"]
    names = {*comparer.state["beside"], *comparer.state["beside"].values()}
    assert {comparer.client.get(f"/read/stimuli/{name}").status_code for name in names} == {200}


def test_practice_pairs_tell_which_was_the_real_one(furnished, owner, known):
    address = opened(
        furnished, owner, known, practice_real="2", practice_synthetic="2", practice_pass_mark="1", **PAIRS
    )
    comparer = Comparer(furnished, invite(owner, address))
    assert (comparer.state["practising"], comparer.state["total"]) == (True, 2)
    truth = truths(furnished)
    for place in (1, 2):
        left = comparer.state["current"]
        assert comparer.state["position"] == place
        comparer.rate()
        feedback = comparer.state["feedback"]
        assert feedback["truth"] == truth[left]
        assert feedback["right"] == (truth[left] == "real")
    assert feedback["attempt"] == {"right": 1, "images": 2, "needed": 1, "passed": True}
    assert (comparer.state["practising"], comparer.state["position"], comparer.state["total"]) == (
        False,
        1,
        4,
    )
    comparer.finish()
    assert comparer.state["finished"]


def test_breaks_are_counted_in_pairs(furnished, owner, known):
    comparer = Comparer(furnished, invite(owner, opened(furnished, owner, known, block_size="2", **PAIRS)))
    left = [comparer.state["breaks"]]
    while comparer.state["current"]:
        comparer.rate()
        left.append(comparer.state["breaks"])
    assert left == [[2], [1], [0], [], []]


def test_pairs_need_as_many_of_each(owner, known):
    refused = create(owner, known, n_real="3", **PAIRS)
    assert refused.status_code == 422
    assert "as many real as synthetic" in text(refused)


def test_the_report_tells_how_often_the_real_one_was_found(furnished, owner, session):
    real = {stimulus.encode(stimulus.decode(png(seed))) for seed in range(8)}
    for code, wrong in (("R01", 0), ("R02", 2)):
        comparer = Comparer(furnished, invite(owner, session, code))
        while left := comparer.state["current"]:
            is_left = comparer.client.get(f"/read/stimuli/{left}").content in real
            slips = comparer.state["position"] <= wrong
            assert comparer.rate("left" if is_left != slips else "right").status_code == 200
    owner.post(f"{session}/close")
    owner.post(f"{session}/unblinding")
    furnished.work()
    page = text(owner.get(f"{session}/report"))
    assert "Readers found the real image in 75\u00a0% of the pairs" in page.replace("75 %", "75\u00a0%")
    assert "2 readers × 4 pairs" in page
    assert "100 % (4/4)" in page
    assert "50 % (2/4)" in page
    ratings = owner.get(f"{session}/export/ratings.csv").text
    assert ratings.splitlines()[0].endswith(",other")
    per_reader = owner.get(f"{session}/export/per_reader.csv").text
    assert "R02,Samples,4,4,,,,,,,0.5,,,,," in per_reader


@pytest.mark.parametrize(
    ("answering", "given"),
    [("both", {"answer": "synthetic"}), ("pairs", {"answer": "right"}), ("likert", {"answer": ""})],
)
def test_the_last_answer_is_told_to_whoever_may_change_it(furnished, owner, known, answering, given):
    """Another page of the reader shows it, so that nothing of it is lost when one part is changed."""
    reader = Comparer(
        furnished, invite(owner, opened(furnished, owner, known, answering=answering, allow_undo="true"))
    )
    assert reader.state["given"] is None
    first = reader.state["current"]
    assert reader.rate(**given).status_code == 200
    assert reader.state["given"] is None  # the page that sent it knows it
    told = reader.client.get("/read/state").json()
    assert (told["previous"], told["given"]) == (first, {**given, "likert": 3, "remark": "", "marks": []})
    changed = {"item": first, **given, "likert": 5, "key": "k" * 16, "shown_ms": 5, "revises": True}
    assert reader.client.post("/read/ratings", json=changed).status_code == 200
    assert reader.client.get("/read/state").json()["given"]["likert"] == 5
