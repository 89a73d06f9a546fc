"""Sessions with several models under test: mixed, or each in a block of its own; readers never see which is which."""

import json

import pytest
from sqlalchemy import select

from app.services import unblinding, verification
from app.tables.origins import Origin
from app.tables.sessions import Arm, Item, Presentation, Reading
from tests.web.conftest import create, ident, invite, opened, read_all, sample, text

NAMES = ("Samples", "Second", "Third")


@pytest.fixture
def sets(furnished, owner, known):
    """Three sets of synthetic images."""
    addresses = [known.synthetic_set]
    for place, name in enumerate(NAMES[1:], start=1):
        addresses.append(
            sample(owner, known.checkpoint, name=name, seeds=f"{20 * place}-{20 * place + 7}").headers[
                "location"
            ]
        )
    furnished.work()
    return [ident(address) for address in addresses]


def design(sets, numbers, **changes):
    return {"synthetic_set_id": [*sets, ""], "n_synthetic": [*numbers, "20"], **changes}


def items(site):
    with site.parts.database.read() as db:
        query = (
            select(Item.id, Item.kind, Item.block, Origin.kind.label("truth"), Arm.label)
            .join(Origin, Origin.image_id == Item.image_id)
            .outerjoin(Arm, (Arm.session_id == Item.session_id) & (Arm.image_set_id == Origin.image_set_id))
        )
        return db.execute(query).all()


def orders(site):
    """The blocks of each reader's positions."""
    with site.parts.database.read() as db:
        return [
            db.scalars(
                select(Item.block)
                .join(Presentation, Presentation.item_id == Item.id)
                .where(Presentation.reading_id == reading)
                .order_by(Presentation.position)
            ).all()
            for reading in db.scalars(select(Reading.id).order_by(Reading.slot))
        ]


def test_models_are_mixed_with_the_same_real_images(furnished, owner, known, sets):
    address = opened(furnished, owner, known, **design(sets, ["2", "3", "4"], n_real="6"))
    found = items(furnished)
    assert {item.block for item in found} == {1}
    assert [sum(item.label == name for item in found) for name in NAMES] == [2, 3, 4]
    page = text(owner.get(address))
    assert all(name in page for name in NAMES)
    assert "all models mixed" in page
    link = invite(owner, address)
    reader = furnished.browser()
    seen = [reader.get(link).text]
    reader.post(link)
    seen.append(reader.get("/read").text)
    reader.post("/read/start")
    seen += [reader.get("/read/rate").text, reader.get("/read/state").text]
    assert not any(name in page for page in seen for name in NAMES)
    assert read_all(furnished, invite(owner, address, "R02"), lambda *_: ("real", 4)) == 15
    with furnished.parts.database.read() as db:
        told = unblinding.ratings(db, ident(address))
        assert verification.session(db, furnished.parts.artifacts, ident(address)) == 15
    assert {rating.model for rating in told if rating.truth == "real"} == {""}
    assert {rating.model for rating in told if rating.truth == "synthetic"} == set(NAMES)


def test_each_model_has_a_block_with_real_images_of_its_own_in_turn(furnished, owner, known, sets):
    changes = design(
        sets, ["4", "4", "4"], n_real="8", arm_blocks="true", catch="3", repeats="3", repeat_lag="3"
    )
    address = opened(furnished, owner, known, **changes)
    found = items(furnished)
    blocks = {name: {item.block for item in found if item.label == name} for name in NAMES}
    assert sorted(len(mine) for mine in blocks.values()) == [1, 1, 1]
    assert {block for mine in blocks.values() for block in mine} == {1, 2, 3}
    real = [item.block for item in found if item.truth == "real" and item.kind == "main"]
    assert sorted(real.count(block) for block in (1, 2, 3)) == [2, 3, 3]
    assert sorted(item.block for item in found if item.kind == "catch") == [1, 2, 3]
    for reader in range(1, 7):
        seat = furnished.browser()
        seat.post(invite(owner, address, f"R{reader}"))
        seat.post("/read/start")
    turns = []
    for order in orders(furnished):
        turn = list(dict.fromkeys(order))
        assert order == sorted(order, key=turn.index)
        turns.append(turn)
    assert all(sorted(turn[place] for turn in turns) == [1, 1, 2, 2, 3, 3] for place in range(3))
    assert len({tuple(turn) for turn in turns}) == 6
    read_all(furnished, invite(owner, address, "R7"), lambda *_: ("real", 4))
    owner.post(f"{address}/close")
    with furnished.parts.database.read() as db:
        told = unblinding.ratings(db, ident(address))
        verification.session(db, furnished.parts.artifacts, ident(address))
    assert {rating.model for rating in told if rating.truth == "real"} == set(NAMES)
    owner.post(f"{address}/unblinding")
    furnished.work()
    report = json.loads(owner.get(f"{address}/export/report.json").content)
    assert [model["model"] for model in report["models"]] == list(NAMES)
    assert len(report["pairs"]) == 3


def test_breaks_fall_where_the_models_change(furnished, owner, known, sets):
    changes = design(sets, ["2", "3", "4"], n_real="6", arm_blocks="true", anchors="2", block_size="20")
    reader = furnished.browser()
    reader.post(invite(owner, opened(furnished, owner, known, **changes)))
    reader.post("/read/start")
    (order,), anchors = orders(furnished), 2
    borders = [n for n in range(anchors + 1, len(order)) if order[n] != order[n - 1]]
    assert len(borders) == 2
    state, at, given = reader.get("/read/state").json(), set(), 0
    while state["current"]:
        at |= {given + left for left in state["breaks"]}
        body = {
            "item": state["current"],
            "answer": "real",
            "likert": 3,
            "key": f"k-{state['current']}",
            "shown_ms": 5,
        }
        state, given = reader.post("/read/ratings", json=body).json(), given + 1
    assert at == set(borders)


def test_pairs_of_several_models_stay_within_their_blocks(furnished, owner, known, sets):
    changes = design(
        sets[:2],
        ["2", "2"],
        n_real="4",
        arm_blocks="true",
        answering="pairs",
        practice_real="2",
        practice_synthetic="2",
    )
    address = opened(furnished, owner, known, **changes)
    seat = furnished.browser()
    seat.post(invite(owner, address))
    seat.post("/read/start")
    state = seat.get("/read/state").json()
    while state["current"]:
        body = {
            "item": state["current"],
            "answer": "left",
            "likert": 3,
            "key": f"k-{state['current']}",
            "shown_ms": 5,
        }
        state = seat.post("/read/ratings", json=body).json()
    with furnished.parts.database.read() as db:
        told = unblinding.ratings(db, ident(address))
        verification.session(db, furnished.parts.artifacts, ident(address))
    main = [rating for rating in told if rating.kind == "main"]
    assert sorted(rating.model for rating in main) == ["Samples", "Samples", "Second", "Second"]
    assert [rating.model for rating in main][0:2] in (["Samples"] * 2, ["Second"] * 2)


@pytest.mark.parametrize(
    ("numbers", "changes", "sentence"),
    [
        (["2", "2", "9"], {}, "has only 8"),
        (["2", "2", "2"], {"n_real": "2", "arm_blocks": "true"}, "Each model's block needs a real image"),
        (["4", "4", "2"], {"n_real": "8", "arm_blocks": "true", "answering": "pairs"}, "in each block"),
        (
            ["2", "2", "2"],
            {"n_real": "6", "arm_blocks": "true", "repeats": "3", "repeat_lag": "4"},
            "cannot be repeated",
        ),
    ],
)
def test_designs_that_cannot_be_carried_out_are_refused(owner, known, sets, numbers, changes, sentence):
    refused = create(owner, known, **design(sets, numbers, **changes))
    assert refused.status_code == 422
    assert sentence in text(refused)


def test_a_set_cannot_be_two_models_and_one_is_needed(owner, known, sets):
    twice = create(owner, known, **design([sets[0], sets[0]], ["2", "2"]))
    none = create(owner, known, synthetic_set_id="", n_synthetic="4")
    assert (twice.status_code, none.status_code) == (422, 422)
    assert "one set was chosen twice" in text(twice)
    assert "Choose 1 to 16 sets" in text(none)
