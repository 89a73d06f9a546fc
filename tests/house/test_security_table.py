"""docs/security.md: every requirement of the standard's levels 1 and 2 has a row, and every test that a row names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
LEVELS = """
1.1 22  1.2 111112222  1.3 11222222222  1.4 222  1.5 12
2.1 122  2.2 112  2.3 1222  2.4 2
3.2 11  3.3 1222  3.4 112222  3.5 11122  3.7 22
4.1 122  4.2 2  4.3 22  4.4 1222
5.1 2  5.2 112  5.3 11  5.4 222
6.1 122  6.2 111111112222  6.3 1122  6.4 1122  6.5 22222  6.6 222  6.8 2222
7.1 222  7.2 1111  7.3 22  7.4 11222  7.5 22  7.6 22
8.1 12  8.2 112  8.3 1  8.4 2
11.1 22  11.2 222  11.3 112  11.4 1222  11.5 2  11.6 2
12.1 122  12.2 11  12.3 2222
13.1 2  13.2 22222  13.3 22  13.4 12222
14.1 22  14.2 1222  14.3 122
15.1 122  15.2 122  15.3 1222222
16.1 2  16.2 22222  16.3 2222  16.4 222  16.5 222
"""
"""Sections of ASVS 5.0.0 with the levels of their requirements 1, 2, …; level 3 and chapters 9, 10 and 17 are left out."""
REQUIRED = {
    f"{section}.{place}": level
    for section, levels in re.findall(r"(\d+\.\d+) (\d+)", LEVELS)
    for place, level in enumerate(levels, start=1)
}
ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| ([123]) \| (.+?) \| (\S+) \| (.*?) ?\| (.*?) ?\|")
ROWS = [
    ROW.fullmatch(line).groups()
    for line in DOCUMENT.read_text().splitlines()
    if re.match(r"\| \d+\.\d+\.\d+ ", line)
]


@cache
def defined_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_requirement_stands_once_with_its_level():
    assert len(REQUIRED) == len(ROWS) == 210
    assert {number: level for number, level, *_ in ROWS} == REQUIRED


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_how_or_why_not(row):
    _, _, _, met, how, tests = row
    assert met in {"yes", "partly", "no", "operator", "n/a"}
    assert tests or len(how) > 3
    assert how or met == "yes"


def test_every_test_that_is_named_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT.read_text())
    assert len(named) > 100
    assert [(path, name) for path, name in named if name not in defined_in(path)] == []


def test_what_is_named_besides_exists():
    text = DOCUMENT.read_text()
    paths = re.findall(r"`((?:app|tests)/[\w/]+(?:\.py)?)`", text) + [
        f"docs/{link}" for link in re.findall(r"\]\(([\w./-]+\.md)", text)
    ]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert {*re.findall(r"\]\(#([\w-]+)\)", text)} <= anchors
