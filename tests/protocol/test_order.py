"""Orders: every item at every position equally often, from ids and a seed alone."""

import numpy as np
import pytest
from scipy import stats

from app.errors import InvalidError
from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.protocol.order import order, reader_seed, with_repeats

SECRET = "5a" * 32


def test_ten_thousand_readers_see_each_item_at_each_position_equally_often():
    items = [f"item-{number}" for number in range(12)]
    counts = np.zeros((12, 12))
    for slot in range(1, 10_001):
        for position, item in enumerate(order(items, reader_seed(SECRET, slot))):
            counts[items.index(item), position] += 1
    expected = 10_000 / 12
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    assert stats.chi2.sf(statistic, 11 * 11) > 0.001
    assert statistic > 0


def test_the_order_depends_on_ids_and_seed_alone():
    seed = reader_seed(SECRET, 1)
    assert order(["a", "b", "c", "d"], seed) == order(["d", "c", "b", "a"], seed)
    assert order(["a", "b", "c", "d"], seed) == order(iter("abcd"), seed)
    orders = {tuple(order("abcdefgh", reader_seed(SECRET, slot))) for slot in range(1, 50)}
    assert len(orders) == 49
    assert reader_seed(SECRET, 1) != reader_seed("5b" * 32, 1)


def test_an_id_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        order(["a", "a"], b"seed")


def test_a_protocol_survives_being_stored():
    protocol = Protocol(instructions="Look.", disclose_ratio=True, allow_undo=True)
    assert Protocol.from_json(protocol.to_json()) == protocol


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"instructions": ""}, "instructions"),
        ({"instructions": "x" * 5001}, "instructions"),
        ({"likert_labels": ("a", "b")}, "each of its 5 points"),
        ({"likert_labels": ("a", "b", "c", "d", "")}, "1 to 60"),
        ({"likert_labels": ("a", "b", "c", "d", "d")}, "same wording"),
    ],
)
def test_a_protocol_that_readers_could_not_read_is_refused(changes, word):
    with pytest.raises(InvalidError, match=word):
        Protocol(**changes)


def test_a_stored_protocol_that_was_tampered_with_is_refused():
    for stored in (
        {**Protocol().to_json(), "unknown": 1},
        {**Protocol().to_json(), "allow_undo": "yes"},
        {**Protocol().to_json(), "instructions": 3},
    ):
        with pytest.raises(InvalidError, match="cannot be read"):
            Protocol.from_json(stored)


def test_the_words_for_readers():
    assert wording.proportion(20, 30) == "20 of the 50 images are real and 30 are synthetic."
    assert len(scale.LABELS) == scale.POINTS


def test_a_repeat_comes_so_many_places_after_its_item_or_more_and_all_come_once():
    items = [f"item-{number}" for number in range(20)]
    repeated = {f"again-{number}": f"item-{number}" for number in range(0, 20, 4)}
    for slot in range(1, 300):
        seed = reader_seed(SECRET, slot)
        placed = with_repeats(order(items, seed), repeated, 6, seed)
        assert sorted(placed) == sorted([*items, *repeated])
        assert all(placed.index(again) - placed.index(first) >= 6 for again, first in repeated.items())


def test_repeats_stand_at_many_places_and_the_others_keep_their_order():
    items = [f"item-{number}" for number in range(30)]
    places = set()
    for slot in range(1, 200):
        seed = reader_seed(SECRET, slot)
        ordered = order(items, seed)
        placed = with_repeats(ordered, {"again": "item-3"}, 5, seed)
        places.add(placed.index("again"))
        if ordered.index("item-3") < 25:
            assert [one for one in placed if one != "again"] == ordered
    assert min(places) == 5
    assert max(places) == 30
    assert len(places) > 20


def test_without_repeats_the_order_stays_and_too_many_are_refused():
    items = ["a", "b", "c", "d"]
    assert with_repeats(items, {}, 2, b"seed") == items
    assert set(with_repeats(items, {"a2": "a", "d2": "d"}, 2, b"seed")) == {*items, "a2", "d2"}
    for lag, repeated in ((2, {"a2": "a", "b2": "b", "c2": "c"}), (9, {"a2": "a"})):
        with pytest.raises(ValueError, match="too few"):
            with_repeats(items, repeated, lag, b"seed")
