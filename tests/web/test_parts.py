"""Readers who read some of the images, and anchors that all see first: dealt at the freeze, balanced over readers, reported as what they are."""

import csv
import io
from collections import Counter

import pytest
from sqlalchemy import select

from app.protocol.parts import of_reader
from app.services import freezing, orders
from app.services.freezing import Chosen
from app.tables.origins import Origin
from app.tables.sessions import Item, VttSession
from tests.web.conftest import create, ident, invite, opened, text
from tests.web.test_special_items import Pupil

PARTS = {"n_real": "6", "n_synthetic": "6", "parts": "3", "parts_read": "2"}


def items(site, address):
    """{item id: (kind, part, truth)}."""
    query = select(Item.id, Item.kind, Item.part, Origin.kind).join(Origin, Origin.image_id == Item.image_id)
    with site.parts.database.read() as db:
        return {row[0]: row[1:] for row in db.execute(query.where(Item.session_id == ident(address)))}


def test_each_part_has_its_share_of_both_truths(furnished, owner, known):
    address = opened(furnished, owner, known, **PARTS)
    found = sorted((part, truth) for _, part, truth in items(furnished, address).values())
    assert found == sorted(
        (part, truth) for part in (1, 2, 3) for truth in ("real", "synthetic") for _ in range(2)
    )


def test_each_reader_reads_the_parts_of_the_design(furnished, owner, known):
    address = opened(furnished, owner, known, **PARTS, anchors="2", repeats="3", repeat_lag="2")
    there = items(furnished, address)
    anchors = {item for item, (kind, _, _) in there.items() if kind == "anchor"}
    assert sorted(there[item][2] for item in anchors) == ["real", "synthetic"]
    firsts = set()
    with furnished.parts.database.read() as db:
        session = db.get_one(VttSession, ident(address))
        for slot in range(1, 7):
            shown = orders.main(db, session, slot)
            firsts.add(tuple(shown[:2]))
            assert set(shown[:2]) == anchors
            assert {there[item][1] for item in shown[2:]} == set(of_reader(slot, 3, 2))
            assert len(shown) == orders.totals(db, session, [slot])[0] == 2 + 8 + 2
    assert len(firsts) == 1  # the same anchors, in the same order


def test_a_reading_of_some_parts_is_finished_and_reported(furnished, owner, known):
    address = opened(furnished, owner, known, **PARTS, anchors="2", disclose_ratio="")
    for code in ("R01", "R02", "R03"):
        Pupil(furnished, invite(owner, address, code)).finish()
    assert text(owner.get(address)).count("finished, 10 of 10") == 3
    owner.post(f"{address}/close")
    owner.post(f"{address}/unblinding")
    furnished.work()
    rows = list(csv.DictReader(io.StringIO(owner.get(f"{address}/export/ratings.csv").text)))
    assert [row["kind"] for row in rows if row["reader"] == "R01"] == ["anchor"] * 2 + ["main"] * 8
    per_reader = list(csv.DictReader(io.StringIO(owner.get(f"{address}/export/per_reader.csv").text)))
    assert [(row["n_real"], row["n_synthetic"]) for row in per_reader] == [("4", "4")] * 3


def test_the_told_mix_is_that_of_the_reader_s_own_images(furnished, owner, known):
    address = opened(furnished, owner, known, **PARTS, disclose_ratio="true")
    reader = furnished.browser()
    reader.post(invite(owner, address))
    assert "4 of the 8 images are real and 4 are synthetic" in text(reader.get("/read"))


def test_pairs_are_dealt_as_pairs(furnished, owner, known):
    pairs = {"answering": "pairs", "n_real": "8", "n_synthetic": "8", "parts": "2"}
    address = opened(furnished, owner, known, **pairs)
    there = items(furnished, address)
    with furnished.parts.database.read() as db:
        session = db.get_one(VttSession, ident(address))
        for slot in range(1, 9):
            shown = [there[item] for item in orders.main(db, session, slot)]
            assert {part for _, part, _ in shown} == set(of_reader(slot, 2, 1))
            sides = [
                left[2] for left, right in zip(shown[::2], shown[1::2], strict=True) if left[2] != right[2]
            ]
            assert sorted(sides) == ["real", "real", "synthetic", "synthetic"]


@pytest.mark.parametrize(
    ("real", "synthetic", "parts"), [(12, (5, 7), 3), (12, (5, 7), 2), (3, (3,) * 16, 2), (21, (21,) * 4, 4)]
)
def test_parts_of_several_models_are_even(real, synthetic, parts):
    drawn = [Chosen(f"r{n}", "", "real") for n in range(real)]
    drawn += [
        Chosen(f"{model}-{n}", "", "synthetic")
        for model, number in enumerate(synthetic)
        for n in range(number)
    ]
    dealt = freezing._dealt(drawn, parts)
    for wanted in (("real", "synthetic"), ("real",), ("synthetic",)):
        sizes = Counter(one.part for one in dealt if one.truth in wanted)
        assert max(sizes.values()) - min(sizes.values()) <= 1


def test_uneven_numbers_leave_room_for_repeats_in_every_part(furnished, owner, known):
    address = opened(
        furnished, owner, known, n_real="7", n_synthetic="5", parts="2", repeats="6", repeat_lag="3"
    )
    with furnished.parts.database.read() as db:
        session = db.get_one(VttSession, ident(address))
        for slot in (1, 2):
            assert len(orders.main(db, session, slot)) == 6 + 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"parts": "3", "parts_read": "4"}, "each reader reads is a whole number from 1 to 3"),
        ({"parts": "13"}, "from 1 to 12"),
        ({"n_real": "2", "parts": "3"}, "Each part needs a real image"),
        ({"n_real": "5", "parts": "3", "disclose_ratio": "true"}, "only where all parts have the same"),
        ({"anchors": "3"}, "their number is even"),
        ({"anchors": "2", "disclose_ratio": "true"}, "anchors stand before them"),
        ({"anchors": "22"}, "from 0 to 20"),
        ({"n_real": "8", "anchors": "2"}, "8 real images and 1 for practice, anchors"),
        ({"answering": "pairs", "n_real": "6", "n_synthetic": "6", "parts": "2"}, "an even number of pairs"),
        ({"answering": "pairs", "anchors": "2"}, "neither repeats nor degraded images nor anchors"),
        ({"parts": "3", "repeats": "8", "repeat_lag": "2"}, "cannot be repeated"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(owner, known, changes, sentence):
    answer = create(owner, known, **{"n_real": "6", "n_synthetic": "6", **changes})
    assert answer.status_code == 422
    assert sentence in text(answer)
