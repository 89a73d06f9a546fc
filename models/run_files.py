"""The files of a training run's directory: state, statistics, options and grids, in the layout others' tools know."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from models.errors import TrainingRefused
from models.whole_files import FACTS, replace_file

STATE = "training-state.safetensors"
STATS = "stats.jsonl"
OPTIONS = "training_options.json"


def write_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and JSON facts as one safetensors file, replaced whole."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    replace_file(path, save(plain, {FACTS: json.dumps(facts)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_tensors` wrote; data only, nothing in such a file is ever run."""
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[FACTS])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118 - no mapping
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise TrainingRefused(f"{path.name} is not a training state that can be continued.") from error


class Statistics:
    """Means and deviations of named values since the last tick; one line of stats.jsonl each tick."""

    def __init__(self) -> None:
        self.sums: dict[str, tuple[int, float, float]] = {}

    def add(self, name: str, values: Tensor | float) -> None:
        """Count one number or every number of a tensor under a name."""
        x = torch.as_tensor(values, dtype=torch.float64).detach().flatten()
        count, total, squares = self.sums.get(name, (0, 0.0, 0.0))
        self.sums[name] = (count + len(x), total + float(x.sum()), squares + float(x.square().sum()))

    def mean(self, name: str) -> float:
        """Give the mean of what was added under a name, NaN if nothing was."""
        count, total, _ = self.sums.get(name, (0, 0.0, 0.0))
        return total / count if count else math.nan

    def line(self, timestamp: float) -> str:
        """Give one JSON object: a name to its {num, mean, std}, and the time in seconds since 1970."""
        row: dict[str, Any] = {}
        for name, (count, total, squares) in sorted(self.sums.items()):
            mean = total / count
            deviation = math.sqrt(max(squares / count - mean * mean, 0.0))
            row[name] = {"num": count, "mean": mean, "std": deviation}
        return json.dumps({**row, "timestamp": timestamp})


def append_line(path: Path, line: str, after: int) -> None:
    """Append a line as number `after` + 1: lines beyond `after`, of a run that ended before its state was saved, go."""
    kept = path.read_text().splitlines()[:after] if path.exists() else []
    replace_file(path, "".join(f"{each}\n" for each in [*kept, line]).encode())


def grid(images: Tensor, columns: int) -> Image.Image:
    """Lay out images (N, C, R, R), about −1 … 1, in rows of `columns`, the rest black, as 8-bit grey or colour."""
    missing = -len(images) % columns
    images = torch.cat([images, images.new_full((missing, *images.shape[1:]), -1.0)])
    pixels = (images * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    rows = [np.concatenate(list(pixels[i : i + columns]), axis=1) for i in range(0, len(pixels), columns)]
    whole = np.concatenate(rows, axis=0)
    return Image.fromarray(whole[:, :, 0] if whole.shape[2] == 1 else whole)


def flatten_optimiser(optimiser: torch.optim.Optimizer, names: Sequence[str]) -> dict[str, Tensor]:
    """Name an optimiser's tensors by its parameters' names: `{name}/exp_avg`, …"""
    parameters = optimiser.param_groups[0]["params"]
    return {
        f"{name}/{key}": value
        for name, parameter in zip(names, parameters, strict=True)
        for key, value in optimiser.state[parameter].items()
    }


def restore_optimiser(
    optimiser: torch.optim.Optimizer, names: Sequence[str], tensors: dict[str, Tensor]
) -> None:
    """Undo `flatten_optimiser`: a state laid out in memory as its parameter is."""
    for name, parameter in zip(names, optimiser.param_groups[0]["params"], strict=True):
        for key in ("step", "exp_avg", "exp_avg_sq"):
            found = tensors.get(f"{name}/{key}")
            if found is None:
                continue  # saved before the first step
            like = found if key == "step" else parameter.detach()
            optimiser.state[parameter][key] = torch.empty_like(like).copy_(found)
