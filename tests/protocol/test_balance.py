"""The balance of a design: even for what the program does, and found where an order would give the truth away."""

from dataclasses import dataclass

import pytest

from app.protocol import balance, sequence
from app.protocol.design import Protocol
from app.protocol.pairs import paired

SECRET = "5e" * 32
PAIRS = Protocol(
    answering="pairs", instructions="Which?", question="Sure?", likert_labels=("a", "b", "c", "d", "e")
)


@dataclass(frozen=True)
class One:
    id: str
    image_id: str
    kind: str = "main"
    block: int = 1
    part: int = 0


def design(n, blocks=1, parts=1):
    """So many main items, half of them synthetic, in each block and part alike; the truth by id."""
    items = [
        One(
            f"i{place}",
            f"m{place}",
            block=place // 2 % blocks + 1,
            part=place // 2 // blocks % parts + (parts > 1),
        )
        for place in range(n)
    ]
    return items, {item.id: place % 2 == 1 for place, item in enumerate(items)}


def sentences(checks):
    return {check.sentence.partition("readers ")[2]: check.even for check in checks}


def test_ten_thousand_readers_of_a_design_with_blocks_and_parts():
    items, truth = design(24, blocks=3, parts=2)
    protocol = Protocol(arm_blocks=True, parts=2)
    found = balance.check(items, truth, protocol, SECRET, 10_000)
    assert [check.even for check in found] == [True] * 4
    assert all(check.sentence.startswith("Among 10,000 simulated readers ") for check in found)
    assert "each part was read by 5000 to 5000." in sentences(found)
    assert any(words.startswith("each model's block came first for 333") for words in sentences(found))


def test_repeats_catch_items_and_anchors_are_in_the_orders_and_not_counted():
    items, truth = design(12)
    again = [One("again", "m0", "repeat"), One("too", "m1", "repeat")]
    items += [*again, One("broken", "x", "catch"), One("anchor", "y", "anchor")]
    protocol = Protocol(repeats=2, repeat_lag=3, catch=1)
    places, first = balance.check(items, truth, protocol, SECRET, 500)
    assert places.even
    assert first.even
    assert "where 50.0 % of all are" in first.sentence


def test_one_repeat_alone_brings_its_kind_forward_and_that_is_found():
    """What is repeated stands early enough for it, so an odd number of repeats tilts the order a little."""
    items, truth = design(12)
    items.append(One("again", "m0", "repeat"))
    places, _ = balance.check(items, truth, Protocol(repeats=1, repeat_lag=6), SECRET, 2_000)
    assert not places.even
    assert "later than real ones" in places.sentence


def test_an_order_that_goes_with_the_truth_is_found(monkeypatch):
    items, truth = design(20)
    usual = sequence.main

    def late(given, protocol, secret, slot):
        placed = usual(given, protocol, secret, slot)
        return sorted(placed, key=truth.__getitem__) if slot % 10 == 0 else placed

    monkeypatch.setattr(sequence, "main", late)
    places, first = balance.check(items, truth, Protocol(), SECRET, 2_000)
    assert not places.even
    assert "later than real ones" in places.sentence
    assert not first.even


@pytest.mark.parametrize("rightly", [True, False])
def test_pairs_show_the_real_image_as_often_at_either_side(rightly):
    items, truth = design(16)
    by_id = {item.id: item for item in items}
    real, synthetic = ([one for one in truth if truth[one] == kind] for kind in (False, True))
    numbered = paired(real, synthetic, b"seed") if rightly else list(truth)
    (sides,) = balance.check([by_id[one] for one in numbered], truth, PAIRS, SECRET, 300)
    assert sides.even is rightly


def test_uneven_counts_are_found(monkeypatch):
    items, truth = design(12, parts=3)
    monkeypatch.setattr(
        sequence, "parts_of", lambda _protocol, slot: (0, 1 if slot % 2 else 2 + slot // 2 % 2)
    )
    found = sentences(balance.check(items, truth, Protocol(parts=3), SECRET, 400))
    assert found["each part was read by 100 to 200."] is False


def test_large_designs_are_simulated_with_fewer_readers():
    assert balance.readers_for(100_000) == 100
    assert balance.readers_for(5_000) == min(balance.READERS, 400)
