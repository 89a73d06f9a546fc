"""Write snapshot pickles as the trainers do, or nearly: every byte is ours to choose. Nothing here unpickles."""

import struct
from dataclasses import dataclass

import numpy as np
import torch

from models.network import Generator, GeneratorConfig

TINY = GeneratorConfig(16, 1, z_dim=6, w_dim=5, mapping_layers=2, channel_base=64, channel_max=6)
SECRET = "/home/secret/patients.zip"  # what a trainer's machine leaves in a file
MAGIC = 0x1950A86A20F9469CFC6C


@dataclass(frozen=True)
class Raw:
    """Instructions as they are."""

    code: bytes


@dataclass(frozen=True)
class Module(Raw):
    """Instructions that make a network node."""


@dataclass(frozen=True)
class Call:
    """REDUCE of a global."""

    module: str
    name: str
    arguments: tuple


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def named(module: str, name: str, *, old: bool = False) -> bytes:
    return f"c{module}\n{name}\n".encode() if old else text(module) + text(name) + b"\x93"


def dump(value) -> bytes:  # noqa: C901, PLR0911 - one case a type is the clearest form
    """The instructions that make a value."""
    match value:
        case Raw():
            return value.code
        case Call():
            return named(value.module, value.name) + dump(value.arguments) + b"R"
        case None | True | False:
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        case str():
            return text(value)
        case bytes():
            return b"B" + struct.pack("<I", len(value)) + value
        case int() if 0 <= value < 1 << 31:
            return b"J" + struct.pack("<i", value)
        case int():
            size = value.bit_length() // 8 + 1
            return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)
        case float():
            return b"G" + struct.pack(">d", value)
        case tuple():
            return b"(" + b"".join(map(dump, value)) + b"t"
        case list():
            return b"](" + b"".join(map(dump, value)) + b"e"
        case dict():
            return b"}(" + b"".join(dump(key) + dump(each) for key, each in value.items()) + b"u"
    raise TypeError(type(value))


def pickled(value, protocol: int = 4) -> bytes:
    return bytes([0x80, protocol]) + dump(value) + b"."


def blob(
    numbers: np.ndarray, *, kind="FloatStorage", numel=None, counted=None, key="94", place="cpu", data=None
) -> bytes:
    """The numbers of a tensor as old torch.save writes them; the keywords lie."""
    numel = numbers.size if numel is None else numel
    system = {
        "protocol_version": 1001,
        "little_endian": True,
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    described = ("storage", Raw(named("torch", kind, old=True)), key, place, numel, None)
    heads = [
        pickled(MAGIC, 2),
        pickled(1001, 2),
        pickled(system, 2),
        b"\x80\x02" + dump(described) + b"Q.",
        pickled([key], 2),
    ]
    return (
        b"".join(heads)
        + struct.pack("<q", numel if counted is None else counted)
        + (numbers.tobytes() if data is None else data)
    )


def tensor(numbers: np.ndarray, *, offset=0, size=None, stride=None, stored=None) -> Call:
    stride = tuple(step // numbers.itemsize for step in numbers.strides) if stride is None else stride
    storage = Call("torch.storage", "_load_from_bytes", (blob(numbers) if stored is None else stored,))
    size = numbers.shape if size is None else size
    return Call("torch._utils", "_rebuild_tensor_v2", (storage, offset, size, stride, False, ordered({})))


def ordered(items: dict) -> Call:
    return Call("collections", "OrderedDict", ([list(item) for item in items.items()],))


def node(class_name: str, state: dict) -> Call:
    source = "import os\nos.abort()  # a reader that runs this dies\n"
    meta = {"type": "class", "version": 6, "module_src": source, "class_name": class_name, "state": state}
    return Call("torch_utils.persistence", "_reconstruct_persistent_obj", (meta,))


def generator(config: GeneratorConfig = TINY, seed: int = 3) -> Generator:
    """Random weights in which nothing is zero, so that a mistaken name is seen."""
    torch.manual_seed(seed)
    made = Generator(config).eval()
    for name, each in made.state_dict().items():
        if each.dim() < 2:
            each.normal_(1.0 if name.endswith("affine.bias") else 0.0, 0.3)
    return made


def arrays(made: Generator) -> dict[str, np.ndarray]:
    found = {name: each.numpy().copy(order="C") for name, each in made.state_dict().items()}
    taps = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 64
    for size in made.config.resolutions:
        found[f"synthesis.b{size}.resample_filter"] = taps
        for conv in ("conv0", "conv1") if size > 4 else ("conv1",):
            found[f"synthesis.b{size}.{conv}.resample_filter"] = taps
    return found


_BUFFERS = ("w_avg", "noise_const", "resample_filter")


def _attributes(path: str, config: GeneratorConfig, *, newer: bool) -> dict:
    last = path.rpartition(".")[2]
    fixed = {"bias_gain": 0.01, "activation": "lrelu"} if last.startswith("fc") else {}
    if last in {"affine", "embed"}:
        fixed = {"bias_gain": 1, "activation": "linear"}
    if last in {"conv0", "conv1"}:
        up = 2 if last == "conv0" else 1
        fixed = {"up": up, "use_noise": True, "activation": "lrelu", "conv_clamp": config.conv_clamp}
        fixed["act_gain"] = Call(
            "numpy.core.multiarray", "scalar", (number_type("f8"), struct.pack("<d", 2**0.5))
        )
    if last == "torgb":
        fixed = {"conv_clamp": config.conv_clamp}
    if last[1:].isdigit() and last[0] == "b":
        fixed = {"architecture": config.architecture, "use_fp16": newer and last != "b4"}
    if path == "mapping":
        known = {"z_dim": config.z_dim, "c_dim": config.c_dim, "w_dim": config.w_dim}
        fixed = known | {
            "num_layers": config.mapping_layers,
            "w_avg_beta": config.w_avg_beta,
            "_init_kwargs": known,
        }
    if path == "synthesis":
        size = {"w_dim": config.w_dim, "img_resolution": config.resolution, "img_channels": config.channels}
        asked = size | {"channel_base": config.channel_base, "channel_max": config.channel_max}
        fixed = size | ({"num_fp16_res": 4} if newer else {}) | {"_init_args": (), "_init_kwargs": asked}
    return fixed


def number_type(code: str) -> Raw:
    state = ("<", None, None, None, Raw(b"J\xff\xff\xff\xff"), Raw(b"J\xff\xff\xff\xff"), 0)
    return Raw(dump(Call("numpy", "dtype", (code, False, True))) + dump((3, *state)) + b"b")


def network(
    found: dict[str, np.ndarray], config: GeneratorConfig, path: str = "", *, newer=False, replaced=None
) -> Call:
    """The node at a path with all below it; `replaced` puts something else in place of a tensor or adds one."""
    replaced = replaced or {}
    own, below = {}, {}
    for name, value in {**found, **replaced}.items():
        first, _, rest = name.partition(".")
        if rest:
            below.setdefault(first, ({}, {}))[name in replaced][rest] = value
        else:
            own[name] = value
    modules = {name: value for name, value in own.items() if isinstance(value, Module)}
    laid = {
        name: value if isinstance(value, Raw | Call) else tensor(value)
        for name, value in own.items()
        if name not in modules
    }
    parameters = {
        name: Call("torch._utils", "_rebuild_parameter", (value, True, ordered({})))
        for name, value in laid.items()
        if name not in _BUFFERS
    }
    modules |= {
        name: network(plain, config, f"{path}.{name}".lstrip("."), newer=newer, replaced=other)
        for name, (plain, other) in below.items()
    }
    state = {
        "training": False,
        "_parameters": ordered(parameters),
        "_buffers": ordered({name: value for name, value in laid.items() if name in _BUFFERS}),
        "_forward_hooks": ordered({}),
        "_modules": ordered(modules),
        "_init_args": (),
        "_init_kwargs": {},
    }
    return node("Network", state | _attributes(path, config, newer=newer))


def snapshot(
    made: Generator | None = None, *, newer=False, replaced=None, attributes=None, **others
) -> bytes:
    """A whole file; `replaced` as in `network`, `attributes` changes the configuration told, `others` the top."""
    made = made or generator()
    config = attributes or made.config
    found = arrays(made)
    for name in [name for name, value in (replaced or {}).items() if value is None]:
        found.pop(name)
        replaced = {key: value for key, value in replaced.items() if key != name}
    trained_on = Raw(named("dnnlib.util", "EasyDict") + b")\x81(" + text("path") + text(SECRET) + b"u")
    top = {"training_set_kwargs": trained_on, "G": None, "D": None}
    top["G_ema"] = network(found, config, newer=newer, replaced=replaced)
    return pickled(top | {"augment_pipe": None} | others)
