"""Gallas's one-shot analysis about the readers' mean: what is done where scores are missing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.stats.mrmc import CENTRED, U_STATISTICS, one_shot
from tests.stats.scored import by_loops, designs, studied, successes


def about_the_readers_mean(s):
    """s − m, m the mean over readers of their own AUCs."""
    own = {}
    for (r, _, _), won in s.items():
        own.setdefault(r, []).append(won)
    middle = np.mean([np.mean(won) for won in own.values()]) if own else 0.0
    return {at: won - middle for at, won in s.items()}


@settings(deadline=None, max_examples=60)
@given(designs)
def test_centred_it_is_the_definition_of_what_is_left_about_the_readers_mean(design):
    x, y = design
    found = one_shot(x, y, centred=True)
    s = [about_the_readers_mean(successes(x[v], y[v])) for v in (0, 1)]
    expected = [by_loops(*both) for both in ((s[0], s[0]), (s[1], s[1]), (s[0], s[1]))]
    cases = list(zip(found.modalities, expected[:2], strict=True))
    if None not in expected:
        cases.append((found.pairs[0, 1], expected[0] + expected[1] - 2 * expected[2]))
    for one, variance in cases:
        if (
            isinstance(one.estimate, float)
            and one.method.removesuffix(CENTRED) == U_STATISTICS
            and variance is not None
        ):
            assert one.variance == pytest.approx(variance, abs=1e-12)
    assert [one.estimate for one in found.modalities] == [one.estimate for one in one_shot(x, y).modalities]


@given(st.integers(0, 10**6))
def test_where_nothing_is_missing_centring_changes_nothing(seed):
    x, y = studied(3, 4, 5, seed=seed)
    x[0, :, 2:], x[1, :, :2] = np.nan, np.nan  # images of each modality's own are no gap
    assert one_shot(x, y, centred=True) == one_shot(x, y)


def test_centred_a_reader_of_nothing_or_of_one_kind_changes_nothing_and_one_pair_counts_as_a_reader():
    x, y = studied(4, 6, 6, seed=3)
    x[:, 3, 1:], y[:, 3, 1:] = np.nan, np.nan  # the last has one pair
    found = one_shot(x[:1], y[:1], centred=True).modalities[0]
    s = about_the_readers_mean(successes(x[0], y[0]))
    assert found.variance == pytest.approx(by_loops(s, s))
    nothing = np.full((1, 2, 6), np.nan)
    more_x, more_y = np.hstack([x[:1], nothing]), np.hstack([y[:1], nothing])
    more_y[0, 5] = 1
    again = one_shot(more_x, more_y, centred=True).modalities[0]
    assert again.variance == pytest.approx(found.variance, rel=1e-12)


def test_where_answers_are_missing_centring_is_named():
    x, y = studied(4, 6, 6, seed=3)
    x[0, 1, 2] = np.nan
    found = one_shot(x, y, centred=True)
    assert {one.method for one in (*found.modalities, found.pairs[0, 1])} == {U_STATISTICS + CENTRED}
    assert found.modalities[0].interval.method == U_STATISTICS + CENTRED


@settings(deadline=None, max_examples=40)
@given(designs)
def test_centred_swapping_labels_keeps_the_variance_also_with_gaps(design):
    """As published it does not: the labels then decide how far s is from 0."""
    x, y = design
    pairs = zip(one_shot(x, y, centred=True).modalities, one_shot(y, x, centred=True).modalities, strict=True)
    for one, back in pairs:
        if isinstance(one.variance, float):
            assert back.variance == pytest.approx(one.variance, abs=1e-12)


def test_centred_the_variance_is_unbiased_where_readers_stop():
    """And steadier: over many studies its mean is the variance of the estimates, and it varies less than as published."""
    random = np.random.default_rng(4)
    found = []
    for _ in range(400):
        reader, image = random.normal(0, 0.5, (6, 1)), random.normal(0, 0.5, (1, 60))
        both = reader + image + random.normal(size=(6, 60)) + np.repeat([0.0, 1.0], 30)
        both[3:, 10:30], both[3:, 40:] = np.nan, np.nan
        x, y = both[None, :, :30], both[None, :, 30:]
        found.append([one_shot(x, y, centred=c).modalities[0] for c in (False, True)])
    estimates = np.array([one.estimate for one, _ in found])
    published, centred = (
        np.array([both[k].variance for both in found if isinstance(both[k].variance, float)]) for k in (0, 1)
    )
    assert len(published) < len(centred) == 400
    assert centred.mean() == pytest.approx(estimates.var(ddof=1), rel=0.2)
    assert centred.std() < published.std() / 1.5
