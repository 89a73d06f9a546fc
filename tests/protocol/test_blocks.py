"""Orders of blocks: each block at each place, and each after each other, equally often."""

from collections import Counter
from itertools import pairwise

import pytest

from app.protocol.blocks import turn, williams


@pytest.mark.parametrize("blocks", range(1, 17))
def test_places_and_carry_over_are_balanced(blocks):
    design = williams(blocks)
    assert len(design) == (blocks if blocks % 2 == 0 or blocks == 1 else 2 * blocks)
    assert all(sorted(sequence) == list(range(blocks)) for sequence in design)
    places = Counter((place, block) for sequence in design for place, block in enumerate(sequence))
    assert len(set(places.values())) == 1
    follows = Counter(pair for sequence in design for pair in pairwise(sequence))
    assert len(follows) == blocks * (blocks - 1)
    assert len(set(follows.values())) <= 1


def test_as_many_readers_as_sequences_see_all_blocks_balanced_and_the_secret_draws_the_parts():
    orders = [turn([1, 2, 3, 4], slot, b"secret") for slot in range(1, 9)]
    assert orders[:4] == orders[4:]
    assert Counter(order[0] for order in orders) == dict.fromkeys([1, 2, 3, 4], 2)
    assert len({tuple(turn([1, 2, 3, 4], 1, bytes([seed]))) for seed in range(40)}) > 10
    assert turn([1], 5, b"secret") == [1]


def test_no_block_is_no_design():
    with pytest.raises(ValueError, match="needs a block"):
        williams(0)
