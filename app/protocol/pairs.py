"""Two-alternative trials: which images stand side by side, and on which side each reader sees the real one.

At the freeze, which knows the truth, pairs are numbered: items 1 and 2 are a pair, 3 and 4, and so on. In the first pair of each couple of
pairs (1–2 and 3–4, 5–6 and 7–8, …) and in its second the real image has different places, drawn by chance. A reader's own sides turn both
pairs of a couple or neither, drawn from ids and a seed alone: whatever is drawn, each reader sees the real image as often left as right
(one time more where the number of pairs is odd).
"""

from collections.abc import Sequence

from app.protocol.order import number, order


def paired(real: Sequence[str], synthetic: Sequence[str], seed: bytes) -> list[str]:
    """The ids in the order of their numbers; raises ValueError where there are not as many real as synthetic ones."""
    both = list(zip(order(real, seed), order(synthetic, seed), strict=True))
    numbered: list[str] = []
    for place, pair in enumerate(both):
        real_first = (number(seed, f"couple {place // 2}") + place) % 2 == 0
        numbered += pair if real_first else pair[::-1]
    return numbered


def trials(numbered: Sequence[str], seed: bytes) -> list[str]:
    """What a reader sees, left, right, left, right, …, of ids in the order of their numbers."""
    pairs = list(zip(numbered[::2], numbered[1::2], strict=True))
    turned = {
        first: (second, first) if number(seed, f"sides {place // 2}") % 2 else (first, second)
        for place, (first, second) in enumerate(pairs)
    }
    return [one for first in order(turned, seed) for one in turned[first]]


def partner(item_number: int) -> int:
    """The number of the item that stands beside this one."""
    return item_number + 1 if item_number % 2 else item_number - 1
