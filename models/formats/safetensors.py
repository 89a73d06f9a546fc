"""Our own files: safetensors with the configuration and the origin as JSON among the metadata."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from models.config import GeneratorConfig
from models.errors import CheckpointRefused
from models.formats.foreign import Foreign, Laid
from models.formats.tensors import as_float32
from models.whole_files import FACTS, replace_file

FORMAT = "Blindread safetensors"
KEPT = (
    "format",
    "source_sha256",
    "kimg",
    "num_fp16_res",
    "w_avg_estimated_from",
)  # of an origin; nothing else of it travels
_NOT_OURS = (
    "This safetensors file was not written by Blindread, so it does not say which network its weights are of."
)
_TYPES = {"F32", "F16", "F64"}


@dataclass(frozen=True, slots=True)
class _Slice:
    """A tensor that is still in its file."""

    file: Any
    name: str
    shape: tuple[int, ...]

    def array(self) -> NDArray[np.float32]:
        return as_float32(self.file.get_tensor(self.name))


def read_safetensors(path: Path) -> Foreign:
    """Read one of our files; raises CheckpointRefused."""
    try:
        file: Any = safe_open(path, framework="numpy")
        facts = json.loads((file.metadata() or {})[FACTS])
        tensors = {name: _laid(file, name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
    except SafetensorError as error:
        raise CheckpointRefused(
            "This safetensors file is damaged or was cut off while it was copied."
        ) from error
    except (KeyError, ValueError, RecursionError) as error:
        raise CheckpointRefused(_NOT_OURS) from error
    if not isinstance(facts, dict) or not isinstance(facts.get("config"), dict):
        raise CheckpointRefused(_NOT_OURS)
    told = {name: facts[name] for name in KEPT if isinstance(facts.get(name), str | int | float)}
    return Foreign(FORMAT, _config(facts["config"]), tensors, told)


def write_safetensors(
    path: Path,
    config: GeneratorConfig,
    tensors: Mapping[str, NDArray[np.float32]],
    origin: Mapping[str, object],
) -> None:
    """Write a file that `read_safetensors` reads; `path` holds the old content or the new, whole."""
    kept = {name: origin[name] for name in KEPT if origin.get(name) is not None}
    facts = json.dumps({"config": asdict(config), **kept})
    replace_file(path, save(dict(tensors), {FACTS: facts}))


def _laid(file: Any, name: str) -> Laid:
    piece = file.get_slice(name)
    if piece.get_dtype() not in _TYPES:
        raise CheckpointRefused(
            f"This file's weights are of type {piece.get_dtype()}, which no generator has."
        )
    return _Slice(file, name, tuple(piece.get_shape()))


def _config(told: Mapping[str, object]) -> GeneratorConfig:
    expected = {field.name: field.type for field in fields(GeneratorConfig)}
    if set(told) - set(expected) or not {"resolution", "channels"} <= set(told):
        raise CheckpointRefused(_NOT_OURS)
    for name, value in told.items():
        real = name in {"conv_clamp", "w_avg_beta"}
        kinds: tuple[type, ...] = (str,) if name == "architecture" else (int, float) if real else (int,)
        if type(value) not in kinds and not (name == "conv_clamp" and value is None):
            raise CheckpointRefused(f"This file gives {name} as {str(value)[:40]!r}, which it cannot be.")
    values: dict[str, Any] = dict(told)
    return GeneratorConfig(**values)
