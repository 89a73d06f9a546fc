"""Whether a design is balanced: thousands of simulated readers get their orders as real ones would, and what should be even is counted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from app.protocol import sequence
from app.protocol.design import Protocol
from app.protocol.sequence import Placed

READERS = 10_000
MOST_PLACES = 2_000_000  # of larger designs fewer readers are simulated
BEYOND = 3.29  # |z| of a chance below 1 in 1,000
UNEVEN = 0.01
_ROUNDED = 0.005


@dataclass(frozen=True, slots=True)
class Check:
    """What was counted, in a sentence, and whether it is as even as chance and numbers allow."""

    sentence: str
    even: bool


@dataclass(frozen=True, slots=True)
class _Order:
    """The main items of one reader in their order, and what they are."""

    items: list[Placed]
    synthetic: list[bool]


def readers_for(n_items: int) -> int:
    """How many readers are simulated for so many items."""
    return max(100, min(READERS, MOST_PLACES // max(n_items, 1)))


def check(
    items: Sequence[Placed], synthetic: Mapping[str, bool], protocol: Protocol, secret: str, readers: int
) -> list[Check]:
    """Simulate so many readers (the first `readers` slots) of these items, which come by their numbers; `synthetic` is the truth by id.

    Repeats, catch items and anchors are in the orders as in the study, and are not counted.
    """
    by_id = {item.id: item for item in items}
    orders = []
    for slot in range(1, readers + 1):
        placed = [by_id[one] for one in sequence.main(items, protocol, secret, slot)]
        counted = [item for item in placed if item.kind == "main"]
        orders.append(_Order(counted, [synthetic[item.id] for item in counted]))
    return list(_checks(orders, protocol))


def _checks(orders: Sequence[_Order], protocol: Protocol) -> Iterator[Check]:
    said = f"Among {len(orders):,} simulated readers "
    if protocol.at_once == 2:
        yield _sides(orders, said)
    else:
        yield _places(orders, said)
        yield _first(orders, said)
    if len({item.block for item in orders[0].items}) > 1:
        starts = Counter(order.items[0].block for order in orders)
        yield _even(said + "each model's block came first for {low} to {high}.", starts, len(orders))
    if protocol.parts > 1:
        read = Counter(part for order in orders for part in {item.part for item in order.items})
        yield _even(said + "each part was read by {low} to {high}.", read, len(orders))


def _places(orders: Sequence[_Order], said: str) -> Check:
    """Whether synthetic images come earlier or later than real ones: each reader's difference of mean places, in images."""
    found = []
    for order in orders:
        places: tuple[list[int], list[int]] = ([], [])
        for place, false in enumerate(order.synthetic):
            places[false].append(place)
        found.append(fmean(places[1]) - fmean(places[0]))
    mean, z = _z(found, 0)
    way = f"{abs(mean):.2f} images {'later than' if mean > 0 else 'earlier than'}"
    if abs(mean) < _ROUNDED:
        way = "as early as"
    return Check(f"{said}synthetic images came {way} real ones on average (z = {z:.1f}).", abs(z) < BEYOND)


def _first(orders: Sequence[_Order], said: str) -> Check:
    """Whether the first image tells anything: how often it is synthetic, against the share of synthetic ones."""
    found = [order.synthetic[0] - fmean(order.synthetic) for order in orders]
    _, z = _z(found, 0)
    share = 100 * fmean(order.synthetic[0] for order in orders)
    expected = 100 * fmean(fmean(order.synthetic) for order in orders)
    return Check(
        f"{said}the first image was synthetic for {share:.1f} %, where {expected:.1f} % of all are (z = {z:.1f}).",
        abs(z) < BEYOND,
    )


def _sides(orders: Sequence[_Order], said: str) -> Check:
    """Whether each reader sees the real image of a pair as often left as right."""
    off = max(abs(2 * sum(order.synthetic[::2]) - len(order.synthetic) // 2) for order in orders)
    return Check(f"{said}nobody saw the real image more than {off} times more often at one side.", off <= 1)


def _even(words: str, counts: Counter[int], readers: int) -> Check:
    low, high = min(counts.values()), max(counts.values())
    return Check(words.format(low=low, high=high), high - low <= max(UNEVEN * readers, 1))


def _z(found: Sequence[float], expected: float) -> tuple[float, float]:
    mean, spread = fmean(found), stdev(found)
    return mean, (mean - expected) * sqrt(len(found)) / spread if spread else 0.0
