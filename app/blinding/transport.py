"""The audit of what is sent: does anything around an image (its length, headers, file layout, time, place) go with the truth?"""

import struct
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.blinding import ranks
from app.blinding.features import Floats

PERMUTATIONS = 20_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"
OF_THE_MOMENT = frozenset({"date"})


@dataclass(frozen=True, slots=True)
class Observed:
    """One stimulus as a reader received it.

    `length` in bytes; headers; the PNG's `chunks`, kind and length; place in the reading; milliseconds from asking to the last byte.
    """

    length: int
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[tuple[str, int], ...]
    position: int
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Drift:
    """A number that may go with the truth: its AUC (above ½: greater for synthetic images), two-sided p and null bands of |AUC − ½|."""

    auc: float
    p: float
    band_95: float
    band_999: float

    @property
    def beyond_95(self) -> bool:
        """Rarer than 1 in 20: warns."""
        return self.p <= 0.05

    @property
    def beyond_999(self) -> bool:
        """Rarer than 1 in 1,000: blocks where it is so in two runs of two."""
        return self.p <= 0.001


@dataclass(frozen=True, slots=True)
class TransportAudit:
    """`differences` are exact ones, a sentence each; they block. `latency` and `order` are statistical."""

    n: int
    differences: tuple[str, ...]
    latency: Drift
    order: Drift

    @property
    def blocks(self) -> bool:
        """Whether there is an exact difference."""
        return bool(self.differences)


def chunks(png: bytes) -> tuple[tuple[str, int], ...]:
    """Kind and length of each chunk of a PNG file in its order, then ("after", n) for bytes behind the last; ValueError for another file."""
    if not png.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    found: list[tuple[str, int]] = []
    at = len(SIGNATURE)
    while at < len(png) and (not found or found[-1][0] != "IEND"):
        if at + 12 > len(png):
            raise ValueError("a PNG file cut short")
        length, kind = struct.unpack_from(">I4s", png, at)
        found.append((kind.decode("latin-1"), int(length)))
        at += 12 + length
    if at > len(png) or found[-1:] != [("IEND", 0)]:
        raise ValueError("a PNG file cut short")
    return (*found, *([("after", len(png) - at)] if at < len(png) else []))


def compare(
    observed: Sequence[Observed], synthetic: NDArray[np.bool_], rng: np.random.Generator
) -> TransportAudit:
    """Compare N stimuli by the truth (N,): any exact difference, with the truth or not; latency and order by 20,000 permutations.

    Header names count without case; `Date` is left out, as it tells the moment. Raises ValueError unless both kinds are there.
    """
    if synthetic.shape != (len(observed),) or synthetic.all() or not synthetic.any():
        raise ValueError("one truth for each stimulus, and both kinds, expected")
    differences = (
        _differing("length in bytes differs", [one.length for one in observed], synthetic),
        _differing("headers differ", [_headers(one) for one in observed], synthetic),
        _differing("layout of the PNG file differs", [one.chunks for one in observed], synthetic),
    )
    orders = ranks.shuffled(synthetic, rng, PERMUTATIONS)
    latency, position = (
        _drift(np.array(values, np.float64), synthetic, orders)
        for values in ([one.latency_ms for one in observed], [one.position for one in observed])
    )
    return TransportAudit(len(observed), tuple(told for told in differences if told), latency, position)


def _headers(one: Observed) -> tuple[tuple[str, str], ...]:
    lowered = ((name.lower(), value) for name, value in one.headers)
    return tuple(sorted((name, value) for name, value in lowered if name not in OF_THE_MOMENT))


def _differing(what: str, values: Sequence[Hashable], synthetic: NDArray[np.bool_]) -> str:
    """A sentence where not all values are one, with how many of each kind have the usual one; else ""."""
    usual = max(dict.fromkeys(values), key=values.count)
    if values.count(usual) == len(values):
        return ""
    same = np.array([value == usual for value in values])
    return (
        f"The {what}: {len(set(values))} kinds; {int((~same & synthetic).sum())} of {int(synthetic.sum())} synthetic and "
        f"{int((~same & ~synthetic).sum())} of {int((~synthetic).sum())} real images differ from the commonest."
    )


def _drift(values: Floats, synthetic: NDArray[np.bool_], orders: NDArray[np.bool_]) -> Drift:
    observed = float(ranks.auc(values[:, None], synthetic)[0])
    null = ranks.auc(values[:, None], orders)[:, 0]
    band = ranks.band(observed, null)
    return Drift(band.auc, band.p, band.width, float(np.quantile(np.abs(null - 0.5), 0.999)))
