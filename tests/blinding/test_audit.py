import numpy as np
import pytest

from app.blinding.audit import audit
from tests.blinding import material


def test_it_works():
    rng = np.random.default_rng(1)
    synthetic = material.half(rng, 80)
    images = material.planted(material.heads(rng, 80), synthetic, material.border, rng)
    found = audit(images, synthetic, rng, permutations=500)
    assert found.alarms
    assert "border" in [finding.cue for finding in found.findings]
    assert (found.n_real, found.n_synthetic) == (40, 40)


@pytest.mark.parametrize("truth", [[True] * 5, [False] * 5, [True, True, False, False], [True] * 4 + [False]])
def test_both_kinds_are_needed(truth):
    with pytest.raises(ValueError, match=r"expected|needed"):
        audit(np.zeros((5, 32, 32), np.uint8), np.array(truth), np.random.default_rng(1))
