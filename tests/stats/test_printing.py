"""How numbers are printed: once rounded, half up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.report import printing
from app.stats.estimates import Interval, NotEstimable
from app.stats.intervals import proportion
from app.stats.paper import mean_sd

NONE = NotEstimable("because")


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (0.0, "<.001"),
        (0.000499, "<.001"),
        (0.0005, ".001"),
        (0.0182, ".018"),
        (0.0175, ".018"),
        (0.05, ".050"),
        (0.9994, ".999"),
        (0.9995, ">.999"),
        (1.0, ">.999"),
        (NONE, "n/a"),
    ],
)
def test_p(p, printed):
    assert printing.p_value(p) == printed


def test_per_cent_is_whole_up_to_a_hundred_and_has_a_decimal_above():
    assert printing.percent(29 / 100, 100) == "29 %"
    assert printing.percent(29 / 101, 101) == "28.7 %"
    assert printing.percent(0.0, 20) == "0 %"
    assert printing.percent(1.0, 350) == "100.0 %"
    assert printing.percent(NONE, 20) == "n/a"


@given(st.integers(1, 100).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_halves_round_up_whatever_the_machine_makes_of_the_fraction(counts):
    k, n = counts
    assert printing.percent(k / n, n) == f"{(200 * k + n) // (2 * n)} %"


def test_sums_in_binary_do_not_move_a_half():
    assert printing.percent(0.1 + 0.2 + 0.275, 20) == "58 %"  # 0.5750000000000001
    assert printing.percent(23 / 40, 40) == "58 %"  # 57.49999999999999 when multiplied by 100
    assert printing.fixed(2.675, 2) == "2.68"


def test_fixed_keeps_its_decimals_and_a_true_minus():
    assert printing.fixed(3.0, 2) == "3.00"
    assert printing.fixed(-0.456, 2) == "−0.46"
    assert printing.fixed(-0.001, 2) == "0.00"
    assert printing.fixed(1e-9, 2) == "0.00"
    assert printing.fixed(NONE, 2) == "n/a"


def test_numbers_of_any_size_can_be_printed():
    assert printing.fixed(123456789012345.0, 1) == "123456789012000.0"  # twelve digits are meant
    assert printing.fixed(1e300, 2) == "1.000e+300"
    assert printing.fixed(-1.5e20, 1) == "−1.500e+20"


def test_counts_stand_beside_percentages():
    assert printing.counted(proportion(9, 20, "")) == "45 % (9/20)"
    assert printing.counted(NONE) == "n/a"
    assert printing.share(12, 40) == "12 (30 %)"
    assert printing.share(0, 0) == "0"


def test_intervals():
    assert printing.interval(Interval(0.2563, 0.6582, "Wilson"), 20) == "26–66 %"
    assert printing.interval(Interval(0.0, 0.1611, "Wilson"), 120) == "0.0–16.1 %"
    assert printing.interval(NONE, 20) == "n/a"


def test_mean_and_sd():
    assert printing.mean_sd(mean_sd([2, 3, 3, 8])) == "4.00 ± 2.71"
    assert printing.mean_sd(mean_sd([2])) == "2.00"
    assert printing.mean_sd(mean_sd([])) == "n/a"
    assert printing.mean_sd_percent(mean_sd([0.4, 0.5])) == "45 ± 7 %"
    assert printing.mean_sd_percent(mean_sd([0.4])) == "40 %"
    assert printing.mean_sd_percent(mean_sd([])) == "n/a"


def test_the_reason_is_said_where_there_is_one():
    assert printing.reason(NONE) == "because"
    assert printing.reason(0.0) == ""
