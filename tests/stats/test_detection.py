"""One reader's counts and metrics; "real" is the positive class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.stats.detection import Counts, Sensitivity, count, guessing_p, metrics, sensitivity
from app.stats.estimates import NotEstimable, Proportion

ANSWERS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


def counted(pairs):
    return count(np.array([t for t, _ in pairs], bool), np.array([a for _, a in pairs], bool))


def test_it_works():
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0], bool)
    said = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0], bool)
    counts = count(truth, said)
    assert counts == Counts(tp=3, fn=1, fp=2, tn=3)
    assert (counts.n_real, counts.n_synthetic, counts.n) == (4, 5, 9)
    found = metrics(counts)
    assert [(m.k, m.n) for m in (found.precision, found.recall, found.accuracy, found.fpr, found.fnr)] == [
        (3, 5),
        (3, 4),
        (6, 9),
        (2, 5),
        (1, 4),
    ]
    assert found.fpr.value == 2 / 5


@given(ANSWERS)
def test_swapping_the_labels_swaps_fpr_and_fnr(pairs):
    found, swapped = metrics(counted(pairs)), metrics(counted([(not t, not a) for t, a in pairs]))
    for one, other in (
        (found.fpr, swapped.fnr),
        (found.fnr, swapped.fpr),
        (found.accuracy, swapped.accuracy),
    ):
        if isinstance(one, NotEstimable):
            assert isinstance(other, NotEstimable)
        else:
            assert (one.k, one.n) == (other.k, other.n)


@given(ANSWERS)
def test_recall_and_fnr_add_up(pairs):
    counts = counted(pairs)
    assert counts.n == len(pairs)
    found = metrics(counts)
    if isinstance(found.recall, Proportion):
        assert found.recall.k + found.fnr.k == found.recall.n == found.fnr.n


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert counted(shuffled) == counted(pairs)


def test_what_cannot_be_computed_says_why():
    all_synthetic = metrics(Counts(tp=0, fn=3, fp=0, tn=2))
    assert all_synthetic.precision == NotEstimable("no image was called real")
    assert (all_synthetic.recall.value, all_synthetic.fpr.value, all_synthetic.fnr.value) == (0.0, 0.0, 1.0)
    only_real = metrics(Counts(tp=2, fn=1, fp=0, tn=0))
    assert only_real.fpr == NotEstimable("no synthetic image was answered")
    only_synthetic = metrics(Counts(tp=0, fn=0, fp=1, tn=1))
    assert only_synthetic.fnr == only_synthetic.recall == NotEstimable("no real image was answered")
    assert metrics(Counts(0, 0, 0, 0)).accuracy == NotEstimable("no image was answered")


def test_lists_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match=r"^truth and answers must be two lists of one length$"):
        count(np.array([True]), np.array([True, False]))
    with pytest.raises(ValueError, match=r"^truth and answers must be two lists of one length$"):
        count(np.array([[True]]), np.array([[True]]))


def test_guessing_on_a_balanced_set_is_the_exact_binomial_test():
    # 15 right of 20: 2 · P(X ≥ 15) = 2 · 21700 / 2^20
    p, test = guessing_p(Counts(tp=8, fn=2, fp=3, tn=7))
    assert test == "exact binomial"
    assert p == pytest.approx(2 * 21700 / 2**20)


def test_guessing_on_an_unbalanced_set_is_fishers_test():
    p, test = guessing_p(Counts(tp=1, fn=9, fp=11, tn=3))
    assert test == "Fisher's exact"
    assert p == pytest.approx(0.0027594561852)


def test_guessing_needs_both_kinds():
    assert guessing_p(Counts(tp=3, fn=1, fp=0, tn=0)) == (
        NotEstimable("only one kind of image was answered"),
        "none",
    )
    assert isinstance(guessing_p(Counts(tp=0, fn=0, fp=1, tn=1))[0], NotEstimable)


def test_sensitivity_is_corrected_so_that_perfect_readers_have_one():
    found = sensitivity(Counts(tp=20, fn=0, fp=0, tn=20))
    assert found.d_prime == pytest.approx(2 * stats.norm.ppf(20.5 / 21))
    assert found.criterion == pytest.approx(0)
    lean = sensitivity(Counts(tp=9, fn=1, fp=8, tn=2))
    hits, alarms = stats.norm.ppf(9.5 / 11), stats.norm.ppf(8.5 / 11)
    assert lean == Sensitivity(pytest.approx(hits - alarms), pytest.approx(-(hits + alarms) / 2))
    assert lean.criterion < 0 < lean.d_prime
    one = NotEstimable("only one kind of image was answered")
    assert sensitivity(Counts(0, 0, 1, 1)) == sensitivity(Counts(1, 1, 0, 0)) == Sensitivity(one, one)


@pytest.mark.parametrize("right", range(21))
def test_guessing_is_scipys_exact_binomial(right):
    tp = min(right, 10)
    p, _ = guessing_p(Counts(tp=tp, fn=10 - tp, fp=10 - (right - tp), tn=right - tp))
    assert p == pytest.approx(stats.binomtest(right, 20, 0.5).pvalue)
