"""Network pickles of the TensorFlow StyleGAN2 (and its ADA version): Gs, the averaged generator, as data.

Like the PyTorch ones they hold source code, which is thrown away here. Weights lie inputs first, outputs last.
"""

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from models.config import Architecture, GeneratorConfig
from models.errors import CheckpointRefused
from models.formats.foreign import Change, Foreign, Laid, changed
from models.formats.stack import shown
from models.formats.tensorflow_objects import Network
from models.formats.tensors import StoredTensor
from models.formats.told import ANOTHER, MOST_LAYERS, count, real, same

FORMAT = "TensorFlow StyleGAN2 pickle"
_ARGUMENTS: dict[str, object] = {  # what counts where a file does not say otherwise
    "latent_size": 512,
    "label_size": 0,
    "dlatent_size": 512,
    "mapping_layers": 8,
    "resolution": 1024,
    "num_channels": 3,
    "fmap_base": 16384,
    "fmap_max": 512,
    "architecture": "skip",
    "conv_clamp": None,
    "num_fp16_res": 0,
}
_FIXED: dict[str, object] = {
    "mapping_lrmul": 0.01,
    "mapping_nonlinearity": "lrelu",
    "nonlinearity": "lrelu",
    "normalize_latents": True,
    "use_noise": True,
    "fmap_decay": 1,
    "fmap_min": 1,
}
_OTHERS = {"G_style": "a StyleGAN of the first version", "G_paper": "a progressive GAN"}
_NEVER_USED = {"lod", "synthesis/lod"}  # progressive growing's, which this network does without


def averaged(top: object) -> Network | None:
    """Gs, where a file holds (G, D, Gs) or Gs alone."""
    last = top[-1] if type(top) is tuple and len(top) == 3 else top
    return last if type(last) is Network else None


def read_tensorflow(generator: Network) -> Foreign:
    """Read an averaged generator; raises CheckpointRefused."""
    made_by = (generator.state or {}).get("build_func_name")
    if type(made_by) is str and made_by in _OTHERS:
        raise CheckpointRefused(f"This is {_OTHERS[made_by]}, which is another network.")
    config, fp16 = _config(cast("dict[str, object]", generator.told("static_kwargs", dict)))
    found = generator.variables()
    within = cast("dict[str, object]", generator.told("components", dict))
    for name in ("mapping", "synthesis"):
        part = within.get(name)
        if type(part) is not Network:
            raise CheckpointRefused(f"{ANOTHER}it has no {name}.")
        found |= {f"{name}/{variable}": laid for variable, laid in part.variables().items()}
    return Foreign(FORMAT, config, _tensors(config, found), {"num_fp16_res": fp16})


def _tensors(config: GeneratorConfig, found: Mapping[str, StoredTensor]) -> dict[str, Laid]:
    pairs = list(_pairs(config))
    unknown = sorted(set(found) - {theirs for _, theirs, _ in pairs} - _NEVER_USED)
    if "mapping/LabelConcat/weight" in unknown:
        raise CheckpointRefused(
            "This TensorFlow checkpoint has classes in the form before ADA, which is another mapping."
        )
    if unknown:
        raise CheckpointRefused(
            f"This checkpoint has {shown(unknown[0])}, which its architecture has no place for."
        )
    return {ours: changed(found[theirs], change) for ours, theirs, change in pairs if theirs in found}


def _config(arguments: Mapping[str, object]) -> tuple[GeneratorConfig, int]:
    told = _ARGUMENTS | dict(arguments)
    for name, value in _FIXED.items():
        if name in told and not same(told[name], value):
            raise CheckpointRefused(f"{ANOTHER}its {name} is {shown(told[name])} instead of {value}.")
    if "resample_kernel" in told and not _usual(told["resample_kernel"]):
        raise CheckpointRefused("This generator resamples with another filter than [1, 3, 3, 1].")
    if type(told["architecture"]) is not str:
        raise CheckpointRefused(f"{ANOTHER}its architecture is {shown(told['architecture'])}.")
    config = GeneratorConfig(
        resolution=count(told, "resolution"),
        channels=count(told, "num_channels"),
        z_dim=count(told, "latent_size"),
        w_dim=count(told, "dlatent_size"),
        c_dim=count(told, "label_size"),
        mapping_layers=count(told, "mapping_layers", MOST_LAYERS),
        channel_base=2 * count(told, "fmap_base"),
        channel_max=count(told, "fmap_max"),
        architecture=cast("Architecture", told["architecture"]),
        conv_clamp=None if told["conv_clamp"] is None else real(told, "conv_clamp"),
    )
    return config, count(told, "num_fp16_res")


def _usual(kernel: object) -> bool:
    if kernel is None:
        return True
    return type(kernel) in (list, tuple) and [
        each if type(each) in (int, float) else None for each in cast("list[object]", kernel)
    ] == [1, 3, 3, 1]


def _pairs(config: GeneratorConfig) -> Iterator[tuple[str, str, Change]]:
    """The canonical name, theirs, and what turns theirs into ours."""
    yield "mapping.w_avg", "dlatent_avg", _same
    if config.c_dim:
        yield from _dense("mapping.embed", "mapping/LabelEmbed/", _same)
    for layer in range(config.mapping_layers):
        yield from _dense(f"mapping.fc{layer}", f"mapping/Dense{layer}/", _same)
    yield "synthesis.b4.const", "synthesis/4x4/Const/const", lambda const: const[0]
    yield from _conv("synthesis.b4.conv1", "synthesis/4x4/Conv", _outputs_first, 0)
    for k, size in enumerate(config.resolutions[1:]):
        ours, theirs = f"synthesis.b{size}", f"synthesis/{size}x{size}"
        yield from _conv(f"{ours}.conv0", f"{theirs}/Conv0_up", _turned, 2 * k + 1)
        yield from _conv(f"{ours}.conv1", f"{theirs}/Conv1", _outputs_first, 2 * k + 2)
        if config.architecture == "resnet":
            yield f"{ours}.skip.weight", f"{theirs}/Skip/weight", _turned
    for size in config.resolutions if config.architecture == "skip" else config.resolutions[-1:]:
        yield from _modulated(f"synthesis.b{size}.torgb", f"synthesis/{size}x{size}/ToRGB", _outputs_first)


def _conv(ours: str, theirs: str, turn: Change, noise: int) -> Iterator[tuple[str, str, Change]]:
    yield from _modulated(ours, theirs, turn)
    yield f"{ours}.noise_strength", f"{theirs}/noise_strength", _same
    yield f"{ours}.noise_const", f"synthesis/noise{noise}", lambda noises: noises[0, 0]


def _modulated(ours: str, theirs: str, turn: Change) -> Iterator[tuple[str, str, Change]]:
    yield f"{ours}.weight", f"{theirs}/weight", turn
    yield f"{ours}.bias", f"{theirs}/bias", _same
    yield from _dense(f"{ours}.affine", f"{theirs}/mod_", lambda bias: bias + 1)


def _dense(ours: str, theirs: str, bias: Change) -> Iterator[tuple[str, str, Change]]:
    yield f"{ours}.weight", f"{theirs}weight", lambda weight: weight.transpose(1, 0)
    yield f"{ours}.bias", f"{theirs}bias", bias


def _same(numbers: np.ndarray) -> np.ndarray:
    return numbers


def _outputs_first(weight: np.ndarray) -> np.ndarray:
    return weight.transpose(3, 2, 0, 1)


def _turned(weight: np.ndarray) -> np.ndarray:
    """Doubling convolutions are stored as they correlate; ours are stored as they are transposed."""
    return weight[::-1, ::-1].transpose(3, 2, 0, 1)
