"""Parts of the images: every choice once, beginnings balanced, and no choice tied to an order of blocks."""

from collections import Counter
from itertools import combinations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocol.blocks import williams
from app.protocol.parts import of_reader, readers_for_all, subsets, turned


@pytest.mark.parametrize("parts", range(1, 13))
def test_every_choice_comes_once(parts):
    for read in range(1, parts + 1):
        found = subsets(parts, read)
        assert len(found) == len(set(found)) == comb(parts, read)
        assert all(len(set(choice)) == read and set(choice) <= set(range(1, parts + 1)) for choice in found)


@given(st.integers(1, 12).flatmap(lambda parts: st.tuples(st.just(parts), st.integers(1, parts))))
def test_over_all_choices_parts_and_pairs_of_parts_come_equally_often(design):
    parts, read = design
    singles = Counter(part for choice in subsets(parts, read) for part in choice)
    pairs = Counter(pair for choice in subsets(parts, read) for pair in combinations(choice, 2))
    assert len(set(singles.values())) == 1
    assert len(set(pairs.values())) <= 1


def test_seven_readers_of_three_of_seven_parts_are_a_balanced_incomplete_block_design():
    """The smallest projective plane: each two parts meet in one reader (Yates 1936)."""
    readers = [of_reader(slot, 7, 3) for slot in range(1, 8)]
    pairs = Counter(pair for choice in readers for pair in combinations(choice, 2))
    assert set(pairs.values()) == {1}
    assert len(pairs) == 21


@pytest.mark.parametrize(
    ("parts", "read", "readers"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (7, 3, 4), (5, 5, 1)]
)
def test_so_many_readers_read_all_parts(parts, read, readers):
    assert readers_for_all(parts, read) == readers


def test_one_part_each_is_dealt_round():
    assert [of_reader(slot, 3, 1) for slot in range(1, 5)] == [(1,), (2,), (3,), (1,)]


@pytest.mark.parametrize(("parts", "read", "blocks"), [(2, 1, 2), (3, 1, 3), (4, 2, 3), (2, 1, 3), (6, 1, 4)])
def test_every_choice_meets_every_order_of_blocks_equally_often(parts, read, blocks):
    sequences = len(williams(blocks))
    readers = len(subsets(parts, read)) * sequences
    met = Counter(
        (of_reader(slot, parts, read), (turned(slot, parts, read, sequences) - 1) % sequences)
        for slot in range(1, readers + 1)
    )
    assert set(met.values()) == {1}


@pytest.mark.parametrize(("parts", "read"), [(0, 0), (3, 4), (3, 0), (13, 1)])
def test_other_numbers_are_refused(parts, read):
    with pytest.raises(ValueError, match="1 to 12 parts"):
        subsets(parts, read)
