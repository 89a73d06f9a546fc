"""The files of `blindread report` for R's packages hold the numbers of the report: read back, they give its figures again."""

import csv
import io
import json
from pathlib import Path

import pytest

from app.report import r_packages
from app.report.answers import Answers
from app.report.rows import Rating
from tests.cli.test_report_arms import study

VANDYKE = Path(__file__).parents[2] / ".." / "shared" / "reference" / "vandyke.csv"


@pytest.fixture
def report(blindread, tmp_path):
    """Write RATINGS.csv, run the report, give back report.json and the folder."""

    def run(text):
        (tmp_path / "ratings.csv").write_text(text)
        assert blindread("report", tmp_path / "ratings.csv", "--out", tmp_path / "out").code == 0
        return json.loads((tmp_path / "out/report.json").read_text()), tmp_path / "out"

    return run


@pytest.fixture
def mrmc(blindread, tmp_path):
    """What `blindread mrmc` says of rows that stand as reader, case, modality, truth (1 real), score."""

    def run(rows, *options):
        words = {"0": "synthetic", "1": "real"}
        lines = [f"{r},{c},{m},{words[truth]},{score}\n" for r, c, m, truth, score in rows]
        (tmp_path / "scores.csv").write_text("reader,case,modality,truth,score\n" + "".join(lines))
        told = blindread("mrmc", tmp_path / "scores.csv", "--json", *options)
        assert told.code == 0
        return json.loads(told.out)

    return run


def lines(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def from_imrmc(path):
    rows = lines(path.read_text())
    truth = {row["caseID"]: row["score"] for row in rows if row["readerID"] == "truth"}
    answers = [row for row in rows if row["readerID"] != "truth"]
    return [
        (row["readerID"], row["caseID"], row["modalityID"], truth[row["caseID"]], row["score"])
        for row in answers
    ]


def from_mrmcaov(path, score):
    rows = lines(path.read_text())
    return [(row["reader"], row["case"], row["treatment"], row["truth"], row[score]) for row in rows]


def from_rjafroc(folder):
    """Positive cases are in TP, negative ones in FP; TRUTH must know all of them, and the key whose they are."""
    false, key, true, truth = (
        lines((folder / f"rjafroc_{name}.csv").read_text()) for name in ("fp", "key", "tp", "truth")
    )
    names = {(row["column"], row["number"]): row["name"] for row in key}
    lesion = {row["CaseID"]: row["LesionID"] for row in truth}
    found = [(row, "0", row["FP_Rating"]) for row in false] + [(row, "1", row["TP_Rating"]) for row in true]
    assert all(lesion[row["CaseID"]] == kind for row, kind, _ in found)
    assert {row["LesionID"] for row in true} <= {"1"}
    columns = ("ReaderID", "CaseID", "ModalityID")
    return [(*(names[column, row[column]] for column in columns), kind, score) for row, kind, score in found]


def same(found, data, endpoint):
    """`blindread mrmc`'s answer is the report's, to the last digits, arm by arm and pair by pair."""
    for one, model in zip(found["modalities"], data["models"], strict=True):
        expected = model["discrimination"][endpoint]
        assert one["modality"] == model["model"] or model["model"] == ""
        assert (one["auc"], one["var"]) == pytest.approx((expected["estimate"], expected["variance"]))
    for one, pair in zip(found["pairs"], data["pairs"], strict=True):
        assert (one["a"], one["b"]) == (pair["first"], pair["second"])
        expected = pair[endpoint]
        assert (one["difference"], one["var"], one["p"]) == pytest.approx(
            (expected["estimate"], expected["variance"], expected["p"])
        )


@pytest.mark.parametrize(
    "text",
    [study(["A"]), study(["A", "B"]), study(["A"]).replace(",A,", ",,")],
    ids=["one", "two", "unnamed"],
)
def test_read_back_they_give_the_report_s_numbers(report, mrmc, text):
    data, out = report(text)
    for rows in (
        from_imrmc(out / "imrmc.csv"),
        from_mrmcaov(out / "mrmcaov.csv", "rating"),
        from_rjafroc(out),
    ):
        same(mrmc(sorted(rows, key=lambda row: row[2])), data, "likert_auc")
    same(mrmc(from_imrmc(out / "imrmc_answers.csv")), data, "balanced_accuracy")
    same(mrmc(from_mrmcaov(out / "mrmcaov.csv", "answer")), data, "balanced_accuracy")


def test_gaps_are_missing_rows(report, mrmc):
    rows = study(["A", "B"]).splitlines(keepends=True)
    kept = [row for n, row in enumerate(rows) if n == 0 or n % 7]
    data, out = report("".join(kept))
    same(mrmc(from_imrmc(out / "imrmc.csv"), "--centred"), data, "likert_auc")
    truth = lines((out / "rjafroc_truth.csv").read_text())
    assert {row["ModalityID"] for row in truth if row["LesionID"] == "1"} == {"1, 2"}
    assert len({row["ReaderID"] for row in truth}) > 1
    assert [row["Paradigm"] for row in truth][:3] == ["ROC", "FCTRL", ""]


def test_without_ratings_scores_are_the_answers(report, mrmc):
    data, out = report(study(["A"], likert=False))
    assert (out / "imrmc.csv").read_bytes() == (out / "imrmc_answers.csv").read_bytes()
    same(mrmc(from_rjafroc(out)), data, "balanced_accuracy")
    assert {row["rating"] for row in lines((out / "mrmcaov.csv").read_text())} == {""}


def test_only_first_answers_to_main_images_are_in_them(report):
    _, out = report(study(["A"]))
    expected = {name: (out / name).read_bytes() for name in r_packages.NAMES}
    more = "R0,,r0,real,synthetic,1,repeat,1\nR0,,p,real,real,5,practice,\nR0,A,c,synthetic,real,5,catch,\n"
    _, out = report(study(["A"]) + more)
    assert {name: (out / name).read_bytes() for name in r_packages.NAMES} == expected


def test_names_that_could_be_mistaken():
    made = [
        Rating(reader, model, "1", truth, "real", 3)
        for reader in ("truth", "reader truth", "=1+1", 'a "b", c')
        for model, truth in (("A", "synthetic"), ("B", "synthetic"), ("", "real"))
    ]
    files = r_packages.files(Answers.of(made))
    rows = lines(files["imrmc.csv"])
    assert {row["caseID"] for row in rows} == {"A/1", "B/1", "1"}
    assert [row["score"] for row in rows if row["readerID"] == "truth"] == ["1", "0", "0"]
    readers = {"reader reader truth", "reader truth", "'=1+1", 'a "b", c'}
    assert {row["readerID"] for row in rows} == {*readers, "truth"}
    assert {row["reader"] for row in lines(files["mrmcaov.csv"])} == readers


def test_nothing_answered_leaves_the_first_rows():
    files = r_packages.files(Answers.of([]))
    assert tuple(files) == r_packages.NAMES
    assert files["imrmc.csv"] == "readerID,caseID,modalityID,score\r\n"
    assert files["rjafroc_truth.csv"] == "CaseID,LesionID,Weight,ReaderID,ModalityID,Paradigm\r\n"


@pytest.mark.skipif(not VANDYKE.is_file(), reason="the published data set is not beside this checkout")
def test_van_dyke(report, mrmc):
    """The published ratings as answers to real (diseased) and synthetic images: the published AUCs from every file."""
    words = {"0": "synthetic", "1": "real"}
    text = "reader,model,image,truth,answer,likert\n" + "".join(
        f"{row['reader']},t{row['treatment']},{row['case']},{words[row['truth']]},real,{row['rating']}\n"
        for row in lines(VANDYKE.read_text())
    )
    _, out = report(text)
    for rows in (
        from_imrmc(out / "imrmc.csv"),
        from_mrmcaov(out / "mrmcaov.csv", "rating"),
        from_rjafroc(out),
    ):
        found = mrmc(sorted(rows, key=lambda row: row[2]))["modalities"]
        assert [(one["modality"], f"{one['auc']:.6f}") for one in found] == [
            ("t1", "0.897037"),
            ("t2", "0.940837"),
        ]
