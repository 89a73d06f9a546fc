"""Adjusted p values: by hand, against scipy, and what they must never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.stats.multiple import benjamini_hochberg, holm

several = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == benjamini_hochberg([]) == []


@given(several)
def test_benjamini_hochberg_is_scipys(ps):
    assert benjamini_hochberg(ps) == pytest.approx(list(stats.false_discovery_control(ps)))


@given(several)
def test_holm_is_between_the_p_value_and_bonferroni_and_keeps_the_order(ps):
    found = holm(ps)
    for p, adjusted in zip(ps, found, strict=True):
        assert p <= adjusted <= min(1, p * len(ps)) + 1e-12
    in_order = [adjusted for _, adjusted in sorted(zip(ps, found, strict=True))]
    assert in_order == sorted(in_order)
    assert min(found) == pytest.approx(min(1, min(ps) * len(ps)))
