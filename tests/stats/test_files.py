"""The report's files: one report in every form, harmless in a spreadsheet, the same bytes each time."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from app.report import html, write
from app.report.csv import PER_READER, SUMMARY, per_reader, summary
from app.report.figures import draw
from app.report.json import dumps
from app.report.latex import escape, tables
from app.report.rows import Rating
from tests.stats.reported import made, read, study


def test_it_writes_everything(tmp_path):
    write.write(made(study()), tmp_path / "new" / "folder")
    names = sorted(str(p.relative_to(tmp_path / "new/folder")) for p in tmp_path.rglob("*") if p.is_file())
    assert names == [
        "checklists.csv",
        *(
            f"figures/{name}.svg"
            for name in ("agreement", "criterion", "fooling", "likert", "rates", "roc", "time")
        ),
        "images.csv",
        "methods.md",
        "per_reader.csv",
        "report.html",
        "report.json",
        "summary.csv",
        "table2.csv",
        "tables.tex",
    ]


def test_the_same_report_is_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write.write(made(study(models=("A", "B"))), tmp_path / name)
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_per_reader_has_its_columns_and_unrounded_fractions():
    lines = read(per_reader(made(study())))
    assert tuple(lines[0]) == PER_READER
    assert [line["reader"] for line in lines] == ["R1", "R2", "R3"]
    first = lines[0]
    assert [first[k] for k in ("n_real", "n_synthetic", "tp", "fn", "fp", "tn")] == [
        "4",
        "4",
        "3",
        "1",
        "2",
        "2",
    ]
    assert float(first["precision"]) == 3 / 5
    assert (float(first["fpr"]), float(first["fnr"])) == (0.5, 0.25)
    assert float(first["likert_diff"]) == -0.5


def test_what_does_not_exist_is_an_empty_cell():
    line = read(per_reader(made([Rating("R1", "", "1", "real", "synthetic")])))[0]
    assert (line["recall"], line["fnr"]) == ("0.0", "1.0")
    assert {line[k] for k in ("precision", "fpr", "ttest_p", "likert_diff", "ks_p")} == {""}


def test_summary_has_its_columns_and_says_each_method():
    lines = read(summary(made(study())))
    assert tuple(lines[0]) == SUMMARY
    by_metric = {line["metric"]: line for line in lines}
    assert len(by_metric) == len(lines)
    fpr = by_metric["fpr"]
    assert fpr["readers"] == "3"
    assert float(fpr["ci_low"]) < float(fpr["estimate"]) == float(fpr["mean"]) == 0.5 < float(fpr["ci_high"])
    assert fpr["method"].startswith("two-way logit t")
    assert by_metric["precision"]["estimate"] == ""
    assert by_metric["likert_real_all_ratings"]["readers"] == "3"
    assert by_metric["likert_real_all_ratings"]["method"] == "mean ± SD over 12 ratings"
    assert float(by_metric["likert_diff"]["estimate"]) == -0.5
    assert 0 < float(by_metric["ttest_p"]["estimate"]) <= 1
    assert 0 < float(by_metric["ks_p"]["estimate"]) <= 1


def test_summary_says_why_there_is_no_interval():
    lines = {line["metric"]: line for line in read(summary(made(study(readers=("R1",), real="rrrr"))))}
    assert lines["fnr"]["estimate"] == "0.0"
    assert lines["fnr"]["ci_low"] == ""
    assert lines["fnr"]["method"] == "no interval: one reader gave the same answer throughout"
    assert lines["fpr"]["method"] == "Wilson, this reader only"


def test_json_has_null_with_its_reason():
    data = json.loads(dumps(made(study(readers=("R1",)))))
    assert data["provenance"] == {"manifest_sha256": "ab12"}
    (model,) = data["models"]
    assert model["readers"][0]["counts"] == {"tp": 3, "fn": 1, "fp": 2, "tn": 2}
    assert model["readers"][0]["metrics"]["fpr"]["value"] == 0.5
    assert model["averages"]["fpr"]["sd"] == {
        "value": None,
        "reason": "one value has no standard deviation",
    }
    assert model["likert"][0]["distribution"] == {"1": 1, "2": 1, "3": 1, "4": 1, "5": 0}


def test_latex_is_escaped_and_every_row_has_its_cells():
    tex = tables(made(study(readers=("50%_of {R}$", "B&C", "[1]"), models=("~A^\\",))))
    assert tex.startswith(
        "% Needs \\usepackage{booktabs,longtable}. Analysis version 8. manifest_sha256 ab12\n"
    )
    assert r"50\%\_of \{R\}\$ & \textasciitilde{}A\textasciicircum{}\textbackslash{} & 3 & 1" in tex
    assert r"B\&C" in tex
    assert "    {[}1] & " in tex
    for tabular in re.findall(r"\\begin\{tabular\}\{(l+r+)\}(.*?)\\end\{tabular\}", tex, re.DOTALL):
        columns, body = tabular
        for line in re.findall(r"^ +(.*) \\\\$", body, re.MULTILINE):
            assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1
    assert tex.count(r"\toprule") == tex.count(r"\bottomrule") == 3


def test_a_long_table_goes_over_pages():
    tex = tables(made(study(readers=[f"R{n}" for n in range(41)])))
    assert tex.count(r"\begin{longtable}") == tex.count(r"\end{longtable}") == tex.count(r"\endhead") == 1
    assert "longtable" not in tables(made(study(readers=[f"R{n}" for n in range(40)]))).split("\n", 1)[1]


def test_a_table_without_rows_is_left_out():
    assert tables(made([])).count(r"\begin{table}") == 2


def test_letters_that_pdflatex_lacks_are_mathematics_or_said():
    assert escape("d′ κ ½ ×") == r"d$'$ $\kappa$ $\frac{1}{2}$ $\times$"
    assert "LuaLaTeX" not in tables(made(study(readers=("Müller", "“R2”", "d′"))))
    assert "use LuaLaTeX" in tables(made(study(readers=("中文", "R2", "R3")))).splitlines()[1]


def test_latex_has_its_own_signs():
    assert escape("12 ± 3 %, −0.5, 3–5, <.001") == r"12 $\pm$ 3 \%, $-$0.5, 3--5, $<$.001"


def test_the_page_is_one_file_and_escapes_what_people_typed():
    page = html.page(made(study(readers=("<script>alert(1)</script>", "R2"), models=("<b>",))))
    assert "<title>A &lt;study&gt; &amp; more</title>" in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>" not in page
    assert not re.findall(r"(?:src|href)=[\"'](?!#)", page)
    assert page.count("<svg") == 7
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_page_prints_counts_percentages_and_intervals():
    page = " ".join(html.fragment(made(study())).split())
    assert "75 % (3/4) <small>30–95 %</small>" in page
    assert "ab12" in page
    # Every synthetic image is rated 3: of that there is no agreement to tell; nor are there catch items, halves and fifths.
    assert page.count("n/a") == 2 + 4


def test_the_page_gives_the_reason_of_what_is_missing():
    page = html.page(made(study(readers=("R1",), synthetic="ssss", real="ssss")))
    assert '<abbr title="no image was called real">n/a</abbr>' in page
    assert "R1, Precision: no image was called real." in page


def test_the_fragment_has_the_tables_and_no_style():
    fragment = html.fragment(made(study()))
    assert "<table>" in fragment
    assert "style" not in fragment
    assert "<svg" not in fragment


@pytest.mark.parametrize(
    "ratings",
    [
        [],
        [Rating("R1", "", "1", "real", "real", kind="practice")],
        study(readers=("R1",)),
        study(real=""),
        study(synthetic="", models=()),
        study(real="rrrr", synthetic="ssss"),
        study(real="ssss", synthetic="rrrr"),
        study(likert=False),
        study(models=("A", "B", "C")),
        study(real="r", synthetic="s"),
    ],
    ids=[
        "none",
        "practice",
        "one",
        "no-real",
        "no-synthetic",
        "perfect",
        "all-wrong",
        "no-likert",
        "three",
        "one-image",
    ],
)
def test_every_kind_of_study_has_all_its_files(ratings, tmp_path):
    write.write(made(ratings), tmp_path)
    assert not re.search(r"\bnan\b", (tmp_path / "report.html").read_text(), re.IGNORECASE)
    json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    for line in read((tmp_path / "per_reader.csv").read_text()):
        assert None not in line.values()
        assert None not in line
    for path in tmp_path.glob("figures/*.svg"):
        ET.parse(path)


def test_a_figure_takes_the_pages_ink_and_a_file_has_a_ground():
    figure = draw(made(study()))[0]
    assert "currentColor" in figure.inline
    assert "currentColor" not in figure.file
    assert figure.inline.startswith("<svg")
    assert 'fill="#ffffff"' in figure.file
    assert figure.file.startswith("<?xml")


def test_reader_codes_are_text_and_never_mathematics():
    svg = draw(made(study(readers=("$\\frac{", "a$b$c", "<&>", "読影者", "x" * 60))))[0].svg
    text = " ".join(ET.fromstring(svg).itertext())
    for shown in ("$\\frac{", "a$b$c", "<&>", "読影者", "x" * 23 + "…"):
        assert shown in text
