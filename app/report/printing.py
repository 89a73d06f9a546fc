"""How numbers are printed: rounded once, half up, and n/a with its reason where there is no number."""

from decimal import ROUND_HALF_UP, Decimal

from app.stats.estimates import Interval, MeanSd, NotEstimable, Number, Proportion
from app.stats.spread import Quartiles

NA = "n/a"
_DIGITS = 15
"""Numbers with more before the point are printed as powers of ten."""


def fixed(value: Number, places: int) -> str:
    """The value with so many decimals; n/a where there is none."""
    return NA if isinstance(value, NotEstimable) else _rounded(_decimal(value), places)


def percent(value: Number, n: int) -> str:
    """A fraction as whole per cent, with one decimal where n is over 100."""
    return NA if isinstance(value, NotEstimable) else f"{_hundredfold(value, n)} %"


def _hundredfold(value: float, n: int) -> str:
    # Multiplied as a decimal: in binary 23/40 × 100 is less than 57.5 and would round down.
    return _rounded(_decimal(value) * 100, 1 if n > 100 else 0)


def _decimal(value: float) -> Decimal:
    """The decimal number that is meant: twelve digits, without the noise of sums in binary."""
    return Decimal(f"{value:.12g}")


def _rounded(value: Decimal, places: int) -> str:
    if value.adjusted() >= _DIGITS:
        return f"{value:.3e}".replace("-", "−")
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:f}".replace("-", "−")


def p_value(p: Number) -> str:
    """Three digits without the leading zero; <.001 below .0005, >.999 above .9995."""
    if isinstance(p, NotEstimable):
        return NA
    if p < 0.0005:
        return "<.001"
    if p >= 0.9995:
        return ">.999"
    return fixed(p, 3).removeprefix("0")


def counted(rate: Proportion | NotEstimable) -> str:
    """A rate as per cent and count: 45 % (9/20)."""
    if isinstance(rate, NotEstimable):
        return NA
    return f"{percent(rate.value, rate.n)} ({rate.k}/{rate.n})"


def share(k: int, n: int) -> str:
    """A count and its share of n: 12 (30 %); the count alone where n is 0."""
    return f"{k} ({percent(k / n, n)})" if n else str(k)


def interval(found: Interval | NotEstimable, n: int) -> str:
    """Bounds in per cent: 26–66 %."""
    if isinstance(found, NotEstimable):
        return NA
    return f"{_hundredfold(found.low, n)}–{_hundredfold(found.high, n)} %"


def bounds(found: Interval | NotEstimable, places: int) -> str:
    """Bounds that are no per cent: 0.61 to 0.74."""
    if isinstance(found, NotEstimable):
        return NA
    return f"{fixed(found.low, places)} to {fixed(found.high, places)}"


def points(value: Number) -> str:
    """A difference of fractions in percentage points: −12."""
    return NA if isinstance(value, NotEstimable) else _hundredfold(value, 0)


def point_bounds(found: Interval | NotEstimable) -> str:
    """Bounds of a difference in percentage points: −26 to 3."""
    return NA if isinstance(found, NotEstimable) else f"{points(found.low)} to {points(found.high)}"


def mean_sd_percent(found: MeanSd) -> str:
    """Mean ± SD of fractions, in per cent; of one reader, whose SD there is none of, the mean alone."""
    if isinstance(found.mean, NotEstimable):
        return NA
    mean = _hundredfold(found.mean, 0)
    return f"{mean} %" if isinstance(found.sd, NotEstimable) else f"{mean} ± {_hundredfold(found.sd, 0)} %"


def mean_sd(found: MeanSd) -> str:
    """Mean ± SD with two decimals; the mean alone where there is no SD."""
    if isinstance(found.mean, NotEstimable):
        return NA
    mean = fixed(found.mean, 2)
    return mean if isinstance(found.sd, NotEstimable) else f"{mean} ± {fixed(found.sd, 2)}"


def quartiles(found: Quartiles) -> str:
    """Median and the quartiles: 6.2 (4.1–9.8)."""
    if isinstance(found.median, NotEstimable):
        return NA
    return f"{fixed(found.median, 1)} ({fixed(found.q1, 1)}–{fixed(found.q3, 1)})"


def reason(value: object) -> str:
    """Why there is no value; empty where there is one."""
    return value.reason if isinstance(value, NotEstimable) else ""
