"""Network pickles of stylegan2-ada-pytorch, its forks, and stylegan3's stylegan2 configuration: G_ema as data.

Each network node holds the source code it was made by, which the training software runs to read it. Here it is text that
is thrown away. What a node does is known from the architecture; its attributes are compared with that.
"""

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from models.config import Architecture, GeneratorConfig
from models.errors import CheckpointRefused
from models.formats.foreign import Foreign
from models.formats.legacy_blob import read_blob
from models.formats.restricted import DAMAGED, Names, NumberType, read, shown
from models.formats.tensors import StoredTensor, lay_over

FORMAT = "stylegan2-ada-pytorch pickle"
FORMAT_SG3 = "stylegan3 pickle, stylegan2 configuration"
_ANOTHER = "This checkpoint's generator is not built as a StyleGAN2: "
MOST_LAYERS = 64
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
            raise CheckpointRefused(f"{_ANOTHER}it has no {name}.")
        return found

    def asked(self, positions: tuple[str, ...] = ()) -> dict[str, object]:
        """The arguments it was made with, those given by position under the names in `positions`."""
        named, placed = self.state.get("_init_kwargs", {}), self.state.get("_init_args", ())
        if type(named) is not dict or type(placed) is not tuple:
            raise CheckpointRefused(DAMAGED)
        return dict(zip(positions, placed, strict=False)) | cast("dict[str, object]", named)


def _ordered(*pairs: object) -> dict[object, object]:
    if len(pairs) > 1 or (pairs and type(pairs[0]) is not list):
        raise CheckpointRefused(DAMAGED)
    items = cast("list[list[object] | tuple[object, ...]]", pairs[0] if pairs else [])
    if not all(
        type(item) in (list, tuple) and len(item) == 2 and type(item[0]) in (str, int) for item in items
    ):
        raise CheckpointRefused(DAMAGED)
    return {item[0]: item[1] for item in items}


def _number_type(code: object, *_: object) -> NumberType:
    if code not in {"f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "b1", "<f8", "<f4", "<i8", "<i4"}:
        raise CheckpointRefused("This file has numbers of a kind that no StyleGAN2 checkpoint holds.")
    return NumberType(code)


def _scalar(kind: object, data: object) -> object:
    if type(kind) is not NumberType or type(data) is not memoryview:
        raise CheckpointRefused(DAMAGED)
    dtype = np.dtype(kind.code)
    if len(data) != dtype.itemsize:
        raise CheckpointRefused(DAMAGED)
    return np.frombuffer(data, dtype)[0].item()


def _tensor(storage: object, offset: object, size: object, stride: object, *_: object) -> StoredTensor:
    return lay_over(storage, offset, size, stride)


def _parameter(tensor: object, *_: object) -> object:
    return tensor


def _set(items: object = ()) -> tuple[object, ...]:
    if type(items) not in (list, tuple):
        raise CheckpointRefused(DAMAGED)
    return tuple(cast("list[object]", items))


def _empty() -> dict[object, object]:
    return {}


def _tensorflow() -> object:
    raise CheckpointRefused(
        "TensorFlow StyleGAN2 checkpoints are not read yet; give a .pkl of stylegan2-ada-pytorch or stylegan3."
    )


NAMES: Names = {
    ("dnnlib.tflib.network", "Network"): _tensorflow,
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): Node,
    ("collections", "OrderedDict"): _ordered,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch.storage", "_load_from_bytes"): read_blob,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy", "dtype"): _number_type,
    ("dnnlib.util", "EasyDict"): _empty,
    ("builtins", "set"): _set,
}


def read_ada(data: memoryview) -> Foreign:
    """Read the averaged generator of a snapshot; raises CheckpointRefused."""
    top, _ = read(data, NAMES)
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
    raise CheckpointRefused(f"{_ANOTHER}it has more than {MOST_NODES} layers.")


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
    if _count(draws, "w_dim") != _count(maps, "w_dim"):
        raise CheckpointRefused(f"{_ANOTHER}its two parts disagree on the size of w.")
    if type(draws["architecture"]) is not str:
        raise CheckpointRefused(f"{_ANOTHER}its architecture is {shown(draws['architecture'])}.")
    return GeneratorConfig(
        resolution=_count(draws, "img_resolution"),
        channels=_count(draws, "img_channels"),
        z_dim=_count(maps, "z_dim"),
        w_dim=_count(maps, "w_dim"),
        c_dim=_count(maps, "c_dim"),
        mapping_layers=_count(maps, "num_layers", MOST_LAYERS),
        channel_base=_count(draws, "channel_base"),
        channel_max=_count(draws, "channel_max"),
        architecture=cast("Architecture", draws["architecture"]),
        conv_clamp=_real(draws, "conv_clamp") if draws["conv_clamp"] is not None else None,
        w_avg_beta=_real(maps, "w_avg_beta"),
    )


def _count(told: Mapping[str, object], name: str, most: int = 1 << 20) -> int:
    value = told.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise CheckpointRefused(f"{_ANOTHER}its {name} is {shown(value)}, no whole number up to {most}.")
    return value


def _real(told: Mapping[str, object], name: str) -> float:
    value = told.get(name)
    if type(value) not in (int, float):
        raise CheckpointRefused(f"{_ANOTHER}its {name} is {shown(value)}, no number.")
    return float(cast("float", value))


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
        if name in node.state and not _equal(node.state[name], value):
            raise CheckpointRefused(
                f"{_ANOTHER}{path} has {name} {shown(node.state[name])} instead of {value}."
            )


def _equal(found: object, value: object) -> bool:
    """Whether they are equal, for plain values only: containers of a foreign file may hold themselves."""
    return type(found) in (bool, int, float, str, type(None)) and found == value


def _tensors(nodes: Mapping[str, Node]) -> dict[str, StoredTensor]:
    found: dict[str, StoredTensor] = {}
    for path, node in nodes.items():
        for name, tensor in [*node.part("_parameters").items(), *node.part("_buffers").items()]:
            if type(tensor) is not StoredTensor or len(name) > LONGEST_NAME or len(found) == MOST_TENSORS:
                raise CheckpointRefused(DAMAGED)
            found[f"{path}.{name}" if path else name] = tensor
    return found
