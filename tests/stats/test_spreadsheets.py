"""Tables in a spreadsheet: no text becomes a formula, and everything is read back as it was."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.report.cells import cell, plain, table
from app.report.csv import per_reader
from app.stats.estimates import NotEstimable
from tests.stats.reported import made, read, study

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize("start", STARTS)
def test_text_never_starts_a_formula(start):
    assert cell(f"{start}1+2") == f"'{start}1+2"


@pytest.mark.parametrize(
    "before", [" ", "\u00a0 ", " \t ", "'", '"', "x;", "x; ", 'x;"', "x\t", "one line\n", "x\r\n"]
)
def test_a_formula_after_blanks_or_where_a_spreadsheet_may_split_is_none(before):
    for sign in "=+-@":
        text = f"{before}{sign}1+2"
        assert cell(text) != text
        assert plain(str(cell(text))) == text


CELLS = st.lists(st.text(st.sampled_from([*"'\"=-+@;,\t\r\n 1a"]), max_size=8), min_size=1, max_size=3)


@given(st.lists(CELLS, min_size=1, max_size=2))
def test_no_way_to_split_a_table_makes_a_formula_of_a_text(lines):
    """As spreadsheets read it whose separator is another: German ones split at semicolons, whatever was quoted."""
    written = table(("reader",), (("R01", *line) for line in lines))
    for separator in ",;\t":
        for line in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
            for found in line:
                assert not re.match(r"\s*[=+@-]", found) or re.fullmatch(r"[+-]1+([.,]1+)?", found), line


@pytest.mark.parametrize("word", ["rather-real", "a - b", "2026-01-02", "x@y.org", "a=b; c=d", "it's"])
def test_what_is_no_formula_stays_as_it_was(word):
    assert cell(word) == word


@pytest.mark.parametrize("number", ["-3", "+5", "-0.5", "-0,5", "-1e-5"])
def test_a_number_that_came_as_text_stays_a_number(number):
    assert cell(number) == number


@given(st.text(st.sampled_from(["'", *STARTS, "1", "a", " "]), max_size=6) | st.text())
def test_text_is_read_back_as_it_was(text):
    assert plain(str(cell(text))) == text


def test_numbers_stay_numbers():
    assert (cell(-0.5), cell(-3), cell(0.1), cell(None)) == ("-0.5", -3, "0.1", "")
    assert cell(NotEstimable("because")) == ""
    lines = read(per_reader(made(study(readers=("=HYPERLINK(1)", "R2"), models=("@A",)))))
    assert (lines[0]["reader"], lines[0]["model"]) == ("'=HYPERLINK(1)", "'@A")
    assert float(lines[0]["likert_diff"]) == -0.5
