"""`blindread report`: any lab's spreadsheet in, every file out, or one sentence and exit code 2."""

import csv
import json
import subprocess
import sys

import pytest

from app import cli
from app.report import r_packages
from app.report.cells import cell

HEADER = "reader,model,image,truth,answer,likert,seconds\n"
# Reader A calls 3 of 4 real images real and 1 of 4 synthetic ones; B calls everything real.
STUDY = HEADER + "".join(
    f"{reader},{'' if truth == 'real' else 'ADA'},{truth[0]}{n},{truth},{answer},{likert},{n}.5\n"
    for reader, truth, answers, ratings in (
        ("A", "real", "rrrs", "5442"),
        ("A", "synthetic", "rsss", "3111"),
        ("B", "real", "rrrr", "3333"),
        ("B", "synthetic", "rrrr", "3333"),
    )
    for n, (letter, likert) in enumerate(zip(answers, ratings, strict=True))
    for answer in [{"r": "real", "s": "synthetic"}[letter]]
)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `blindread report` on this text: exit code, stdout, stderr, and the folder written to."""

    def run_report(text, *options):
        ratings, out = tmp_path / "ratings.csv", tmp_path / "out"
        ratings.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setattr(sys, "argv", ["blindread", "report", str(ratings), "--out", str(out), *options])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err, out

    return run_report


def lines(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_works(run):
    code, said, complaint, out = run(STUDY)
    assert (code, complaint) == (0, "")
    # 5 of 8 synthetic images were called real, 1 of 8 real ones synthetic
    assert "Readers called 63 % of synthetic images of ADA real" in said
    assert "Readers called 13 % of real images synthetic" in said
    assert str(out) in said
    assert {path.name for path in out.iterdir()} == {
        "figures",
        "images.csv",
        *r_packages.NAMES,
        "checklists.csv",
        "methods.md",
        "per_reader.csv",
        "report.html",
        "report.json",
        "summary.csv",
        "table2.csv",
        "tables.tex",
    }


def test_the_figures_are_those_counted_by_hand(run):
    *_, out = run(STUDY)
    a, b = lines(out / "per_reader.csv")
    assert (out / "per_reader.csv").read_text().splitlines()[0] == (
        "reader,model,n_real,n_synthetic,tp,fn,fp,tn,precision,recall,accuracy,fpr,fnr,ttest_p,likert_diff,ks_p"
    )
    assert [a[k] for k in ("reader", "model", "n_real", "n_synthetic")] == ["A", "ADA", "4", "4"]
    assert [a[k] for k in ("tp", "fn", "fp", "tn")] == ["3", "1", "1", "3"]
    assert [float(a[k]) for k in ("precision", "recall", "accuracy", "fpr", "fnr")] == [
        3 / 4,
        3 / 4,
        3 / 4,
        1 / 4,
        1 / 4,
    ]
    # t = (3/4 − 1/4) / sqrt(1/4 · 2/4) with 6 degrees of freedom; ratings 5442 and 3111
    assert float(a["ttest_p"]) == pytest.approx(0.20703125)
    assert float(a["likert_diff"]) == 2.25
    # the largest distance is 3/4; 16 of the 70 ways to share out eight places reach it
    assert float(a["ks_p"]) == pytest.approx(16 / 70)
    assert [b[k] for k in ("tp", "fn", "fp", "tn")] == ["4", "0", "4", "0"]
    assert [float(b[k]) for k in ("precision", "recall", "accuracy", "fpr", "fnr")] == [0.5, 1, 0.5, 1, 0]
    assert b["ttest_p"] == ""
    assert float(b["likert_diff"]) == 0
    assert float(b["ks_p"]) == 1


def test_summary_and_json_agree_with_the_readers(run):
    *_, out = run(STUDY)
    assert (out / "summary.csv").read_text().splitlines()[0] == (
        "model,metric,readers,mean,sd,estimate,ci_low,ci_high,method"
    )
    summary = {line["metric"]: line for line in lines(out / "summary.csv")}
    assert float(summary["fpr"]["mean"]) == float(summary["fpr"]["estimate"]) == 5 / 8
    assert float(summary["fpr"]["sd"]) == pytest.approx(((3 / 8) ** 2 * 2) ** 0.5)
    assert float(summary["accuracy"]["mean"]) == 5 / 8
    data = json.loads((out / "report.json").read_text())
    assert data["models"][0]["fpr"]["estimate"] == 5 / 8
    assert len(data["provenance"]["sha256"]) == 64


def test_a_semicolon_file_with_a_mark_and_upper_case_words_is_the_same_study(run):
    *_, out = run(STUDY)
    expected = (out / "per_reader.csv").read_bytes()
    rewritten = STUDY.replace("real", "REAL").replace("synthetic", "Synthetic").replace(".5\n", ",5\n")
    rewritten = "\n".join(
        line.replace(",", ";", 6) if number else line.replace(",", ";")
        for number, line in enumerate(rewritten.splitlines())
    )
    code, *_ = run(b"\xef\xbb\xbf" + rewritten.replace("\n", "\r\n").encode())
    assert code == 0
    assert (out / "per_reader.csv").read_bytes() == expected


def test_practice_and_repeats_are_not_analysed(run):
    *_, out = run(STUDY)
    expected = (out / "per_reader.csv").read_bytes()
    main = [line + ",main,1" for line in STUDY.splitlines()[1:]]
    extra = [
        "A,,p1,real,synthetic,1,1,practice,1",
        "A,,r0,real,synthetic,1,1,repeat,2",
        "A,ADA,s1,synthetic,real,5,1,main,2",
        "C,,p1,real,synthetic,1,1,catch,1",
    ]
    text = "\n".join([HEADER.strip() + ",kind,repeat", *extra, *main])
    assert run(text)[0] == 0
    assert (out / "per_reader.csv").read_bytes() == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This file is empty"),
        ("reader,image,truth\nA,1,real\n", "Row 1: the column “answer” is missing"),
        (STUDY + "A,,x,fake,real,3,1\n", "Row 18: “fake” in the column “truth” must be real or synthetic."),
        (
            STUDY + "A,,x,real,real,6,1\n",
            "Row 18: “6” in the column “likert” must be a whole number from 1 to 5 (a scale of more points: --points).",
        ),
        (STUDY + "A,,r0,real,real,3,1\n", "Row 18: reader “A” answered the image “r0” twice"),
        (
            STUDY + "C,,r0,synthetic,real,3,1\n",
            "Row 18: the image “r0” is synthetic here and real in an earlier row.",
        ),
        (
            STUDY + "C,GAN,r9,real,real,3,1\n",
            "Row 18: there is no synthetic image of the model “GAN”",
        ),
        (b"PK\x03\x04\x14\x00\xff\xfe", "is not a text file in UTF-8"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(run, text, said):
    code, out, complaint, folder = run(text)
    assert code == 2
    assert said in complaint
    assert len(complaint.splitlines()) == 1
    assert out == ""
    assert not folder.exists()


def test_another_scale_is_an_option(run):
    code, *_, out = run(STUDY + "A,,x,real,real,7,1\n", "--points", "7")
    assert code == 0
    assert json.loads((out / "report.json").read_text())["points"] == 7
    assert run(STUDY, "--points", "1")[0] == 2


def test_only_real_images_leave_empty_cells(run):
    code, said, _, out = run("reader,image,truth,answer\nA,1,real,real\nA,2,real,synthetic\n")
    assert code == 0
    assert "No synthetic images were answered." in said
    (line,) = lines(out / "per_reader.csv")
    assert (line["n_synthetic"], line["recall"], line["fnr"]) == ("0", "0.5", "0.5")
    assert {line[k] for k in ("fpr", "ttest_p", "likert_diff", "ks_p")} == {""}


@pytest.mark.parametrize("code", ["=1+1", "-A", "+49 1", "@A", "'=A", "''-", "'A", "-3"])
def test_a_formula_in_a_code_stays_text_and_is_read_back_as_it_was(run, code):
    """What we write is read under the same names, for readers and for models."""
    *_, out = run(STUDY.replace("\nA,", f"\n{cell(code)},").replace(",ADA,", f",{cell(code)},"))
    written = lines(out / "per_reader.csv")[0]
    assert (written["reader"], written["model"]) == (cell(code), cell(code))
    (model,) = json.loads((out / "report.json").read_text())["models"]
    assert (model["readers"][0]["reader"], model["model"]) == (code, code)


def test_a_folder_that_cannot_be_written_is_a_sentence(run, tmp_path):
    (tmp_path / "out").write_text("a file, not a folder")
    code, _, complaint, _ = run(STUDY)
    assert code == 2
    assert complaint.startswith("The report cannot be written to ")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    command = [sys.executable, "-m", "app.cli", "report", str(tmp_path / "none.csv"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("none.csv cannot be read: No such file or directory.\n")
    assert len(done.stderr.splitlines()) == 1


def _flagged(run, codes: list[str]):
    """A report of readers of these codes; returns what the command said, and its files."""
    rows = [
        f"{code},{'' if truth == 'real' else 'M'},{truth[0]}{place},{truth},{('real', 'synthetic')[(place + number) % 3 == 0]},{1 + (place + number) % 5},2"
        for number, code in enumerate(codes)
        for truth in ("real", "synthetic")
        for place in range(6)
    ]
    code, said, complaint, out = run(HEADER + "\n".join(rows))
    assert (code, complaint) == (0, "")
    kinds = {".csv", ".html", ".json", ".tex", ".md", ".svg"}
    return said, {path.name: path.read_text() for path in out.rglob("*") if path.suffix in kinds}


def test_simulated_readers_are_told_in_every_file(run):
    said, files = _flagged(run, [f"simulated-R{number}" for number in range(4)])
    assert said.startswith("The readers are simulated: programs gave these answers")
    assert len(files) > 10
    silent = {name for name, text in files.items() if "simulated" not in text.lower()}
    assert {name for name in silent if not name.startswith("rjafroc")} <= {"images.csv", "checklists.csv"}
    assert all(">Simulated readers</text>" in text for name, text in files.items() if name.endswith(".svg"))
    assert files["tables.tex"].count("\\caption{Simulated readers. ") == files["tables.tex"].count(
        "\\caption{"
    )
    summary = files["summary.csv"].splitlines()[1:]
    assert all(line.endswith(("simulated readers", 'simulated readers"')) for line in summary)
    assert '"n_simulated": 4' in files["report.json"]


def test_some_simulated_readers_are_counted(run):
    said, _ = _flagged(run, ["R1", "simulated-R2", "R3"])
    assert said.startswith("1 of 3 readers are simulated")


def test_people_are_not_called_simulated(run):
    said, files = _flagged(run, ["R1", "R2", "R3-simulated-case"])
    assert "simulated:" not in said
    assert not [name for name, text in files.items() if "simulated readers" in text.lower()]


def test_models_stand_as_people_count(run):
    rows = [
        f"R{reader},{model},{model}{place},{truth},real,3,1"
        for reader in range(3)
        for model in ("16 kimg", "4 kimg", "04 kimg", "4.5 kimg", "b", "9" * 5000, "")
        for place in range(3)
        for truth in ("synthetic" if model else "real",)
    ]
    _, _, complaint, out = run(HEADER + "\n".join(rows))
    assert complaint == ""
    found = list(dict.fromkeys(line["model"] for line in lines(out / "summary.csv")))
    told = ["04 kimg", "4 kimg", "4.5 kimg", "16 kimg", "9" * 5000, "b"]
    assert [model for model in found if model] == told
