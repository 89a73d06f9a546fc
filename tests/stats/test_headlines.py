"""The sentence that a report begins with: of one model, of many, with shared real images and each model's own."""

import re

import numpy as np

from app.report import headline, html, words
from app.report.rows import Rating
from app.stats.estimates import NotEstimable
from tests.stats.reported import made, study


def test_the_headline_speaks_once_of_shared_real_images():
    one = words.headlines(made(study()))
    assert len(one) == 2
    assert re.fullmatch(
        r"Readers called 50 % of synthetic images of A real "
        r"\(95 % CI \d+–\d+ %, 3 readers × 4 images; against 50 %: p >.999\)\.",
        one[0],
    )
    assert one[1].startswith("Readers called 25 % of real images synthetic (95 % CI ")
    assert [s.split(" real ")[0] for s in words.headlines(made(study(models=("A", "B"))))][:2] == [
        "Readers called 50 % of synthetic images of A",
        "Readers called 50 % of synthetic images of B",
    ]
    assert len(words.headlines(made(study(models=("A", "B"))))) == 3


def test_the_headline_tells_real_images_apart_where_they_are():
    ratings = [*study(models=("A", "B")), Rating("R1", "B", "x", "real", "synthetic")]
    sentences = words.headlines(made(ratings))
    assert len(sentences) == 4
    assert "of real images beside A synthetic" in sentences[2]
    assert "3 readers × 5 images, 13 answers" in sentences[3]


def test_the_headline_of_one_reader_and_of_nothing():
    one = words.headlines(made(study(readers=("R1",), real="rrrr")))
    assert one[0].startswith("The reader called 50 % of synthetic images of A real (95 % CI 15–85 %")
    assert one[1] == (
        "The reader called 0 % of real images synthetic "
        "(1 reader × 4 images; no interval: one reader gave the same answer throughout)."
    )
    assert words.headlines(made([])) == [
        "No synthetic images were answered.",
        "No real images were answered.",
    ]
    assert "p = ." in words.headlines(made(study(synthetic="rsss")))[0]


def test_of_many_models_the_headline_says_the_range():
    said = {"A": "ssss", "B": "rsss", "C": "rssr", "D": "rrrs", "E": "rrrr"}
    ratings = [r for r in study(models=()) if r.truth == "real"]
    for model, answers in said.items():
        ratings += [r for r in study(models=(model,), synthetic=answers) if r.truth == "synthetic"]
    report = made(ratings)
    told = headline.sentences(report)
    assert re.fullmatch(
        r"Readers called between 0 % \(A, 95 % CI [^)]+\) and 100 % \(E, 95 % CI [^)]+\) of a model's "
        r"synthetic images real: 5 models, 3 readers\.",
        told[0],
    )
    assert told[1].startswith("Readers called 25 % of real images synthetic")
    apart = sum(not isinstance(p := pair.holm["fpr"], NotEstimable) and p < 0.05 for pair in report.pairs)
    assert told[2] == f"FPR differs in {apart} of 10 pairs of models (p below .05 by Holm over all pairs)."
    assert told[3].startswith(
        "Equivalence to guessing at ± 10 points: shown for 0 of 5 models, not shown for "
    )
    page = html.page(report)
    assert page.count("<details") == 5 + 3 + 3  # and the checklists
    assert page.count("<h2>Readers: ") == 5
    assert page.count('<th scope="row">FNR</th>') == 1


def test_the_range_tells_of_real_images_that_are_each_models_own():
    ratings = study(models=("A", "B", "C", "D", "E"))
    told = headline.sentences(made([*ratings, Rating("R1", "E", "x", "real", "synthetic")]))
    assert "of a model's real images synthetic: 5 models, 3 readers." in told[1]
    named = [
        name for name, _ in headline.rates(made([*ratings, Rating("R1", "E", "x", "real", "synthetic")]))
    ]
    assert named == [f"{rate}: {model}" for model in "ABCDE" for rate in ("FPR", "FNR")]
    real = headline.sentences(made([Rating("R1", model, "x", "real", "real") for model in "ABCDE"]))
    assert real[0] == "No synthetic images were answered."
    lonely = headline.sentences(made([r for r in ratings if r.truth == "synthetic"]))
    assert lonely[1] == "No real images were answered."
    assert lonely[3].endswith("shown for 0 of 5 models, not shown for 0, cannot be tested for 5.")


def test_a_range_has_no_interval_where_a_model_has_none():
    ratings = study(readers=("R1",), models=("A", "B", "C", "D", "E"), synthetic="ssss")
    ratings.append(Rating("R1", "E", "x", "real", "synthetic"))
    told = headline.sentences(made(ratings))
    assert told[0].startswith("Readers called between 0 % (A) and 0 % (A) of a model's synthetic")


def test_models_at_chance_are_named_where_they_are_few():
    random = np.random.default_rng(1)
    ratings = [
        Rating(f"R{r}", "" if n < 150 else model, f"{n}", "real" if n < 150 else "synthetic", answer)
        for r in range(12)
        for model in ("", "A", "B", "C", "D", "E")
        for n in (range(150) if not model else range(150, 300))
        for answer in [random.choice(["real", "synthetic"])]
    ]
    assert "shown for 5 of 5 models, not shown for 0." in headline.sentences(made(ratings))[3]
    told = headline.sentences(made([r for r in ratings if r.model != "E" or r.reader < "R1"]))
    assert re.search(r"shown for 4 of 5 models \(A, B, C, D\), not shown for [01]", told[3])
