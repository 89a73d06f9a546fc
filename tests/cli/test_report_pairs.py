"""Reports of two-alternative trials: from a spreadsheet, through the command, to tables and sentences."""

import csv
import json
import math

import numpy as np
import pytest
from scipy import stats

from app.errors import InvalidError
from app.report import build, html, rows
from app.report import csv as written

HEADER = "reader,image,other,truth,answer,model"


def table(rng, readers=5, pairs=30, share=0.7):
    """Trials of simulated readers who are right with probability `share`; each sees the real image left half of the time."""
    lines, right = [HEADER], np.zeros((readers, pairs))
    for reader in range(readers):
        lefts = rng.permutation(np.arange(pairs) % 2 == 0)
        for pair, real_left in enumerate(lefts):
            right[reader, pair] = rng.random() < share
            images = (f"r{pair}", f"s{pair}") if real_left else (f"s{pair}", f"r{pair}")
            says = "real" if bool(real_left) == bool(right[reader, pair]) else "synthetic"
            lines.append(f"R{reader},{images[0]},{images[1]},{'real' if real_left else 'synthetic'},{says},M")
    return "\n".join(lines), right


def built(text):
    return build.build(rows.parse(text), title="Pairs", provenance={})


def test_the_command_reports_pairs(tmp_path, blindread):
    text, right = table(np.random.default_rng(1))
    (tmp_path / "pairs.csv").write_text(text)
    told = blindread("report", str(tmp_path / "pairs.csv"), "--out", str(tmp_path / "out"))
    assert (told.code, told.err) == (0, "")
    assert "found the real image" in told.out
    with (tmp_path / "out" / "per_reader.csv").open(newline="") as file:
        readers = list(csv.DictReader(file))
    assert [float(row["accuracy"]) for row in readers] == pytest.approx(right.mean(axis=1))
    assert {row["fpr"] for row in readers} == {""}
    with (tmp_path / "out" / "summary.csv").open(newline="") as file:
        summary = {row["metric"]: row for row in csv.DictReader(file)}
    assert float(summary["proportion_correct"]["estimate"]) == pytest.approx(right.mean())
    assert float(summary["d_prime"]["estimate"]) == pytest.approx(math.sqrt(2) * stats.norm.ppf(right.mean()))
    assert float(summary["proportion_correct"]["ci_low"]) < right.mean()
    page = (tmp_path / "out" / "report.html").read_text()
    assert f"found the real image in {100 * right.mean():.0f}" in page
    assert "5 readers × 30 pairs" in page
    assert "Table 3" not in page
    json.loads((tmp_path / "out" / "report.json").read_text())


def test_sides_make_no_difference_and_a_lean_is_seen():
    text, right = table(np.random.default_rng(2), readers=3, pairs=40, share=0.8)
    (compared,) = built(text).comparisons
    assert compared.pairs == 40
    assert compared.found.correct.estimate == pytest.approx(right.mean())
    always_left = [
        HEADER,
        *(f"R,{a},{b},{t},real,M" for a, b, t in [("r1", "s1", "real"), ("s2", "r2", "synthetic")] * 1),
    ]
    (leaning,) = built("\n".join(always_left)).comparisons
    assert leaning.found.readers[0].first.value == 1.0
    assert leaning.found.readers[0].correct.value == 0.5


@pytest.mark.parametrize(("share", "word"), [(1.0, "100"), (0.0, "0")])
def test_perfect_and_hopeless_readers_have_no_d_prime(share, word):
    report = built(table(np.random.default_rng(3), share=share)[0])
    page = html.page(report)
    assert f"in {word}\u00a0%" in page or f"in {word} %" in page
    assert "n/a" in page
    assert "nan" not in page.lower().replace("nanna", "")
    assert "d_prime,5,,,," in written.summary(report)


def test_one_reader_has_a_report_too():
    report = built(table(np.random.default_rng(4), readers=1)[0])
    assert "The reader found the real image" in html.page(report)
    perfect = built(table(np.random.default_rng(4), readers=1, share=1.0)[0])
    assert "no interval: one reader gave the same answer throughout" in html.page(perfect)


def test_practice_is_left_out_and_models_stand_apart():
    lines = [
        HEADER + ",kind",
        *(
            f"R{r},a{i},b{i},real,{'real' if i % 3 else 'synthetic'},{m},main"
            for m in "MN"
            for r in range(3)
            for i in range(9)
        ),
        "R1,p1,p2,real,real,M,practice",
    ]
    report = built("\n".join(lines))
    assert [each.model for each in report.comparisons] == ["M", "N"]
    assert report.left_out == {"practice": 1}
    assert "of M" in html.page(report)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["R,a,b,real,real,M", "R,c,,real,real,M"], "pairs .row 2. and others about single images"),
        (["R,a,a,real,real,M"], "Row 2: the image “a” is compared with itself"),
        (["R,a,b,real,real,M", "R,b,a,synthetic,real,M"], "Row 3: reader “R” answered this pair twice"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(lines, sentence):
    with pytest.raises(InvalidError, match=sentence):
        built("\n".join([HEADER, *lines]))
