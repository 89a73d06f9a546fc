"""Checkpoints: read foreign ones once, keep them as ours, load ours.

`python -m models.checkpoint SOURCE [TARGET]` reads a foreign file and prints its facts as JSON; it is run in a child
process with limits, because a file that claims to be a checkpoint can be anything.
"""

import hashlib
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.config import Architecture, GeneratorConfig, shapes
from models.errors import CheckpointRefused
from models.formats import safetensors
from models.formats.foreign import Foreign, Laid
from models.formats.recognise import read_foreign
from models.formats.stack import shown

if TYPE_CHECKING:
    import torch

    from models.network import Generator

MOST_NUMBERS = 250_000_000
FIR = np.array([1, 3, 3, 1], np.float32) / 8


@dataclass(frozen=True, slots=True)
class Facts:
    """What a checkpoint is. `parameters` counts the generator's; `format` and `source_sha256` are of the file at hand.

    A file of ours also says which one it was made from: `origin_format` and `origin_sha256`, which nobody can check.
    `w_avg_estimated_from` says how many z the mean w was estimated from; None where the trainer's file gave it.
    """

    format: str
    source_sha256: str
    resolution: int
    channels: int
    z_dim: int
    w_dim: int
    c_dim: int
    mapping_layers: int
    architecture: Architecture
    channel_base: int
    channel_max: int
    conv_clamp: float | None
    num_fp16_res: int
    parameters: int
    kimg: float | None
    origin_format: str | None = None
    origin_sha256: str | None = None
    w_avg_estimated_from: int | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def inspect(source: Path) -> Facts:
    """Read a checkpoint of any known kind and tell what it is; raises CheckpointRefused."""
    return _checked(source)[2]


def import_file(source: Path, target: Path) -> Facts:
    """Read a checkpoint of any known kind and write it as ours; raises CheckpointRefused. Nothing in it is run."""
    config, tensors, facts = _checked(source)
    origin = {
        "format": facts.origin_format or facts.format,
        "source_sha256": facts.origin_sha256 or facts.source_sha256,
        "kimg": facts.kimg,
        "num_fp16_res": facts.num_fp16_res,
        "w_avg_estimated_from": facts.w_avg_estimated_from,
    }
    safetensors.write_safetensors(target, config, tensors, origin)
    return facts


def load(path: Path, device: "torch.device | str" = "cpu") -> "Generator":
    """Load one of our own files, prepared for sampling on a device; raises CheckpointRefused."""
    import torch

    from models.network import Generator
    from models.prepared import prepare

    foreign = _matched(safetensors.read_safetensors(path))
    generator = Generator(foreign.config)
    state = {name: torch.from_numpy(laid.array()) for name, laid in foreign.tensors.items()}
    generator.load_state_dict(state)
    generator = generator.to(device).eval().requires_grad_(requires_grad=False)
    return prepare(generator, _number(foreign.told.get("num_fp16_res")))


def save(generator: "Generator", path: Path, origin: Mapping[str, object] | None = None) -> None:
    """Write a generator as ours, whole or not at all; of `origin` the facts named KEPT stay."""
    tensors = {
        name: tensor.detach().cpu().contiguous().numpy() for name, tensor in generator.state_dict().items()
    }
    safetensors.write_safetensors(path, generator.config, tensors, origin or {})


def _checked(source: Path) -> tuple[GeneratorConfig, dict[str, NDArray[np.float32]], Facts]:
    """Every tensor is taken, so that a file is refused here or not at all."""
    foreign = _matched(read_foreign(source))
    tensors = {name: laid.array() for name, laid in foreign.tensors.items()}
    parameters = sum(numbers.size for name, numbers in tensors.items() if not _is_buffer(name))
    told, config = foreign.told, foreign.config
    return (
        config,
        tensors,
        Facts(
            format=foreign.format,
            source_sha256=sha256(source),
            origin_format=_words(told.get("format")),
            origin_sha256=_words(told.get("source_sha256")),
            resolution=config.resolution,
            channels=config.channels,
            z_dim=config.z_dim,
            w_dim=config.w_dim,
            c_dim=config.c_dim,
            mapping_layers=config.mapping_layers,
            architecture=config.architecture,
            channel_base=config.channel_base,
            channel_max=config.channel_max,
            conv_clamp=config.conv_clamp,
            num_fp16_res=_number(told.get("num_fp16_res")),
            parameters=parameters,
            kimg=_kimg(source.name, told),
            w_avg_estimated_from=_number(told.get("w_avg_estimated_from")) or None,
        ),
    )


def _number(told: object) -> int:
    return told if isinstance(told, int) else 0


def _words(told: object) -> str | None:
    return shown(told) if isinstance(told, str) and told else None


def _kimg(name: str, told: Mapping[str, object]) -> float | None:
    """What the file says, or else what its name says, as trainers write it."""
    kimg = told.get("kimg")
    if isinstance(kimg, int | float):
        return float(kimg)
    found = re.search(r"network-snapshot-(\d{6})(?!\d)", name)
    return float(found[1]) if found else None


def sha256(path: Path) -> str:
    """Give a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_buffer(name: str) -> bool:
    return name.endswith((".noise_const", ".w_avg"))


def _matched(foreign: Foreign) -> Foreign:
    """Compare names and shapes with those of the architecture; the resampling filters are compared and left out."""
    expected = shapes(foreign.config)
    if sum(map(math.prod, expected.values())) > MOST_NUMBERS:
        raise CheckpointRefused(
            f"This checkpoint describes a generator of more than {MOST_NUMBERS // 10**6} million numbers; the largest in use has a tenth of that."
        )
    kept: dict[str, Laid] = {}
    for name, laid in foreign.tensors.items():
        if name.endswith("resample_filter"):
            _compare_filter(laid)
        elif name not in expected:
            raise CheckpointRefused(
                f"This checkpoint has {shown(name)}, which its architecture has no place for."
            )
        elif laid.shape != expected[name]:
            raise CheckpointRefused(
                f"This checkpoint's {name} has the shape {laid.shape}, but its architecture needs {expected[name]}."
            )
        else:
            kept[name] = laid
    missing = sorted(set(expected) - set(kept))
    if missing:
        raise CheckpointRefused(f"This checkpoint lacks {missing[0]}, which its architecture needs.")
    return Foreign(foreign.format, foreign.config, kept, foreign.told)


def _compare_filter(laid: Laid) -> None:
    if laid.shape != (4, 4) or not np.allclose(laid.array(), np.outer(FIR, FIR), atol=1e-6):
        raise CheckpointRefused("This generator resamples with another filter than [1, 3, 3, 1].")


def main(arguments: Sequence[str]) -> int:
    """Read SOURCE, write TARGET where one is given; 0 and the facts on stdout, or 2 and a sentence on stderr."""
    if len(arguments) not in {1, 2}:
        sys.stderr.write("usage: python -m models.checkpoint SOURCE [TARGET]\n")
        return 2
    source, *target = map(Path, arguments)
    try:
        facts = import_file(source, target[0]) if target else inspect(source)
    except CheckpointRefused as refusal:
        sentence = str(refusal)
    except MemoryError:
        sentence = "Reading this file takes more memory than a checkpoint may have."
    except OSError as error:
        sentence = f"{source.name} cannot be read: {error.strerror}."
    else:
        sys.stdout.write(facts.to_json() + "\n")
        return 0
    sys.stderr.write(sentence + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
