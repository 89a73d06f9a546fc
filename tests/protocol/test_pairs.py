"""Two-alternative trials: each image once, the real one as often left as right for every reader, by chance alone."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from app.errors import InvalidError
from app.protocol import pairs, scale, typed, wording
from app.protocol.design import Protocol
from app.protocol.order import reader_seed
from app.protocol.practice import Practice

REAL = [f"real-{number}" for number in range(10)]
SYNTHETIC = [f"synthetic-{number}" for number in range(10)]
SECRET = "7c" * 32


def sides(trials):
    """Whether the real image stands left, trial by trial."""
    return [left.startswith("real") for left in trials[::2]]


def test_each_pair_has_one_of_each_and_each_image_comes_once():
    numbered = pairs.paired(REAL, SYNTHETIC, b"seed")
    assert sorted(numbered) == sorted([*REAL, *SYNTHETIC])
    for left, right in zip(numbered[::2], numbered[1::2], strict=True):
        assert left.startswith("real") != right.startswith("real")
    assert [pairs.partner(n) for n in (1, 2, 3, 4)] == [2, 1, 4, 3]


@pytest.mark.parametrize("count", [10, 9, 1])
def test_every_reader_sees_the_real_image_as_often_left_as_right(count):
    for draw in range(20):
        numbered = pairs.paired(REAL[:count], SYNTHETIC[:count], bytes([draw]))
        for slot in range(1, 30):
            trials = pairs.trials(numbered, reader_seed(SECRET, slot))
            assert sorted(trials) == sorted(numbered)
            assert abs(2 * sum(sides(trials)) - count) == count % 2


def test_pairs_stay_together_and_sides_and_places_differ_between_readers():
    numbered = pairs.paired(REAL, SYNTHETIC, b"seed")
    together = {frozenset(pair) for pair in zip(numbered[::2], numbered[1::2], strict=True)}
    left, first = Counter(), Counter()
    readers = 4000
    for slot in range(1, readers + 1):
        trials = pairs.trials(numbered, reader_seed(SECRET, slot))
        assert {frozenset(pair) for pair in zip(trials[::2], trials[1::2], strict=True)} == together
        left.update(trials[::2])
        first[frozenset(trials[:2])] += 1
    shares = np.array([left[image] for image in REAL])
    assert stats.binomtest(int(shares.sum()), readers * len(REAL)).pvalue > 0.001
    assert np.all(np.abs(shares / readers - 0.5) < 0.05)
    assert stats.chisquare([first[pair] for pair in together]).pvalue > 0.001


def test_which_real_image_stands_beside_which_synthetic_one_is_drawn():
    partners = Counter()
    for draw in range(2000):
        numbered = pairs.paired(REAL, SYNTHETIC, draw.to_bytes(4))
        place = numbered.index("real-0")
        partners[numbered[pairs.partner(place + 1) - 1]] += 1
    assert set(partners) == set(SYNTHETIC)
    assert stats.chisquare(list(partners.values())).pvalue > 0.001


def test_unequal_numbers_make_no_pairs():
    with pytest.raises(ValueError, match="shorter"):
        pairs.paired(REAL, SYNTHETIC[1:], b"seed")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"repeats": 2}, "neither repeats"),
        ({"catch": 2}, "neither repeats"),
        ({"cues": ("texture",)}, "nor marks"),
        ({"practice": Practice(2, 1)}, "as many real as synthetic"),
        ({"practice": Practice(2, 2, 3)}, "pass mark"),
    ],
)
def test_what_pairs_cannot_have_is_refused(changes, word):
    assert Protocol(answering="pairs", practice=Practice(2, 2, 2)).at_once == 2
    with pytest.raises(InvalidError, match=word):
        Protocol(**{"answering": "pairs", **changes})


def test_a_form_left_as_it_is_speaks_of_pairs():
    form = {
        "answering": ["pairs"],
        "instructions": [wording.INSTRUCTIONS],
        "question": [wording.LIKERT_QUESTION],
        "likert_labels": list(scale.LABELS),
    }
    made = typed.protocol(form)
    assert (made.instructions, made.question) == (wording.PAIR_INSTRUCTIONS, wording.SURE_QUESTION)
    assert made.likert_labels == scale.SURE_LABELS
    assert typed.protocol({**form, "question": ["How certain?"]}).question == "How certain?"
    assert made.told(5, 10) == [wording.PAIR_INSTRUCTIONS, wording.ONE_OF_EACH]
