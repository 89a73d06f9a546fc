"""A run as JSON, to be kept after its folder is gone."""

import json
from dataclasses import asdict
from math import isfinite
from typing import Any

from app.runs.directory import Run
from app.runs.metrics import Score, Snapshot
from app.runs.options import Options
from app.runs.ticks import Tick


def write(run: Run) -> bytes:
    """The same bytes for the same run; what is not finite is null."""
    ticks = [
        (tick.kimg, *map(_finite, (tick.g_loss, tick.d_loss, tick.augment_p, tick.seconds)))
        for tick in run.ticks
    ]
    told = {
        "name": run.name,
        "options": {name: _finite(value) for name, value in asdict(run.options).items()},
        "ticks": ticks,
        "scores": {name: [asdict(score) for score in scores] for name, scores in run.scores.items()},
        "snapshots": [asdict(one) for one in run.snapshots],
        "missing": run.missing,
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read(data: bytes) -> Run:
    """What `write` wrote."""
    told: dict[str, Any] = json.loads(data)
    return Run(
        told["name"],
        Options(**told["options"]),
        [Tick(*(float("nan") if value is None else value for value in one)) for one in told["ticks"]],
        {name: [Score(**one) for one in scores] for name, scores in told["scores"].items()},
        [Snapshot(**one) for one in told["snapshots"]],
        tuple(told["missing"]),
    )


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
