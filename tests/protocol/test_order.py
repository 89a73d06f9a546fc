"""Orders: every item at every position equally often, from ids and a seed alone."""

import numpy as np
import pytest
from scipy import stats

from app.errors import InvalidError
from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.protocol.order import order, reader_seed

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
