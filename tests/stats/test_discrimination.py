"""The report's AUC, balanced accuracy, equivalence with chance, sensitivity and agreement, in every file."""

import json

import numpy as np
import pytest

from app.report import html, words
from app.report.csv import summary
from app.report.json import dumps
from app.report.rows import Rating
from app.stats import agreement, mrmc, roc
from app.stats.equivalence import equivalence
from app.stats.estimates import NotEstimable
from tests.stats.reported import made, read

READERS, IMAGES = 4, 12


def drawn(apart, seed=1, likert=True, readers=READERS):
    """Ratings of real and synthetic images that are so far apart, and the same as tables (1, R, N), (1, R, M)."""
    random = np.random.default_rng(seed)
    felt = random.normal(size=(readers, 2 * IMAGES)) + random.normal(0, 0.5, 2 * IMAGES)
    felt[:, IMAGES:] += apart
    points = np.clip(np.round(felt + 3), 1, 5)
    ratings = [
        Rating(
            f"R{r}",
            "" if i >= IMAGES else "M",
            f"i{i:02}",
            "real" if i >= IMAGES else "synthetic",
            "real" if felt[r, i] > apart / 2 else "synthetic",
            int(points[r, i]) if likert else None,
        )
        for r in range(readers)
        for i in range(2 * IMAGES)
    ]
    said = (felt > apart / 2).astype(float)
    return ratings, [(each[None, :, :IMAGES], each[None, :, IMAGES:]) for each in (points, said)]


def test_it_is_the_one_shot_analysis_of_ratings_and_of_answers():
    ratings, (points, said) = drawn(1.0)
    (model,) = made(ratings).models
    found, (expected,), (accuracy,) = (
        model.discrimination,
        mrmc.one_shot(*points).modalities,
        mrmc.one_shot(*said).modalities,
    )
    assert found.likert_auc == expected
    assert found.likert_auc_logit == roc.logit(
        expected.estimate, expected.variance, expected.df, expected.method
    )
    assert found.balanced_accuracy == accuracy
    assert found.equivalence == equivalence(accuracy.estimate, accuracy.variance, accuracy.df, 0.1)
    assert model.readers[2].likert_auc == roc.delong(points[0][0, 2], points[1][0, 2])


def test_agreement_is_told_apart_by_truth():
    ratings, (points, said) = drawn(1.0)
    (model,) = made(ratings).models
    for of_truth, place in zip(model.agreement, (1, 0), strict=True):
        answers, rated = said[place][0].T, points[place][0].T
        assert of_truth.ac1.value == agreement.gwet_ac1(agreement.counts(answers))
        assert of_truth.kappa.value == agreement.fleiss_kappa(agreement.counts(answers))
        assert of_truth.alpha.value == agreement.krippendorff_alpha(agreement.counts(rated))
        assert of_truth.icc.value == pytest.approx(agreement.icc_a1(rated))
        assert of_truth.ac1.interval.low <= of_truth.ac1.value <= of_truth.ac1.interval.high
    assert [each.truth for each in model.agreement] == ["real", "synthetic"]


def test_the_summary_has_them_with_their_methods():
    ratings, _ = drawn(1.0)
    lines = {line["metric"]: line for line in read(summary(made(ratings)))}
    (model,) = made(ratings).models
    auc = lines["likert_auc"]
    assert float(auc["estimate"]) == model.discrimination.likert_auc.estimate
    assert (auc["readers"], auc["method"]) == ("4", "one-shot MRMC, logit")
    assert float(auc["mean"]) == pytest.approx(float(auc["estimate"]))
    assert lines["balanced_accuracy"]["method"] == "one-shot MRMC"
    assert lines["equivalence_p"]["method"] == "TOST of balanced accuracy within 1/2 ± 0.1"
    assert float(lines["d_prime"]["mean"]) == pytest.approx(
        np.mean([r.sensitivity.d_prime for r in model.readers])
    )
    assert "bootstrap over images" in lines["ac1_synthetic"]["method"]
    assert {"kappa_real", "alpha_real", "icc_synthetic", "criterion"} <= set(lines)


def test_the_page_and_the_data_have_them():
    ratings, _ = drawn(1.0)
    report = made(ratings)
    page = " ".join(html.page(report).split())
    assert words.chance(report.models[0]).replace("<", "&lt;") in page
    assert "<h2>Telling real from synthetic: M</h2>" in page
    assert "Krippendorff" in page
    (model,) = json.loads(dumps(report))["models"]
    assert model["discrimination"]["equivalence"]["claim"] == "better than chance"
    assert model["readers"][0]["sensitivity"]["d_prime"] > 0


def test_whether_readers_are_at_chance_is_said_as_what_the_study_supports():
    better, _ = drawn(2.0)
    sentence = words.chance(made(better).models[0])
    assert sentence.startswith("Balanced accuracy ")
    assert "margin 50 % ± 10 points, p of equivalence .998, BF01 0.00" in sentence
    assert sentence.endswith(": better than chance.")
    unclear, _ = drawn(0.0)
    assert words.chance(made(unclear).models[0]).endswith(
        ": neither equivalent to chance nor different from it."
    )


def test_one_reader_and_no_ratings_say_why():
    alone, _ = drawn(1.0, readers=1)
    report = made(alone)
    (model,) = report.models
    assert words.chance(model) == "Whether readers are at chance cannot be told: it takes two readers."
    assert model.agreement[0].ac1.value == agreement.NO_PAIR
    assert model.discrimination.likert_auc_logit == NotEstimable("it takes two readers")
    assert isinstance(model.readers[0].likert_auc.estimate, float)
    lines = {line["metric"]: line for line in read(summary(report))}
    assert lines["balanced_accuracy"]["method"] == "no interval: it takes two readers"
    silent, _ = drawn(1.0, likert=False)
    (model,) = made(silent).models
    assert model.discrimination.likert_auc.estimate == NotEstimable("no reader scored both kinds of image")
    assert model.readers[0].likert_auc.estimate == NotEstimable("only one kind of image was scored")


def test_the_same_ratings_give_the_same_intervals():
    ratings, _ = drawn(1.0)
    assert made(ratings) == made(ratings)
