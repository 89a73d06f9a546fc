"""`blindread reproduce`: what the study printed beside ours, and what cannot be computed said so."""

import subprocess
import sys

import pytest

from app.report import reproduction
from app.report.reproduction import Line


def test_it_works():
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "reproduce"],
        check=False,
        capture_output=True,
        text=True,
        env={"COLUMNS": "200", "PATH": "/usr/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert "NOT THE SAME" not in done.stdout
    assert done.stdout.count("the same") == 2
    for words in ("−.914", ".086", "FID 10.43, 7.78, 7.15, 5.06", "each reader's answers are needed"):
        assert words in done.stdout


def test_ours_are_the_printed_values():
    found = {line.what: line.computed for line in reproduction.lines()}
    assert found["Pearson's r of FID and FPR, K = 4"] == "−.914"
    assert found["its p"] == ".086"
    assert found["its 90 % interval (Fisher)"] == "−.997 to .093"
    assert found["its 95 % interval (Fisher)"] == "−.998 to .387"
    assert found["Spearman's ρ"] == "−1.000"
    assert found["its p over all 24 orders"] == ".083"


def test_nothing_is_filled_in():
    for line in reproduction.lines():
        assert line.computed or line.why
        assert line.same in {True, None}


@pytest.mark.parametrize(("ours", "same"), [(".086", True), (".087", False), ("", None)])
def test_a_difference_would_show(ours, same):
    assert Line("Table 2", "its p", ".086", ours).same is same
