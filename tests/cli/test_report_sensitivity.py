"""`blindread report` says whether the headline holds on parts of the answers."""

import json

import pytest

HEADER = "reader,model,image,truth,answer,kind,position\n"
WORD = {"r": "real", "s": "synthetic"}


@pytest.fixture
def analysed(blindread, tmp_path):
    def report(text):
        (tmp_path / "ratings.csv").write_text(HEADER + text)
        told = blindread("report", tmp_path / "ratings.csv", "--out", tmp_path / "out")
        assert told.code == 0, told.err
        found = json.loads((tmp_path / "out/report.json").read_text())["sensitivity"]
        return {each["name"]: each for each in found}, (tmp_path / "out/report.html").read_text()

    return report


def reader(name, answers, positions=True):
    """Answers to r0, s0, r1, s1, … in this order."""
    return "".join(
        f"{name},,{'rs'[n % 2]}{n // 2},{('real', 'synthetic')[n % 2]},{WORD[a]},main,{n + 1 if positions else ''}\n"
        for n, a in enumerate(answers)
    )


def test_completers_and_halves(analysed):
    found, page = analysed(reader("A", "rrrrss") + reader("B", "rsssrs") + reader("C", "rr"))
    everything, completers = found["all answered (primary)"], found["completers only"]
    assert (everything["readers"], everything["answers"]) == (3, 14)
    assert (completers["readers"], completers["answers"]) == (2, 12)
    # synthetic images: A calls 2 of 3 real, B none, C its only one
    assert everything["fpr"]["estimate"] == pytest.approx(3 / 7)
    assert completers["fpr"]["estimate"] == pytest.approx(2 / 6)
    first, second = found["first half"], found["second half"]
    # A's and B's first three answers hold one synthetic image, C's first none
    assert (first["answers"], second["answers"]) == (7, 7)
    assert (first["fpr"]["estimate"], second["fpr"]["estimate"]) == (
        pytest.approx(1 / 2),
        pytest.approx(2 / 5),
    )
    assert found["without readers who failed catch items"]["why_not"] == "there are no catch items"
    assert "n/a: there are no catch items" in page


def test_who_failed_more_than_a_third_of_the_catch_items_is_left_out(analysed):
    catches = "".join(
        f"{name},,c{n},synthetic,{answer},catch,\n"
        for name, answers in (("A", "rss"), ("B", "rrs"))
        for n, answer in enumerate(WORD[a] for a in answers)
    )
    found, page = analysed(reader("A", "rrss") + reader("B", "rrrr") + reader("C", "rsss") + catches)
    part = found["without readers who failed catch items"]
    assert (part["readers"], part["answers"]) == (2, 8)
    assert part["fpr"]["estimate"] == pytest.approx(1 / 4)
    assert "a catch item answered wrongly is failed" in page


def test_a_real_catch_item_is_passed_by_calling_it_real(analysed):
    catches = "A,,c0,real,real,catch,\nB,,c0,real,synthetic,catch,\n"
    found, _ = analysed(reader("A", "rrss") + reader("B", "rrrr") + catches)
    part = found["without readers who failed catch items"]
    assert (part["readers"], part["fpr"]["estimate"]) == (1, 0.5)


def test_where_all_failed_the_catch_items_nobody_is_left(analysed):
    found, page = analysed(
        reader("A", "rrss") + reader("B", "rrrr") + "A,,c,synthetic,real,catch,\nB,,c,synthetic,real,catch,\n"
    )
    assert found["without readers who failed catch items"]["why_not"] == "every reader failed catch items"
    assert "n/a: every reader failed catch items" in page


def test_without_positions_or_completers_it_says_so(analysed):
    found, _ = analysed(reader("A", "rr", positions=False) + "B,,x,real,real,main,\n")
    assert (
        found["first half"]["why_not"] == found["second half"]["why_not"] == "not every answer has a position"
    )
    assert found["completers only"]["why_not"] == "no reader answered every image"
