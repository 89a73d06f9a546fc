"""A run's folder: its facts, its course, its measures and its snapshots."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import InvalidError
from app.runs import lines, metrics, options, ticks
from app.runs.metrics import FROM_NAMES, Score, Snapshot
from app.runs.options import Options
from app.runs.ticks import Tick

OPTIONS, STATS = "training_options.json", "stats.jsonl"
MOST_FILES = 20_000
MOST_METRICS = 20
_METRIC = re.compile(r"metric-([a-z0-9_]{1,40})\.jsonl")


@dataclass(frozen=True, slots=True)
class Run:
    """What stands in a run's folder; `missing` names what does not, in words.

    `scores` are by metric: fid50k_full and the like as the run measured them, FROM_NAMES as its snapshots are named.
    """

    name: str
    options: Options
    ticks: Sequence[Tick]
    scores: Mapping[str, Sequence[Score]]
    snapshots: Sequence[Snapshot]
    missing: tuple[str, ...]

    @property
    def metric(self) -> str:
        """The measure by which its snapshots are chosen: the FID of all images where it was measured; empty for none."""
        first = (metrics.FID, "fid50k", FROM_NAMES)
        return next((name for name in (*first, *sorted(self.scores)) if self.scores.get(name)), "")


def belongs(name: str) -> bool:
    """Whether a file of this name tells about a run: its options, statistics and measures, and its snapshots."""
    return is_text(name) or metrics.snapshot(name) is not None


def is_text(name: str) -> bool:
    """Whether it is one of a run's own texts."""
    return name in {OPTIONS, STATS} or _METRIC.fullmatch(name) is not None


def read(folder: Path) -> Run:
    """Raises InvalidError where the folder is no run's: it holds neither statistics nor measures nor snapshots."""
    names = _names(folder)
    found, missing = Options(), []
    if OPTIONS in names:
        found = options.read(lines.read(folder / OPTIONS))
    else:
        missing.append(f"{OPTIONS}: what it was trained with is not known")
    course = ticks.read(lines.each(folder / STATS)) if STATS in names else []
    if not course:
        missing.append(f"{STATS}: no losses, no augmentation, no times")
    snapshots = sorted(filter(None, map(metrics.snapshot, names)), key=lambda one: (one.kimg, one.name))
    scores = _scores(folder, names, snapshots)
    if not scores:
        missing.append("metric-*.jsonl: no snapshot was measured")
    if not (course or scores or snapshots):
        raise InvalidError(
            f"{folder.name} is no folder of a training run: there is no {STATS}, no metric-*.jsonl and no snapshot in it."
        )
    return Run(folder.resolve().name, found, course, scores, snapshots, tuple(missing))


def _scores(folder: Path, names: Sequence[str], snapshots: Sequence[Snapshot]) -> dict[str, list[Score]]:
    measured = {}
    for name in names:
        metric = _METRIC.fullmatch(name)
        if metric and (read := metrics.read(lines.each(folder / name), metric[1])):
            measured[metric[1]] = read
        if len(measured) > MOST_METRICS:
            raise InvalidError(
                f"There are measures of more than {MOST_METRICS} metrics, which is no run's folder."
            )
    if named := metrics.from_names(snapshots):
        measured[FROM_NAMES] = named
    return measured


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InvalidError(f"There is no folder {folder}.")
    names = []
    for path in folder.iterdir():
        if path.is_file() and not path.is_symlink():
            names.append(path.name)
        if len(names) > MOST_FILES:
            raise InvalidError(f"{folder.name} holds more files than any run's folder.")
    return sorted(names)
