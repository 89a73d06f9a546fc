"""`blindread experiments`: folders of runs in, Table 1 and the figures out."""

import csv
import json
import math
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from app.report import experiments
from app.runs import directory
from tests.runs.test_directory import OPTIONS, score, tick


def written(folder, scores, options=None, gaps=(), augment=0.0):
    """A run's folder with these (kimg, FID) and a loss gap at each tick of 4 kimg."""
    folder.mkdir(parents=True)
    (folder / "training_options.json").write_text(json.dumps({**OPTIONS, **(options or {})}))
    if scores:
        lines = "".join(score(kimg, value) + "\n" for kimg, value in scores)
        (folder / "metric-fid50k_full.jsonl").write_text(lines)
    ticks = [tick(4 * n, g=gap, d=0.0, p=augment * n) for n, gap in enumerate(gaps)]
    (folder / "stats.jsonl").write_text("\n".join(ticks))
    return folder


@pytest.fixture
def runs(tmp_path):
    """Three runs: without pretraining, with it, and one that falls apart."""
    rng = np.random.default_rng(1)
    calm = 0.8 + 0.1 * rng.standard_normal(100)
    wild = np.concatenate([calm[:60], np.linspace(1, 6, 40)])
    scratch = {"resume_pkl": None, "ada_target": None, "augment_kwargs": {}}
    return [
        written(tmp_path / "scratch", [(100, 60.0), (200, 40.0), (400, 27.0)], scratch, calm),
        written(tmp_path / "ffhq ADA", [(100, 30.0), (200, 10.0), (400, 12.0)], None, calm[::-1], 0.005),
        written(tmp_path / "fallen", [(100, 50.0), (200, 80.0)], scratch, wild),
    ]


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "experiments", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
    )


def test_it_works(runs, tmp_path):
    out = tmp_path / "out"
    done = command(*runs, "--out", out, "--baseline", "scratch")
    assert done.returncode == 0, done.stderr
    assert (
        "ffhq ADA: fid50k_full 10.00 at 200 kimg (network-snapshot-000200.pkl), 63 % lower than scratch."
        in done.stdout
    )
    assert "fallen: fid50k_full 50.00 at 100 kimg (network-snapshot-000100.pkl), −85 % lower" in done.stdout
    assert "diverges at" in done.stdout
    with (out / "table1.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["experiment"]: row for row in csv.DictReader(file)}
    assert float(rows["ffhq ADA"]["improvement"]) == pytest.approx(17 / 27)
    assert rows["ffhq ADA"]["pretraining"] == "ffhq-res512-mirror.pkl"
    assert (rows["scratch"]["baseline"], rows["scratch"]["improvement"]) == ("true", "")
    assert rows["scratch"]["augmentation"] == "none"
    assert rows["scratch"]["diverges_at"] == ""
    assert 240 < float(rows["fallen"]["diverges_at"]) < 400
    told = json.loads((out / "experiments.json").read_text())
    assert [one["experiment"] for one in told["experiments"]] == ["scratch", "ffhq ADA", "fallen"]
    assert (told["budget_kimg"], told["baseline"]) == (None, "scratch")
    for name in ("losses", "fid50k_full", "augmentation"):
        ET.fromstring((out / f"{name}.svg").read_text())
    assert "scratch" in (out / "losses.svg").read_text()


def test_the_best_within_a_budget_is_reported(runs):
    done = command(*runs, "--budget", "150")
    assert "ffhq ADA: fid50k_full 30.00 at 100 kimg" in done.stdout
    assert "Written" not in done.stdout
    early = experiments.compare([directory.read(run) for run in runs], budget=1)
    assert [each.best for each in early.experiments] == [None] * 3
    assert [figure.name for figure in experiments.figures(early)][1] == "fid50k_full.svg"


def test_two_runs_of_one_name_are_told_apart(runs, tmp_path):
    again = tmp_path / "elsewhere" / "scratch"
    shutil.copytree(runs[0], again)
    assert "scratch (2): fid50k_full" in command(runs[0], again).stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--baseline", "nobody"], "There is no run “nobody”; those given are scratch, ffhq ADA, fallen."),
        (["--baseline", "scratch", "--budget", "50"], "Nothing of “scratch” was measured within the budget"),
        (["--out", "/proc/nowhere"], "The tables cannot be written to"),
    ],
)
def test_what_cannot_be_done_is_said(runs, arguments, sentence):
    done = command(*runs, *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_run_s(tmp_path):
    done = command(tmp_path)
    assert (done.returncode, "is no folder of a training run" in done.stderr) == (2, True)


def test_a_run_without_measures_says_so_and_stands_in_the_table(runs, tmp_path):
    bare = written(tmp_path / "bare", [], gaps=[1.0] * 5)
    made = experiments.compare([directory.read(bare), directory.read(runs[0])], "scratch")
    assert experiments.lines(made)[0] == "bare: no snapshot was measured."
    assert experiments.lines(made)[1].startswith("  missing metric-*.jsonl")
    assert "bare & 12345 & ffhq-res512-mirror.pkl & ADA 0.6, bgc & n/a & n/a & -- & --" in experiments.tex(
        made
    )
    assert experiments.csv(made).splitlines()[1].startswith("bare,12345,,512,ffhq-res512-mirror.pkl")
    assert [figure.name for figure in experiments.figures(made)] == ["losses.svg", "fid50k_full.svg"]


def test_measures_of_different_kinds_are_never_compared(runs, tmp_path):
    other = tmp_path / "kid"
    other.mkdir()
    (other / "metric-kid50k_full.jsonl").write_text(score(100, 0.01, "kid50k_full"))
    named = tmp_path / "published"
    named.mkdir()
    (named / "stylegan-ADA-25000-5.06.pkl").write_bytes(b"")
    made = experiments.compare([directory.read(f) for f in (runs[0], other, named)], "scratch")
    assert [each.improvement for each in made.experiments] == [None, None, pytest.approx(1 - 5.06 / 27)]
    assert [figure.name for figure in experiments.figures(made)] == [
        "losses.svg",
        "fid50k_full.svg",
        "kid50k_full.svg",
    ]


def test_nothing_to_draw_draws_nothing_and_tells_a_budget(tmp_path):
    folder = written(tmp_path / "short", [], gaps=[1.0, math.nan])
    made = experiments.compare([directory.read(folder)], budget=500)
    assert experiments.figures(made) == []
    assert "within 500 kimg, by nothing measured." in experiments.tex(made).splitlines()[0]
    assert experiments.data(made)["experiments"][0]["ticks_without_losses"] == 1
    assert "NaN" not in json.dumps(experiments.data(made), allow_nan=False)


def test_many_runs_are_told_apart_by_colour_and_line(runs):
    made = experiments.compare([directory.read(runs[0])] * 14)
    drawn = experiments.figures(made)
    assert "scratch (14)" in drawn[0].svg
