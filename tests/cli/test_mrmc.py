"""`blindread mrmc`: scores of readers in, AUCs and differences out, or one sentence and exit code 2."""

import json
import subprocess
import sys

import numpy as np
import pytest

from app import cli
from app.stats.mrmc import one_shot

HEADER = "reader,case,modality,truth,score\n"


def study(readers=3, cases=8, modalities=("A", "B"), seed=1):
    random = np.random.default_rng(seed)
    base = random.normal(size=cases)
    return [
        f"r{r},c{c},{m},{'real' if c % 2 else 'synthetic'},{round(base[c] + random.normal() + c % 2, 2)}\n"
        for m in modalities
        for r in range(readers)
        for c in range(cases)
    ]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `blindread mrmc` on this text: exit code, stdout, stderr."""

    def run_mrmc(text, *options):
        file = tmp_path / "scores.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setattr(sys, "argv", ["blindread", "mrmc", str(file), *options])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run_mrmc


def test_it_works(run):
    lines = study()
    code, said, complaint = run(HEADER + "".join(lines), "--json")
    assert (code, complaint) == (0, "")
    found = json.loads(said)
    assert list(found) == ["modalities", "pairs"]
    assert list(found["modalities"][0]) == ["modality", "auc", "var", "df", "p", "ci_low", "ci_high"]
    assert list(found["pairs"][0]) == ["a", "b", "difference", "var", "df", "p", "ci_low", "ci_high"]
    scores = np.array([float(line.rpartition(",")[2]) for line in lines]).reshape(2, 3, 8)
    expected = one_shot(scores[..., ::2], scores[..., 1::2])
    for told, one in zip(found["modalities"], expected.modalities, strict=True):
        assert (told["auc"], told["var"], told["df"], told["p"]) == (
            one.estimate,
            one.variance,
            one.df,
            one.p,
        )
        assert (told["ci_low"], told["ci_high"]) == (one.interval.low, one.interval.high)
    (pair,) = found["pairs"]
    assert (pair["a"], pair["b"]) == ("A", "B")
    assert pair["difference"] == found["modalities"][0]["auc"] - found["modalities"][1]["auc"]
    assert pair["var"] == expected.pairs[0, 1].variance


def test_the_order_of_rows_and_columns_does_not_matter(run):
    lines = study(modalities=("B", "A"))
    there = run(HEADER + "".join(lines), "--json")
    back = [line.strip().split(",")[::-1] for line in reversed(lines)]
    text = "score;Truth;modality;note;case;reader\n" + "".join(
        ";".join([s.replace(".", ","), t.upper(), f" {m} ", "", c, r]) + "\n" for s, t, m, c, r in back
    )
    code, said, _ = run(text + ";;\n\n", "--json")
    assert code == 0
    for one, other in zip(*(json.loads(each)["modalities"] for each in (there[1], said)), strict=True):
        assert one["modality"] == other["modality"]
        assert one["var"] == pytest.approx(other["var"])


def test_the_text_has_both_tables_and_the_test_of_complete_studies(run):
    code, said, _ = run(HEADER + "".join(study()))
    assert code == 0
    assert "Readers: 3. Cases: 4 real, 4 synthetic. Scores: 48 of 48." in said
    assert "A − B" in said
    assert "missing" not in said
    assert "Obuchowski–Rockette, jackknife: F = " in said
    code, said, _ = run(HEADER + "".join(study()[:-1]))
    assert code == 0
    assert "Scores: 47 of 48." in said
    assert "Scores are missing: as published, the intervals are then too short" in said
    assert "as published" not in run(HEADER + "".join(study()[:-1]), "--centred")[1]
    assert "Obuchowski" not in said


def test_one_modality_has_no_pair(run):
    text = HEADER + "".join(study(modalities=("A",)))
    assert json.loads(run(text, "--json")[1])["pairs"] == []
    assert "Difference" not in run(text)[1]


def test_one_reader_speaks_for_himself_only(run):
    text = HEADER + "".join(study(readers=1))
    code, said, _ = run(text)
    assert code == 0
    assert "A: no interval, it takes two readers." in said
    assert "(DeLong, this reader only)." in said
    (one, _) = json.loads(run(text, "--json")[1])["modalities"]
    assert one["auc"] > 0
    assert {one[name] for name in ("var", "df", "p", "ci_low", "ci_high")} == {None}
    few = "".join(line for line in study(readers=1) if ",c0," in line or ",c1," in line)
    assert "DeLong" not in run(HEADER + few)[1]


def test_perfect_readers_and_v_statistics_are_said(run):
    perfect = "".join(
        f"r{r},c{c},A,{t},{s}\n"
        for r in (1, 2)
        for c, t, s in zip("abcd", ["real"] * 2 + ["synthetic"] * 2, (1, 1, 0, 0), strict=True)
    )
    assert "A: no interval, the variance is zero." in run(HEADER + perfect)[1]
    odd = ((0, 1, 1, 0), (1, 0, 0, 1))
    contrary = "".join(
        f"r{r},c{c},A,{'synthetic' if c < 2 else 'real'},{odd[r][c]}\n" for r in (0, 1) for c in range(4)
    )
    assert "A: V-statistics, as the unbiased variance is not positive." in run(HEADER + contrary)[1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This file is empty; the first row must name the columns."),
        ("reader,case,truth,score\n", "Row 1: the column “modality” is missing; needed are reader, case, modality, truth, score."),
        ("reader,case,modality,truth,score,Score\n", "Row 1: the column “score” stands twice."),
        (HEADER, "There is no score in this file."),
        (HEADER + "r,c,A,real,1\nr,d,A,fake,1\n", "Row 3: “fake” in the column “truth” must be real or synthetic."),
        (HEADER + "r,c,A,real,1\n\nr,d,A,real,high\n", "Row 4: “high” in the column “score” must be a number."),
        (HEADER + "r,c,A,real,nan\n", "Row 2: the score must be a finite number."),
        (HEADER + "r,c,A,real,1e999\n", "Row 2: the score must be a finite number."),
        (HEADER + "r,c,A,real,\n", "Row 2: the column “score” is empty."),
        (HEADER + "r,c,A,real\n", "Row 2: the column “score” is empty."),
        (HEADER + " ,c,A,real,1\n", "Row 2: the column “reader” is empty."),
        (HEADER + "r,c,A,,1\n", "Row 2: the column “truth” is empty."),
        (HEADER + "r,c,A,real,1,5\n", "Row 2: more cells than the first row has columns."),
        (HEADER + "r,c,A,real,1\nr,c,B,synthetic,1\n", "Row 3: the case “c” has another truth in an earlier row."),
        (HEADER + "r,c,A,real,1\nr,d,A,synthetic,1\nr, c,A,real,1\n",
         "Row 4: reader “r” has a score for the case “c” in modality “A” in an earlier row."),
        (HEADER + "r,c,A,real,1\ns,c,A,real,1\n", "All cases are real; it takes both kinds."),
        (HEADER + "r,c,A,synthetic,1\n", "All cases are synthetic; it takes both kinds."),
        (HEADER + '"' + "x" * 200_000, "This is no CSV file: field larger than field limit (131072)."),
        (b"\xff\xfe\x00", "scores.csv is not a text file in UTF-8; save the spreadsheet as CSV UTF-8."),
    ],
)  # fmt: skip
def test_what_is_wrong_gets_a_sentence_with_its_row(run, text, sentence):
    assert run(text) == (2, "", sentence + "\n")


def test_a_table_that_is_nearly_all_gaps_and_too_large_is_refused(run):
    text = HEADER + "".join(f"r{n},c{n},A,{'real' if n % 2 else 'synthetic'},1\n" for n in range(6000))
    assert run(text) == (2, "", "1 modalities × 6000 readers × 6000 cases are more than 30 million cells.\n")


def test_a_file_that_is_not_there(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["blindread", "mrmc", str(tmp_path / "none.csv")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("cannot be read: No such file or directory.\n")


def test_many_rows_are_read(run):
    random = np.random.default_rng(1)
    values = random.integers(1, 101, 60_000)
    text = HEADER + "".join(
        f"r{n % 20},c{n // 20},A,{'real' if n // 20 % 2 else 'synthetic'},{value}\n"
        for n, value in enumerate(values)
    )
    code, said, _ = run(text, "--json")
    assert code == 0
    assert 0.49 < json.loads(said)["modalities"][0]["auc"] < 0.51


def test_the_command_loads_neither_drawing_nor_torch(tmp_path):
    (tmp_path / "scores.csv").write_text(HEADER + "".join(study()))
    program = (
        "import sys; from app import cli\n"
        "sys.argv = ['blindread', 'mrmc', sys.argv[1]]\n"
        "try: cli.main()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'matplotlib', 'torch', 'scipy.stats', 'fastapi', 'sqlalchemy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "scores.csv")], check=True, timeout=60)
