import dataclasses
import json
import os
from functools import lru_cache

import numpy as np
import pytest

from app.blinding import cues
from app.blinding.audit import audit, judge
from tests.blinding import material

SOAK = bool(os.environ.get("SOAK_TESTS"))
RUNS = 50 if SOAK else 1
SHUFFLES = 200 if SOAK else 20
PERMUTATIONS = 2000 if SOAK else 400
NAMED = {**material.PLANTS, "noise floor": material.soft, "fixed pattern": material.fixed}


@lru_cache(maxsize=128)
def stock(maker, seed, n=200):
    """Real images of one kind, made once."""
    return maker(np.random.default_rng(seed), n)


def audited(plant, maker=material.heads, seed=1, n=200, permutations=PERMUTATIONS):
    rng = np.random.default_rng(seed)
    synthetic = material.half(rng, n)
    images = material.planted(stock(maker, seed, n), synthetic, plant, rng)
    return audit(images, synthetic, rng, permutations), images, synthetic


def named(found):
    return [finding.cue for finding in found.findings]


def the(found, cue):
    return next(finding for finding in found.findings if finding.cue == cue)


def test_it_works():
    found, _, synthetic = audited(material.border)
    assert found.alarms
    assert found.p_family == pytest.approx(1 / (PERMUTATIONS + 1))
    assert (found.n_real, found.n_synthetic) == (100, 100)
    finding = the(found, "border")
    assert finding.title == "Outermost pixels"
    assert finding.sentence.startswith(
        "Spread of values along the outermost frame (standard deviation): 0 in all synthetic images, "
    )
    assert finding.effect == 0
    assert finding.p <= 0.05
    assert finding.mend == "border mask"
    assert synthetic[list(finding.images)].tolist() == [True] * 4 + [False] * 4
    assert found.classifier.auc > 0.95
    assert "told the 200 images apart better than chance" in found.classifier.sentence


@pytest.mark.timeout(3600 if SOAK else 300)
@pytest.mark.parametrize("maker", [material.heads, material.textures])
@pytest.mark.parametrize("cue", NAMED)
def test_a_planted_cue_is_found_and_named(cue, maker):
    hits = [cue in named(audited(NAMED[cue], maker, seed)[0]) for seed in range(RUNS)]
    assert sum(hits) >= 0.95 * RUNS


@pytest.mark.timeout(3600 if SOAK else 300)
def test_one_audit_in_twenty_alarms_where_there_is_nothing_to_find():
    alarms = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        measured = cues.measure(stock(material.heads if seed % 2 else material.textures, seed))
        for _ in range(SHUFFLES):
            found = judge(measured, material.half(rng, 200), rng, PERMUTATIONS)
            alarms.append(found.alarms)
            assert found.alarms or not found.findings
    least, most = (30, 70) if SOAK else (1, 12)  # 5 ± 2 %; of 100, 99 % of binomial counts
    assert least <= sum(alarms) <= most


def test_nothing_found_is_not_said_to_be_blind():
    images = stock(material.heads, 3)
    rng = np.random.default_rng(3)
    found = audit(images, material.half(rng, 200), rng, PERMUTATIONS)
    assert not found.alarms
    assert found.findings == ()
    assert found.classifier.p > 0.05
    assert found.classifier.sentence.startswith("Not distinguishable at this n: ")
    assert abs(found.classifier.auc - 0.5) < found.classifier.null_band
    assert "blind" not in repr(dataclasses.asdict(found))


def test_swapping_the_kinds_turns_the_effects_round():
    _, images, synthetic = audited(material.dim)
    one, other = (audit(images, truth, np.random.default_rng(5), 300) for truth in (synthetic, ~synthetic))
    assert sorted(named(one)) == sorted(named(other))
    for finding in one.findings:
        assert the(other, finding.cue).effect == pytest.approx(1 - finding.effect)
    assert the(one, "brightness").sentence.count("the synthetic one has the lower value") == 1
    assert the(other, "brightness").sentence.count("the synthetic one has the higher value") == 1


def test_the_same_generator_gives_the_same_audit_and_json():
    first, second = (audited(material.padded, n=60, permutations=200)[0] for _ in range(2))
    assert first == second
    assert json.loads(json.dumps(dataclasses.asdict(first)))["findings"][0]["cue"] == "padding"


@pytest.mark.parametrize(
    ("plant", "cue", "kind", "lengths"),
    [
        (material.levels, "grey levels", "histogram", (256, 256, 256)),
        (material.checkerboard, "spectrum", "spectrum", (32, 32, 32)),
        (material.corner, "corner", "corner", (16, 256, 256)),
        (material.repeated, "exact duplicate", "values", (0, 100, 100)),
    ],
)
def test_each_finding_has_the_numbers_of_its_figure(plant, cue, kind, lengths):
    found, _, _ = audited(plant)
    picture = the(found, cue).picture
    assert picture.kind == kind
    assert (len(picture.axis), len(picture.real), len(picture.synthetic)) == lengths
    assert picture.real != picture.synthetic


def test_the_images_shown_are_those_that_show_it():
    found, images, synthetic = audited(material.repeated)
    shown = the(found, "exact duplicate").images
    assert all((images == images[number]).all(axis=(1, 2)).sum() == 2 for number in shown[:4])
    assert not synthetic[list(shown[4:])].any()


def test_the_strongest_cues_are_told_with_their_shares():
    found, _, _ = audited(material.comb)
    (first, share), *others = found.classifier.weights
    assert first == "histogram comb"
    assert len(others) == 2
    assert 1 > share > max(part for _, part in others) > 0


def test_a_trace_of_colour_is_found():
    rng = np.random.default_rng(6)
    images = np.repeat(stock(material.heads, 6, 60)[..., None], 3, axis=3)
    synthetic = material.half(rng, 60)
    images[synthetic] = (images[synthetic] + rng.normal(0, 0.4, images[synthetic].shape)).round().clip(0, 255)
    found = audit(images, synthetic, rng, 300)
    assert "colour" in named(found)
    assert the(found, "colour").effect == 1


def test_copies_in_both_kinds_make_a_classifier_do_worse_than_chance_and_it_says_so():
    measured = cues.measure(np.repeat(stock(material.heads, 7, 40), 2, axis=0))
    found = judge(measured, np.arange(80) % 2 == 0, np.random.default_rng(7), 200)
    assert found.classifier.auc < 0.5 - found.classifier.null_band
    assert "worse than chance" in found.classifier.sentence
    assert {(pair.kinds, pair.exact) for pair in found.duplicates} == {("both", True)}
    assert "exact duplicate" not in named(found)


@pytest.mark.parametrize("truth", [[True] * 5, [False] * 5, [True, True, False, False], [True] * 4 + [False]])
def test_both_kinds_are_needed(truth):
    with pytest.raises(ValueError, match=r"expected|needed"):
        audit(np.zeros((5, 32, 32), np.uint8), np.array(truth), np.random.default_rng(1))


def test_images_of_one_shade_are_no_difficulty():
    images = np.zeros((8, 32, 32), np.uint8)
    found = audit(images, np.arange(8) < 4, np.random.default_rng(1), 100)
    assert not found.alarms
    assert found.p_family == 1
    assert len(found.duplicates) == 7
