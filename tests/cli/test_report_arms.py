"""`blindread report` with several models, distances of them, repeats and a margin."""

import json

import numpy as np
import pytest

HEADER = "reader,model,image,truth,answer,likert,kind,repeat\n"


def study(models, readers=4, images=8, likert=True, answer=None):
    random = np.random.default_rng(4)
    lines = []
    for r in range(readers):
        for place, model in enumerate(["", *models]):
            truth = "synthetic" if model else "real"
            for i in range(images):
                said = answer or random.choice(["real", "synthetic"], p=[p := 0.8 - 0.04 * place, 1 - p])
                points = random.integers(1, 6) if likert else ""
                lines.append(f"R{r},{model},{model or 'r'}{i},{truth},{said},{points},,\n")
    return HEADER + "".join(lines)


@pytest.fixture
def run(blindread, tmp_path):
    """Write RATINGS.csv, run the report, give back what was told and report.json (None where it failed)."""

    def report(text, *options):
        (tmp_path / "ratings.csv").write_text(text)
        told = blindread("report", tmp_path / "ratings.csv", "--out", tmp_path / "out", *options)
        data = json.loads((tmp_path / "out/report.json").read_text()) if told.code == 0 else None
        return told, data

    return report


def page(tmp_path):
    return " ".join((tmp_path / "out/report.html").read_text().split())


def test_two_models_are_compared(run, tmp_path):
    told, data = run(study(["A", "B"]))
    assert told.code == 0
    (pair,) = data["pairs"]
    rates = {model["model"]: model["averages"]["fpr"]["mean"] for model in data["models"]}
    assert pair["fpr"]["estimate"] == pytest.approx(rates["A"] - rates["B"])
    accuracy = [model["discrimination"]["balanced_accuracy"]["estimate"] for model in data["models"]]
    assert pair["balanced_accuracy"]["estimate"] == pytest.approx(accuracy[0] - accuracy[1])
    assert pair["holm"]["fpr"] == pair["fpr"]["p"]
    assert "A − B" in page(tmp_path)
    assert "A $-$ B" in (tmp_path / "out/tables.tex").read_text()


def test_sixteen_models_make_120_pairs_with_holm(run, tmp_path):
    _, data = run(study([f"m{n:02}" for n in range(16)], images=4))
    assert len(data["pairs"]) == 120
    assert "Holm over all 120 pairs" in page(tmp_path)
    ps = sorted(pair["fpr"]["p"] for pair in data["pairs"] if isinstance(pair["fpr"]["p"], float))
    least = min(p["holm"]["fpr"] for p in data["pairs"] if isinstance(p["holm"]["fpr"], float))
    assert least == pytest.approx(min(1, 120 * ps[0]))


def test_one_model_is_not_compared_and_without_likert_the_auc_is_not_there(run, tmp_path):
    _, data = run(study(["A"]))
    assert data["pairs"] == []
    assert "Models against each other" not in page(tmp_path)
    _, data = run(study(["A", "B"], likert=False))
    assert data["pairs"][0]["likert_auc"]["p"]["reason"] == "there is no Likert rating of one of them"
    assert isinstance(data["pairs"][0]["balanced_accuracy"]["p"], float)


@pytest.mark.parametrize("answer", ["real", "synthetic"])
def test_one_answer_throughout_has_differences_of_nothing(run, answer):
    _, data = run(study(["A", "B"], answer=answer))
    assert data["pairs"][0]["fpr"]["estimate"] == 0
    assert data["pairs"][0]["holm"]["fpr"]["reason"] == "the variance is zero"


def test_distances_are_correlated_each_extractor_apart(run, tmp_path):
    given = tmp_path / "distances.csv"
    given.write_text(
        "model,extractor,distance\nA,Inception,10.43\nB,Inception,7.78\nC,Inception,7.15\nD,Inception,5.06\n"
        "A,RadImageNet,1\nB,RadImageNet,2\nZ,RadImageNet,3\n\n"
    )
    told, data = run(study(list("ABCD")), "--distances", str(given))
    assert told.code == 0
    first, second = data["correlations"]
    rates = [model["averages"]["fpr"]["mean"] for model in data["models"]]
    assert [point["fpr"] for point in first["points"]] == pytest.approx(rates)
    assert first["pearson"]["r"] == pytest.approx(np.corrcoef([10.43, 7.78, 7.15, 5.06], rates)[0, 1])
    assert (first["pearson"]["k"], second["pearson"]["k"], second["not_read"]) == (4, 2, ["Z"])
    assert second["pearson"]["r"]["reason"] == "it takes three models"
    shown = page(tmp_path)
    assert "K = 4. Caution: with fewer than six models" in shown
    assert "Without ratings here, and left out: Z." in shown
    assert "RadImageNet" in (tmp_path / "out/tables.tex").read_text()


def test_distances_of_none_of_the_models(run, tmp_path):
    given = tmp_path / "distances.csv"
    given.write_text("model,extractor,distance\nZ,FID,1\n")
    _, data = run(study(["A"]), "--distances", str(given))
    assert data["correlations"][0]["pearson"]["k"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model,extractor\n", "the column “distance” is missing"),
        ("model,extractor,distance\n", "There is no distance in this file."),
        ("model,extractor,distance\nA,,1\n", "Row 2: the extractor and the distance must be given."),
        ("model,extractor,distance\nA,FID,x\n", "Row 2: “x” in the column “distance” must be a number"),
        ("model,extractor,distance\nA,FID,-1\n", "must be a number, not below 0."),
        (
            "model,extractor,distance\nA,FID,1\nA,FID,2\n",
            "Row 3: the model “A” has a distance by FID already.",
        ),
    ],
)
def test_bad_distances_get_a_sentence(run, tmp_path, text, said):
    (tmp_path / "distances.csv").write_text(text)
    told, _ = run(study(["A"]), "--distances", str(tmp_path / "distances.csv"))
    assert told.code == 2
    assert said in told.err


def test_the_margin_is_the_designs(run):
    told, data = run(study(["A"]), "--margin", "0.2")
    assert data["models"][0]["discrimination"]["equivalence"]["delta"] == 0.2
    assert "at ± 20 points." in told.out
    told, _ = run(study(["A"], readers=1))
    assert "Equivalence to guessing for A cannot be tested: it takes two readers." in told.out


def test_repeats_are_set_against_the_first_answer(run, tmp_path):
    text = HEADER + (
        "R1,,r1,real,real,5,main,\nR1,,r1,real,real,4,repeat,\n"
        "R1,,r2,real,real,5,main,1\nR1,,r2,real,synthetic,1,main,2\n"
        "R1,A,s1,synthetic,synthetic,1,,\nR1,A,s1,synthetic,synthetic,,repeat,\n"
        "R2,A,s1,synthetic,real,,,\nR2,A,s1,synthetic,real,,repeat,\nR2,,r9,real,real,,repeat,\n"
    )
    _, data = run(text)
    one, two, both = data["repeats"]
    assert (one["reader"], one["pairs"], one["same"]) == ("R1", 3, pytest.approx(2 / 3))
    # ratings 5→4 and 5→1: mean (a − b)² is 17/2, and as much if paired at random
    assert one["kappa"] == pytest.approx(0)
    assert (two["pairs"], two["same"], two["ac1"]["reason"]) == (1, 1, "all ratings are the same")
    assert two["kappa"]["reason"] == "no image was rated twice"
    assert (both["reader"], both["pairs"], both["same"]) == ("all readers", 4, 0.75)
    assert "Readers against themselves" in page(tmp_path)


@pytest.mark.parametrize("kind", ["practice", "repeat"])
def test_without_repeats_there_is_nothing_of_them(run, tmp_path, kind):
    """An image that was never analysed has no first answer to set a repeat against."""
    _, data = run(study(["A"]) + f"R0,,seen-once,real,real,3,{kind},\n")
    assert data["repeats"] == []
    assert "Readers against themselves" not in page(tmp_path)
