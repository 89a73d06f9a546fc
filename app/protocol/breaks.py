"""After how many answers a reader is offered a break."""

from collections.abc import Sequence


def places(blocks: Sequence[int], most: int) -> list[int]:
    """The answers after which a break comes, for blocks of so many answers each: after each `most` (0: never) from a block's beginning, and at its end.

    None comes before the first image or after the last, and none within a block so near before its end that less than
    half of `most` would be left, unless it is the last block.
    """
    found: list[int] = []
    if not most:
        return found
    begin, total = 0, sum(blocks)
    for length in blocks:
        end = begin + length
        rest = 1 if end == total else (most + 1) // 2
        found += [*range(begin + most, end - rest + 1, most), end]
        begin = end
    return [place for place in found if place < total]
