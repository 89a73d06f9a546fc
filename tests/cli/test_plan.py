"""`blindread plan`: what a study can show, before it opens."""

import sys

import pytest

from app import cli


@pytest.fixture
def run(monkeypatch, capsys):
    def run_plan(*options):
        monkeypatch.setattr(sys, "argv", ["blindread", "plan", *options])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run_plan


def test_it_works(run):
    code, said, complaint = run("--readers", "7", "--images", "20")
    assert (code, complaint) == (0, "")
    assert said.startswith("7 readers × 20 synthetic images, mean FPR 50 %: 95 % interval ± 17.4 points.\n")
    assert "Equivalence with chance within ± 10 points is out of reach" in said
    assert "Twice the readers: ± 12.3 points. Twice the images: ± 15.6 points." in said


def test_one_reader(run):
    code, said, _ = run("--readers", "1", "--images", "100")
    assert code == 0
    assert "no interval: it takes two readers and two images" in said
    assert "power 0.77" in said
    assert "Twice" not in said


def test_the_margin_and_the_spread_are_asked_for(run):
    said = run(
        "--readers", "7", "--images", "20", "--delta", "0.2", "--reader-sd", "0.05", "--image-sd", "0.05"
    )[1]
    assert "At best: mean FPR is equivalent to chance within ± 20 points" in said


@pytest.mark.parametrize(
    "options", [("--readers", "0", "--images", "5"), ("--readers", "2"), ("--readers", "x", "--images", "2")]
)
def test_what_is_no_design_gets_a_sentence(run, options):
    code, said, complaint = run(*options)
    assert (code, said) == (2, "")
    assert complaint.count("\n") == 1


def test_spreads_that_have_no_room(run):
    assert run("--readers", "5", "--images", "5", "--rate", "0.02") == (
        2,
        "",
        "A rate of 0.02 leaves no room for a reader SD of 0.15 and an image SD of 0.15.\n",
    )
