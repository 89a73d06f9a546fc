"""A run's own measures over kimg (FID and others), out of metric-*.jsonl or out of snapshots' names."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import InvalidError
from app.runs import lines

MOST = 5000  # scores of one metric

FID = "fid50k_full"
FROM_NAMES = "FID of the file names"
_SNAPSHOT = re.compile(r"network-snapshot-(?P<kimg>\d{1,9})\.(?:pkl|pt|pth|safetensors)")
_PUBLISHED = re.compile(
    r"stylegan\d?-(?P<augment>[A-Za-z0-9+]{1,20})-(?P<kimg>\d{1,9})-(?P<fid>\d{1,6}(?:\.\d{1,6})?)\.(?:pkl|pt|pth|safetensors)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Score:
    """A measure of the snapshot after so many thousand images; lower is better."""

    kimg: float
    value: float
    snapshot: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file of weights; `fid` where its name tells it."""

    name: str
    kimg: float
    fid: float | None = None


def snapshot(name: str) -> Snapshot | None:
    """What a file's name tells: `network-snapshot-000200.pkl`, or `stylegan-ADA-25000-5.06.pkl`; None for any other."""
    plain = _SNAPSHOT.fullmatch(name)
    if plain:
        return Snapshot(name, float(plain["kimg"]))
    published = _PUBLISHED.fullmatch(name)
    return Snapshot(name, float(published["kimg"]), float(published["fid"])) if published else None


def read(text: str | Iterable[str], metric: str) -> list[Score]:
    """The scores of one metric in rising order of kimg; of a snapshot that was measured twice the later counts.

    Raises InvalidError for more than any run has. Values that are no number, or not finite, are no scores; snapshots whose names tell no kimg cannot be placed.
    """
    found: dict[float, Score] = {}
    for entry in lines.objects(text):
        score = _score(entry, metric)
        if score is not None:
            found[score.kimg] = score
        if len(found) > MOST:
            raise InvalidError(f"metric-{metric}.jsonl holds more than {MOST} measures, which is no run's.")
    return [found[kimg] for kimg in sorted(found)]


def kind(metric: str) -> str:
    """What a metric measures: published weights carry the FID of all images in their names."""
    return FID if metric == FROM_NAMES else metric


def from_names(snapshots: Iterable[Snapshot]) -> list[Score]:
    """The scores that snapshots' own names tell."""
    told = [Score(one.kimg, one.fid, one.name) for one in snapshots if one.fid is not None]
    return sorted(told, key=lambda score: score.kimg)


def best(scores: Sequence[Score], budget: float = math.inf) -> Score | None:
    """The lowest score within a budget of kimg, of equal ones the earliest; None where there is none."""
    within = [score for score in scores if score.kimg <= budget]
    return min(within, key=lambda score: (score.value, score.kimg), default=None)


def improvement(score: float, baseline: float) -> float | None:
    """By which part of the baseline's value a score is lower: .63 for 10 instead of 27; None for a baseline of 0."""
    return (baseline - score) / baseline if baseline > 0 else None


def _score(entry: dict[str, Any], metric: str) -> Score | None:
    results = entry.get("results")
    value = lines.number(results.get(metric)) if isinstance(results, dict) else None
    name = entry.get("snapshot_pkl")
    placed = snapshot(re.split(r"[\\/]", name)[-1]) if isinstance(name, str) else None
    if value is None or not math.isfinite(value) or value < 0 or placed is None:
        return None
    return Score(placed.kimg, value, placed.name)
