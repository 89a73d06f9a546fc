"""Network pickles of stylegan2-ada-pytorch, its forks, and stylegan3's stylegan2 configuration: G_ema as data.

Each network node holds the source code it was made by, which the training software runs to read it. Here it is text that
is thrown away. What a node does is known from the architecture; its attributes are compared with that.
"""

from collections.abc import Iterator, Mapping
from typing import cast

from models.config import Architecture, GeneratorConfig
from models.errors import CheckpointRefused
from models.formats.foreign import Foreign
from models.formats.legacy_blob import read_blob
from models.formats.makers import NUMBERS, TENSORS, empty, members
from models.formats.stack import DAMAGED, Names, shown
from models.formats.tensors import StoredTensor
from models.formats.told import ANOTHER, MOST_LAYERS, count, real, same

FORMAT = "stylegan2-ada-pytorch pickle"
FORMAT_SG3 = "stylegan3 pickle, stylegan2 configuration"
MOST_NODES = 1000  # a generator of 1024 pixels has 150 and 480 tensors
MOST_TENSORS = 5000
LONGEST_NAME = 60
_MAPPING: dict[str, object] = {
    "z_dim": 512,
    "c_dim": 0,
    "w_dim": 512,
    "num_ws": None,
    "num_layers": 8,
    "w_avg_beta": 0.995,
}
_SYNTHESIS: dict[str, object] = {
    "w_dim": 512,
    "img_resolution": None,
    "img_channels": None,
    "channel_base": 32768,
    "channel_max": 512,
    "conv_clamp": None,
    "architecture": "skip",
}


class Node:
    """A network or layer: its class's name and its attributes."""

    __slots__ = ("class_name", "state")

    def __init__(self, meta: object) -> None:
        if type(meta) is not dict or meta.get("type") != "class" or type(meta.get("state")) is not dict:
            raise CheckpointRefused(DAMAGED)
        self.class_name, self.state = str(meta.get("class_name")), cast("dict[str, object]", meta["state"])

    def part(self, kind: str) -> dict[str, object]:
        """The parameters, buffers or modules, those that are not None, by name."""
        found = self.state.get(kind, {})
        if type(found) is not dict or not all(type(name) is str for name in found):
            raise CheckpointRefused(DAMAGED)
        return {name: value for name, value in found.items() if value is not None}

    def child(self, name: str) -> "Node":
        found = self.part("_modules").get(name)
        if not isinstance(found, Node):
            raise CheckpointRefused(f"{ANOTHER}it has no {name}.")
        return found

    def asked(self, positions: tuple[str, ...] = ()) -> dict[str, object]:
        """The arguments it was made with, those given by position under the names in `positions`."""
        named, placed = self.state.get("_init_kwargs", {}), self.state.get("_init_args", ())
        if type(named) is not dict or type(placed) is not tuple:
            raise CheckpointRefused(DAMAGED)
        return dict(zip(positions, placed, strict=False)) | cast("dict[str, object]", named)


NAMES: Names = {
    **TENSORS,
    **NUMBERS,
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): Node,
    ("torch.storage", "_load_from_bytes"): read_blob,
    ("dnnlib.util", "EasyDict"): empty,
    ("builtins", "set"): members,
}


def read_ada(top: object) -> Foreign:
    """Take the averaged generator out of a snapshot that was read; raises CheckpointRefused."""
    generator = top.get("G_ema") if type(top) is dict else None
    if type(generator) is not Node:
        raise CheckpointRefused(
            "This pickle holds no averaged generator (G_ema); give a network-snapshot file."
        )
    mapping, synthesis = generator.child("mapping"), generator.child("synthesis")
    if "input" in synthesis.part("_modules"):
        raise CheckpointRefused(
            "This is a StyleGAN3 (t or r) checkpoint; only StyleGAN2 generators can be read."
        )
    newer = "num_fp16_res" in synthesis.state
    config = _config(mapping, synthesis, newer=newer)
    nodes = dict(_walk(generator))
    for path, node in nodes.items():
        _compare(node, path, config)
    fp16 = sum(node.state.get("use_fp16") is True for node in nodes.values())
    return Foreign(FORMAT_SG3 if newer else FORMAT, config, _tensors(nodes), {"num_fp16_res": fp16})


def _walk(top: Node) -> Iterator[tuple[str, Node]]:
    """Every node by its path. A node may stand in many places of a file, even in itself: the places are limited."""
    waiting = [("", top)]
    for _ in range(MOST_NODES):
        path, node = waiting.pop()
        yield path, node
        for name, child in node.part("_modules").items():
            if type(child) is not Node or len(name) > LONGEST_NAME:
                raise CheckpointRefused(DAMAGED)
            waiting.append((f"{path}.{name}" if path else name, child))
        if not waiting:
            return
    raise CheckpointRefused(f"{ANOTHER}it has more than {MOST_NODES} layers.")


def _config(mapping: Node, synthesis: Node, *, newer: bool) -> GeneratorConfig:
    """Attributes count before arguments, arguments before the two trainers' defaults, as when they are run."""
    maps = (
        _MAPPING | ({"w_avg_beta": 0.998} if newer else {}) | mapping.asked(tuple(_MAPPING)) | mapping.state
    )
    draws = (
        _SYNTHESIS
        | ({"conv_clamp": 256} if newer else {})
        | synthesis.asked(tuple(_SYNTHESIS))
        | synthesis.state
    )
    first = synthesis.child("b4")
    draws |= {"architecture": first.state.get("architecture", draws["architecture"])}
    draws |= {"conv_clamp": first.child("conv1").state.get("conv_clamp", draws["conv_clamp"])}
    if count(draws, "w_dim") != count(maps, "w_dim"):
        raise CheckpointRefused(f"{ANOTHER}its two parts disagree on the size of w.")
    if type(draws["architecture"]) is not str:
        raise CheckpointRefused(f"{ANOTHER}its architecture is {shown(draws['architecture'])}.")
    return GeneratorConfig(
        resolution=count(draws, "img_resolution"),
        channels=count(draws, "img_channels"),
        z_dim=count(maps, "z_dim"),
        w_dim=count(maps, "w_dim"),
        c_dim=count(maps, "c_dim"),
        mapping_layers=count(maps, "num_layers", MOST_LAYERS),
        channel_base=count(draws, "channel_base"),
        channel_max=count(draws, "channel_max"),
        architecture=cast("Architecture", draws["architecture"]),
        conv_clamp=real(draws, "conv_clamp") if draws["conv_clamp"] is not None else None,
        w_avg_beta=real(maps, "w_avg_beta"),
    )


def _expected(layer: str, config: GeneratorConfig) -> dict[str, object]:
    """What the attributes of a layer of this name are."""
    conv = {"activation": "lrelu", "use_noise": True, "conv_clamp": config.conv_clamp}
    known: dict[str, dict[str, object]] = {
        "affine": {"activation": "linear", "bias_gain": 1},
        "embed": {"activation": "linear", "bias_gain": 1},
        "conv0": {**conv, "up": 2},
        "conv1": {**conv, "up": 1},
        "torgb": {"conv_clamp": config.conv_clamp},
        "skip": {"activation": "linear", "up": 2, "bias": None},
        "fc": {"activation": "lrelu", "bias_gain": 0.01},
        "b": {"architecture": config.architecture},
    }
    return known.get(layer) or known.get(layer.rstrip("0123456789"), {})


def _compare(node: Node, path: str, config: GeneratorConfig) -> None:
    """Refuse a layer that works otherwise than its like in a StyleGAN2: another activation, no noise, another clamp."""
    for name, value in _expected(path.rpartition(".")[2], config).items():
        if name in node.state and not same(node.state[name], value):
            raise CheckpointRefused(
                f"{ANOTHER}{path} has {name} {shown(node.state[name])} instead of {value}."
            )


def _tensors(nodes: Mapping[str, Node]) -> dict[str, StoredTensor]:
    found: dict[str, StoredTensor] = {}
    for path, node in nodes.items():
        for name, tensor in [*node.part("_parameters").items(), *node.part("_buffers").items()]:
            if type(tensor) is not StoredTensor or len(name) > LONGEST_NAME or len(found) == MOST_TENSORS:
                raise CheckpointRefused(DAMAGED)
            found[f"{path}.{name}" if path else name] = tensor
    return found
