import numpy as np
import pytest

from app.blinding import sentences
from app.blinding.features import Feature
from app.blinding.ranks import Band


@pytest.mark.parametrize(
    ("value", "share", "text"),
    [
        (0.1234, True, "12.3 %"),
        (0, True, "0 %"),
        (12.345, False, "12.3"),
        (1234.5, False, "1230"),
        (-0.056, False, "−0.056"),
    ],
)
def test_numbers(value, share, text):
    assert sentences.number(value, share=share) == text


def test_a_finding_tells_both_kinds_and_how_well_it_separates_them():
    told = sentences.finding(
        Feature("x", "share of x", share=True), np.array([0.1, 0.2, 0.3]), np.zeros(3), 1.0
    )
    assert told == (
        "Share of x: 20 % on average (middle half 15 % to 25 %) in synthetic images, 0 % in all real ones. "
        "Of a synthetic and a real image, the synthetic one has the higher value in 100% of pairs (ties count half)."
    )
    assert "lower value in 75% of pairs" in sentences.finding(
        Feature("x", "x"), np.ones(2), np.zeros(2), 0.25
    )


@pytest.mark.parametrize(
    ("auc", "p", "start"),
    [
        (0.55, 0.3, "Not distinguishable at this n: "),
        (0.7, 0.05, "A classifier on all measures told the 80 images apart better than chance"),
        (0.3, 0.05, "A classifier on all measures did worse than chance"),
    ],
)
def test_the_classifiers_verdict(auc, p, start):
    told = sentences.classifier(Band(auc, p, 0.1), 80)
    assert told.startswith(start)
    assert f"AUC {auc:.2f}, p = {p:.2g}; with the truth shuffled, 95 % lie within ½ ± 0.100" in told
    assert "blind" not in told
