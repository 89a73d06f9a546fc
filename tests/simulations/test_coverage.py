"""A sample of `make simulate`: intervals hold what they promise, as far as few studies can tell, and a run goes on where it stopped."""

import os
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.simulations.__main__ import coverage, read, run, table
from tests.simulations.cells import CUTS, ENDPOINTS, Cell, grid, simulate, study, truth

ROUNDS = 2000 if os.environ.get("SOAK_TESTS") else 150
CELL = Cell(7, 20, 0.4, 0.4, 0.3, 1.0)


def test_the_truth_is_what_many_readers_and_images_show():
    random = np.random.default_rng(3)
    wide = replace(CELL, readers=400, images=400, reader_sd=0.6)
    x, y = study(wide, random)
    known = truth(wide)
    assert np.mean(x > 0) == pytest.approx(known["fpr"], abs=0.03)
    assert (np.mean(x <= 0) + np.mean(y > 0)) / 2 == pytest.approx(known["balanced_accuracy"], abs=0.03)
    rated_x, rated_y = np.digitize(x, CUTS), np.digitize(y, CUTS)
    aucs = [stats.mannwhitneyu(b, a).statistic / (400 * 400) for a, b in zip(rated_x, rated_y, strict=True)]
    assert np.mean(aucs) == pytest.approx(known["likert_auc"], abs=0.03)


@pytest.mark.parametrize(
    "cell", [CELL, Cell(5, 20, 0.6, 0.2, 0.5, 0.0), Cell(5, 20, 0.2, 0.6, 0.5, 0.0)], ids=lambda c: c.name
)
def test_complete_studies_are_covered(cell):
    """No coverage is so low or high that one between .93 and .97 would show it less than once in ten thousand times."""
    for held, there in simulate(cell, ROUNDS, 11).values():
        assert there == ROUNDS
        assert stats.binom.cdf(held, there, 0.93) > 1e-4
        assert stats.binom.sf(held - 1, there, 0.97) > 1e-4


@pytest.mark.parametrize(
    "cell",
    [Cell(5, 20, 0.2, 0.6, 0.3, 1.0, missing=0.2), Cell(7, 20, 0.4, 0.4, 0.3, 1.0, stopped=2)],
    ids=lambda c: c.name,
)
def test_studies_with_gaps_are_covered(cell):
    for held, there in simulate(cell, ROUNDS, 11).values():
        assert there > 0.98 * ROUNDS
        assert stats.binom.cdf(held, there, 0.93) > 1e-4
        assert stats.binom.sf(held - 1, there, 0.97) > 1e-4


def test_pooled_answers_are_not():
    """The same studies, with all answers taken as independent: what the report's interval is there for."""
    random, held = np.random.default_rng(5), 0
    cell = Cell(7, 50, 0.6, 0.4, 0.5, 0.0)
    for _ in range(200):
        said = study(cell, random)[0] > 0
        low, high = stats.binomtest(int(said.sum()), said.size).proportion_ci(method="wilson")
        held += low <= cell.fpr <= high
    assert held < 0.75 * 200


def test_a_run_goes_on_where_it_was_stopped(tmp_path):
    results = tmp_path / "results.jsonl"
    first = run(results, rounds=3, seed=1, minutes=-1)
    assert first == []
    done = run(results, rounds=3, seed=1, minutes=60)
    assert [line["name"] for line in done] == [cell.name for cell in grid()]
    before = results.read_bytes()
    again = run(results, rounds=3, seed=1, minutes=60)
    assert table(again) == table(done)
    assert results.read_bytes() == before
    assert read(results, rounds=4, seed=1) == {}
    assert done[0]["counts"] == simulate(next(grid()), 3, 1)
    rows = table(done).splitlines()
    assert len(rows) == 2 + len(done)
    assert 0 <= coverage(done[0], ENDPOINTS[0]) <= 1
