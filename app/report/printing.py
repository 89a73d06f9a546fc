"""How numbers are printed: rounded once, half up, and n/a with its reason where there is no number."""

from decimal import ROUND_HALF_UP, Decimal

from app.stats.estimates import Interval, NotEstimable, Number, Proportion
from app.stats.paper import MeanSd

NA = "n/a"


def fixed(value: Number, places: int) -> str:
    """The value with so many decimals; n/a where there is none."""
    if isinstance(value, NotEstimable):
        return NA
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return str(abs(rounded) if rounded == 0 else rounded).replace("-", "−")


def percent(value: Number, n: int) -> str:
    """A fraction as whole per cent, with one decimal where n is over 100."""
    if isinstance(value, NotEstimable):
        return NA
    return f"{fixed(value * 100, 1 if n > 100 else 0)} %"


def p_value(p: Number) -> str:
    """Three digits without the leading zero; <.001 below .0005, >.999 above .9995."""
    if isinstance(p, NotEstimable):
        return NA
    if p < 0.0005:
        return "<.001"
    if p > 0.9995:
        return ">.999"
    return fixed(p, 3).removeprefix("0")


def counted(rate: Proportion | NotEstimable) -> str:
    """A rate as per cent and count: 45 % (9/20)."""
    if isinstance(rate, NotEstimable):
        return NA
    return f"{percent(rate.value, rate.n)} ({rate.k}/{rate.n})"


def interval(found: Interval | NotEstimable, n: int) -> str:
    """Bounds in per cent: 26–66 %."""
    if isinstance(found, NotEstimable):
        return NA
    low, high = (percent(bound, n).removesuffix(" %") for bound in (found.low, found.high))
    return f"{low}–{high} %"


def mean_sd_percent(found: MeanSd) -> str:
    """Mean ± SD of fractions, in per cent."""
    if isinstance(found.mean, NotEstimable):
        return NA
    mean = fixed(found.mean * 100, 0)
    sd = NA if isinstance(found.sd, NotEstimable) else fixed(found.sd * 100, 0)
    return f"{mean} ± {sd} %"


def mean_sd(found: MeanSd) -> str:
    """Mean ± SD with two decimals."""
    return NA if isinstance(found.mean, NotEstimable) else f"{fixed(found.mean, 2)} ± {fixed(found.sd, 2)}"


def reason(value: object) -> str:
    """Why there is no value; empty where there is one."""
    return value.reason if isinstance(value, NotEstimable) else ""
