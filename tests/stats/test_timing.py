"""Time: medians and quartiles by truth, and what changes along each reader's own order."""

import numpy as np
import pytest

from app.report import html
from app.report.build import build
from app.report.csv import summary
from app.report.rows import Rating
from app.stats.spread import group_medians, quartiles


def made(ratings):
    return build(ratings, title="A study", provenance={})


def way(reader, seconds, wrong="", model="", start=1):
    """A reader's synthetic images in order, wrong about those with an x."""
    return [
        Rating(
            reader,
            model,
            f"s{(n + start) % len(seconds)}",
            "synthetic",
            "real" if n < len(wrong) and wrong[n] == "x" else "synthetic",
            seconds=took,
            position=10 * n + start,
        )
        for n, took in enumerate(seconds)
    ]


def test_quartiles():
    found = quartiles(np.array([4.0, np.nan, 1, 3, 2, 10]))
    assert (found.n, found.q1, found.median, found.q3) == (5, 2, 3, 4)


def test_medians_of_groups_are_those_of_numpy():
    random = np.random.default_rng(0)
    values, groups = random.normal(size=200), random.integers(9, size=200)
    values[random.random(200) < 0.2] = np.nan
    groups[groups == 4] = 5
    expected = [np.nanmedian(values[groups == g]) for g in np.unique(groups)]
    assert group_medians(values, groups) == pytest.approx(expected)


def test_time_stands_by_model_and_truth():
    ratings = way("A", [1.0, 3, 5], model="M") + way("B", [7.0, 9, 11], model="M")
    ratings += [Rating("A", "", "r0", "real", "real", seconds=2.0), Rating("B", "", "r0", "real", "real")]
    report = made(ratings)
    real, synthetic = report.timing.by_truth
    assert (real.model, real.truth, real.over_answers.n, real.over_answers.median) == ("", "real", 1, 2)
    assert (synthetic.model, synthetic.truth) == ("M", "synthetic")
    assert (synthetic.over_answers.n, synthetic.over_answers.median, synthetic.over_answers.q1) == (6, 6, 3.5)
    assert (synthetic.over_readers.n, synthetic.over_readers.median) == (2, 6)
    page = " ".join(html.page(report).split())
    assert "6.0 (3.5–8.5)" in page
    assert 'M,seconds_synthetic,2,,,6.0,,,"median of 6 answers, quartiles 3.5 and 8.5"' in summary(report)


def test_without_times_there_is_no_table_of_them():
    page = html.page(made([Rating("A", "", "s", "synthetic", "real")]))
    assert "<h2>Time</h2>" not in page
    assert "n/a: not every answer has a position." in page


def test_fifths_are_of_each_readers_own_order():
    ratings = way("A", range(10, 0, -1), "xx") + way("B", range(20, 0, -2), "xxx", start=3)
    fifths = made(ratings[::-1]).timing.fifths
    assert [(each.number, each.answers) for each in fifths] == [(n, 4) for n in range(1, 6)]
    assert [each.fpr.estimate for each in fifths] == [1, 0.25, 0, 0, 0]
    assert [each.seconds.median for each in fifths] == [14, 11, 8, 5, 2]
    assert "Fifths of each reader's own order" in html.page(made(ratings))


def test_a_reader_of_few_images_has_no_fifths():
    few = way("C", [1.0, 1, 1])
    report = made(few)
    assert (report.timing.fifths, report.timing.why_no_fifths) == ((), "no reader answered 5 images")
    assert [each.answers for each in made(few + way("A", [1.0] * 5)).timing.fifths] == [1] * 5
