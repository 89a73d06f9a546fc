"""Breaks: after so many images, and where a block ends."""

import pytest

from app.protocol.breaks import places


@pytest.mark.parametrize(
    ("blocks", "most", "expected"),
    [
        ([8], 0, []),
        ([8], 4, [4]),
        ([8], 3, [3, 6]),
        ([8], 7, [7]),
        ([8], 8, []),
        ([8], 100, []),
        ([8, 8], 100, [8]),
        ([8, 8, 4], 8, [8, 16]),
        ([10, 10], 4, [4, 8, 10, 14, 18]),
        ([9, 9], 4, [4, 9, 13, 17]),
        ([9, 9], 0, []),
        ([], 4, []),
    ],
)
def test_breaks_lie_within_blocks_and_between_them(blocks, most, expected):
    assert places(blocks, most) == expected


@pytest.mark.parametrize("most", range(1, 12))
def test_there_is_a_break_at_each_border_and_none_at_either_end(most):
    found = places([5, 7, 11], most)
    assert found == sorted(set(found))
    assert {5, 12} <= set(found)
    assert 0 not in found
    assert 23 not in found
