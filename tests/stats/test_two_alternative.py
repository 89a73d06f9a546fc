"""Two images side by side: by hand, against printed tables, at the edges, for any table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from app.stats.crossed import crossed_mean
from app.stats.estimates import Interval, NotEstimable
from app.stats.roc import delong
from app.stats.two_alternative import bias_p, d_prime, two_alternative


def flags(text):
    return np.array([c == "1" for c in text])


def table(*rows):
    return np.array([[np.nan if c == "." else float(c) for c in row] for row in rows])


def test_by_hand():
    places = np.array([flags("1100"), flags("1010")])
    found = two_alternative(places, table("1101", "1.01"))
    assert found.correct == crossed_mean(table("1110", "1.00"))
    assert found.correct.estimate == pytest.approx(4 / 7)
    assert found.first == crossed_mean(table("1101", "1.01"))
    one, two = found.readers
    assert (one.correct.k, one.correct.n, one.first.k, one.first.n) == (3, 4, 3, 4)
    assert (two.correct.k, two.correct.n, two.first.k, two.first.n) == (1, 3, 2, 3)
    assert one.d_prime == pytest.approx(0.9538726, abs=1e-6)
    assert one.bias_test == "exact binomial"
    assert one.bias_p == pytest.approx(10 / 16)  # 3 or more of 4, and 1 or fewer
    assert two.bias_test == "Fisher's exact"


@pytest.mark.parametrize(
    ("correct", "printed"),
    # Hacker & Ratcliff 1979, Perception & Psychophysics 26:168, column M = 2
    [
        (0.51, 0.04),
        (0.60, 0.36),
        (0.69, 0.70),
        (0.76, 1.00),
        (0.85, 1.47),
        (0.90, 1.81),
        (0.95, 2.33),
        (0.99, 3.29),
    ],
)
def test_d_prime_is_that_of_the_printed_table(correct, printed):
    assert round(d_prime(correct), 2) == printed


def test_d_prime_gives_back_the_share_that_two_normal_distributions_would():
    for d in (-1.0, 0.0, 0.5, 2.5):
        assert d_prime(float(stats.norm.cdf(d / 2**0.5))) == pytest.approx(d)


def test_the_share_of_right_answers_is_the_area_under_the_curve():
    """A reader who compares two impressions is right as often as the AUC says (Green's theorem)."""
    random = np.random.default_rng(4)
    synthetic, real = random.normal(0, 1, 40), random.normal(0.8, 1, 40)
    places = random.random(1600) < 0.5
    chose = np.where(places, 1.0, 0.0)
    wrong = np.repeat(synthetic, 40) > np.tile(real, 40)
    chose = np.where(wrong, 1 - chose, chose)
    found = two_alternative(places[None], chose[None])
    assert found.correct.estimate == pytest.approx(delong(synthetic, real).estimate)


def test_the_interval_of_d_prime_is_that_of_the_share():
    random = np.random.default_rng(3)
    places = random.random((6, 30)) < 0.5
    chose = np.where(random.random((6, 30)) < 0.7, places, ~places).astype(float)
    found = two_alternative(places, chose, 0.9)
    bounds = found.correct.interval
    assert found.d_prime_interval == Interval(d_prime(bounds.low), d_prime(bounds.high), bounds.method, 0.9)
    assert found.d_prime_interval.low < found.d_prime < found.d_prime_interval.high
    assert found.first.interval.level == 0.9


@pytest.mark.parametrize(
    ("said", "reason"), [("1010", "all answers are right"), ("0101", "all answers are wrong")]
)
def test_without_a_wrong_or_a_right_answer_d_prime_has_no_value(said, reason):
    found = two_alternative(np.array([flags("1010")] * 2), table(said, said))
    assert found.d_prime == found.readers[0].d_prime == NotEstimable(reason)
    assert found.d_prime_interval == NotEstimable("a bound of the proportion is 0 or 1")
    assert found.correct.estimate == float(reason.endswith("right"))


def test_one_reader_who_is_always_wrong_has_no_interval():
    found = two_alternative(np.array([flags("1010")]), table("0101"))
    assert found.d_prime_interval == NotEstimable("one reader gave the same answer throughout")


def test_nothing_answered_is_nothing_estimated():
    found = two_alternative(np.array([flags("10")]), table(".."))
    none = NotEstimable("no trial was answered")
    assert found.d_prime == found.d_prime_interval == NotEstimable("there is no answer")
    assert found.readers[0].correct == found.readers[0].first == found.readers[0].d_prime == none
    assert (found.readers[0].bias_p, found.readers[0].bias_test) == (none, "none")


def test_where_the_real_image_never_moves_bias_cannot_be_told():
    for places in ("111", "000"):
        assert bias_p(flags(places), flags("110")) == (
            NotEstimable("the real image always stood in the same place"),
            "none",
        )


def test_a_lean_is_found_where_there_is_one_and_not_where_the_reader_follows_the_truth():
    places = flags("10" * 10)
    assert bias_p(places, flags("1" * 20))[0] == pytest.approx(2 / 2**20)
    assert bias_p(places, places) == (pytest.approx(1.0), "exact binomial")
    # real image first in 16 of 20: a perfect reader chooses the first place 16 times and leans to none
    often = flags("1" * 16 + "0" * 4)
    assert bias_p(often, often) == (pytest.approx(1.0), "Fisher's exact")
    p, test = bias_p(often, flags("1" * 20))
    assert test == "Fisher's exact"
    assert p == pytest.approx(1 / 4845)  # one of C(20, 4) tables


def test_the_lean_over_readers_is_tested_over_readers_and_pairs():
    random = np.random.default_rng(2)
    places = random.random((8, 40)) < 0.5
    leaning = two_alternative(places, (random.random((8, 40)) < 0.8).astype(float))
    assert leaning.first.p_half < 0.001
    seeing = two_alternative(places, np.where(random.random((8, 40)) < 0.9, places, ~places).astype(float))
    assert seeing.first.p_half > 0.05
    assert seeing.correct.p_half < 0.001


NO_TABLES = "places and choices must be two tables of one shape, readers × trials"
NO_CHOICE = "a choice is 1 for the first place, 0 for the second, or missing"


@pytest.mark.parametrize(
    ("places", "choices", "said"),
    [
        (np.zeros((2, 3), bool), np.zeros((3, 2)), NO_TABLES),
        (np.zeros(3, bool), np.zeros(3), NO_TABLES),
        (np.zeros((1, 2), bool), np.array([[0.0, 0.5]]), NO_CHOICE),
        (np.zeros((1, 2), bool), np.array([[0.0, np.inf]]), NO_CHOICE),
    ],
)
def test_what_are_no_trials_is_refused(places, choices, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        two_alternative(places, choices)


@st.composite
def trials(draw):
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 8)))
    return draw(arrays(bool, shape)), draw(arrays(float, shape, elements=st.sampled_from([0.0, 1.0, np.nan])))


@settings(max_examples=200, deadline=None)
@given(trials())
def test_changing_the_places_over_changes_nothing_but_the_lean(trial):
    places, chose = trial
    found, mirrored = two_alternative(places, chose), two_alternative(~places, 1 - chose)
    assert mirrored.correct == found.correct
    assert (mirrored.d_prime, mirrored.d_prime_interval) == (found.d_prime, found.d_prime_interval)
    for one, other in zip(found.readers, mirrored.readers, strict=True):
        assert (one.correct, one.d_prime, one.bias_test) == (other.correct, other.d_prime, other.bias_test)
        if isinstance(one.bias_p, NotEstimable):
            assert other.bias_p == one.bias_p
            continue
        assert one.first.k + other.first.k == one.first.n
        assert other.bias_p == pytest.approx(one.bias_p)
        assert 0 <= one.bias_p <= 1 + 1e-12


@settings(max_examples=200, deadline=None)
@given(trials())
def test_choosing_the_other_image_throughout_turns_d_prime_around(trial):
    places, chose = trial
    found, opposite = two_alternative(places, chose), two_alternative(places, 1 - chose)
    if isinstance(found.d_prime, NotEstimable):
        assert isinstance(opposite.d_prime, NotEstimable)
    else:
        assert opposite.d_prime == pytest.approx(-found.d_prime, abs=1e-9)
