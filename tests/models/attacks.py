"""Hostile files, each by a name that says what it tries. COMMAND leaves a file where it is run."""

import functools
import struct
from dataclasses import replace

import numpy as np

from tests.models import attacks_tensorflow, attacks_torch
from tests.models.snapshots import (
    TINY,
    Call,
    Module,
    Raw,
    arrays,
    blob,
    dump,
    generator,
    named,
    network,
    node,
    ordered,
    pickled,
    snapshot,
    tensor,
    text,
)

COMMAND = "touch hostile-marker"
PYTHON = "open('hostile-marker', 'w').close()"
HEAD = b"\x80\x04"
_NUMBERS = np.arange(12, dtype=np.float32).reshape(3, 4)
_CONST = "synthesis.b4.const"

# Attacks that work: read by Python's own unpickling each of these leaves the marker.
ARMED = {
    "global-os-system": HEAD + b"cos\nsystem\n" + dump((COMMAND,)) + b"R.",
    "stack-global-posix-system": pickled(Call("posix", "system", (COMMAND,))),
    "builtins-exec": pickled(Call("builtins", "exec", (PYTHON,))),
    "builtins-eval": pickled(Call("builtins", "eval", (PYTHON,))),
    "subprocess-call": pickled(Call("subprocess", "check_call", (["touch", "hostile-marker"],))),
    "os-popen-through-codecs": pickled(Call("subprocess", "getoutput", (COMMAND,))),
    "runpy-code": pickled(Call("runpy", "_run_code", (PYTHON, {}))),
    "timeit": pickled(Call("timeit", "timeit", (PYTHON, "pass", Raw(named("time", "perf_counter")), 1))),
    "profile-run": pickled(Call("cProfile", "run", (PYTHON,))),
    "code-after-a-harmless-object": HEAD + dump(Call("bdb", "Bdb", ())) + b"0" + dump(Call("builtins", "exec", (PYTHON,))) + b".",
    "dotted-name": pickled(Call("os", "path.os.system", (COMMAND,))),
    "inst": HEAD + b"(" + text(COMMAND) + b"ios\nsystem\n.",
    "obj": HEAD + b"(cos\nsystem\n" + text(COMMAND) + b"o.",
    "old-protocol-without-head": b"cos\nsystem\n(S'" + COMMAND.encode() + b"'\ntR.",
    "getattr-chain": pickled(
        Call("builtins", "getattr", (Call("importlib", "import_module", ("os",)), "system"))
    )[:-1] + dump((COMMAND,)) + b"R.",
    "partial": HEAD + dump(Call("functools", "partial", (Raw(named("os", "system")), COMMAND))) + b")R.",
    "map-of-system": pickled(Call("builtins", "list", (Call("builtins", "map", (Raw(named("os", "system")), [COMMAND])),))),
    "pickle-in-a-pickle": pickled(Call("_pickle", "loads", (pickled(Call("os", "system", (COMMAND,))),))),
    "write-a-file": pickled(Call("builtins", "open", ("hostile-marker", "w"))),
    "numpy-runstring": pickled(Call("numpy.testing._private.utils", "runstring", (PYTHON, {}))),
    "after-the-value": HEAD + b"N0" + dump(Call("os", "system", (COMMAND,))) + b"0" + dump({"G_ema": None}) + b".",
    "in-place-of-the-discriminator": pickled({"G": None, "D": Call("os", "system", (COMMAND,)), "G_ema": None}),
}  # fmt: skip

_FORBIDDEN = [
    ("os", "remove"),
    ("os", "posix_spawn"),
    ("shutil", "rmtree"),
    ("builtins", "getattr"),
    ("builtins", "setattr"),
    ("builtins", "__import__"),
    ("builtins", "compile"),
    ("builtins", "globals"),
    ("types", "FunctionType"),
    ("types", "CodeType"),
    ("marshal", "loads"),
    ("ctypes", "CDLL"),
    ("socket", "create_connection"),
    ("webbrowser", "open"),
    ("smtplib", "SMTP"),
    ("asyncio.unix_events", "_UnixSubprocessTransport._start"),
    ("multiprocessing.util", "spawnv_passfds"),
    ("operator", "methodcaller"),
    ("operator", "attrgetter"),
    ("pydoc", "locate"),
    ("importlib", "import_module"),
    ("ensurepip", "_run_pip"),
    ("code", "InteractiveInterpreter.runcode"),
    ("doctest", "debug_script"),
    ("trace", "Trace.runctx"),
    ("uuid", "_get_command_stdout"),
    ("torch", "load"),
    ("torch.serialization", "load"),
    ("torch.hub", "load"),
    ("torch.jit.unsupported_tensor_ops", "execWrapper"),
    ("torch.utils.bottleneck.__main__", "run_cprofile"),
    ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression"),
    ("torch.storage", "_load_from_bytes.__globals__"),
    ("torch.storage", "UntypedStorage"),
    ("torch._utils", "_rebuild_device_tensor_from_numpy"),
    ("torch._utils", "_rebuild_wrapper_subclass"),
    ("torch_utils.persistence", "import_hooks"),
    ("torch_utils.persistence", "_src_to_module"),
    ("torch_utils.persistence", "_reconstruct_persistent_obj.__call__"),
    ("collections", "defaultdict"),
    ("collections", "OrderedDict.__class__"),
    ("numpy", "load"),
    ("numpy", "dtype.__class__"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.f2py.crackfortran", "getlincoef"),
    ("dnnlib.util", "call_func_by_name"),
    ("dnnlib.util", "open_url"),
]


def _globals() -> dict[str, bytes]:
    return {f"global-{module}-{name}": pickled(Call(module, name, (COMMAND,))) for module, name in _FORBIDDEN}


def _instructions() -> dict[str, bytes]:
    """Instructions that make objects, old forms, and lies about sizes."""
    easy = named("dnnlib.util", "EasyDict") + b")\x81"
    raw = {
        "newobj-ex": dump(Raw(named("subprocess", "Popen"))) + dump(((COMMAND,), {"shell": True})) + b"\x92",
        "newobj-ex-of-an-allowed-name": named("dnnlib.util", "EasyDict") + dump(((), {})) + b"\x92",
        "ext1": b"\x82\x01", "ext2": b"\x83\x01\x00", "ext4": b"\x84\x01\x00\x00\x00",
        "persid": b"P" + COMMAND.encode() + b"\n", "binpersid": text(COMMAND) + b"Q",
        "build-on-a-dict": easy + dump({"__class__": 1}) + b"b",
        "build-on-a-dict-with-slots": easy + dump((None, {"__setattr__": 1})) + b"b",
        "build-on-a-name": named("torch._utils", "_rebuild_parameter") + dump({"make": 1, "__code__": 2}) + b"b",
        "build-on-a-name-with-slots": named("collections", "OrderedDict") + dump((None, {"make": Raw(easy)})) + b"b",
        "build-on-a-network": dump(node("Generator", {})) + dump({"state": {"_modules": {}}}) + b"b",
        "build-on-a-number-type": dump(Call("numpy", "dtype", ("f8", False, True))) + dump({"code": "O"}) + b"b",
        "build-a-number-type-with-fields": dump(Call("numpy", "dtype", ("f8", False, True)))
        + dump((3, "<", None, ("a",), {"a": 1}, 1, 1, 63, {})) + b"b",
        "build-on-a-list": b"]" + dump({}) + b"b", "build-on-nothing": b"Nb",
        "call-a-text": text("system") + b")R", "call-with-a-list": named("collections", "OrderedDict") + b"]R",
        "call-with-too-many": dump(Call("numpy.core.multiarray", "scalar", (1, 2, 3))),
        "easydict-from-pairs": dump(Call("dnnlib.util", "EasyDict", ([["a", 1]],))),
        "text-int": b"I1\n", "text-long": b"L1L\n", "text-string": b"S'a'\n", "text-unicode": b"Va\n",
        "text-float": b"F1.5\n", "old-dict": b"(d", "old-list": b"(l", "old-put": b"Np0\n", "old-get": b"g0\n",
        "dup": b"N2", "pop-mark": b"(N1N", "bytearray": b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a",
        "next-buffer": b"\x97", "read-only-buffer": b"N\x98", "long4": b"\x8b\xff\xff\xff\x7f",
        "text-of-eight-exabytes": b"\x8d" + struct.pack("<Q", 1 << 63), "bytes-of-eight-exabytes": b"\x8e" + struct.pack("<Q", 1 << 63),
        "bytes-of-four-gigabytes": b"B\xff\xff\xff\xff", "frame-that-lies": b"\x95" + struct.pack("<Q", 1 << 62) + b"N",
        "protocol-9": b"\x80\x09N", "no-such-memo": b"h\x07", "memo-of-nothing": b"\x94N", "memo-of-a-mark": b"(\x94N",
        "take-from-nothing": b"R", "append-to-nothing": b"Na", "tuple-of-a-mark": b"(\x85", "no-mark": b"Nt",
        "append-to-a-tuple": b")Na", "item-of-a-list": b"]NNs", "items-of-odd-number": b"}(Nu", "two-values": b"NN",
        "key-that-is-a-list": b"}]Ns", "key-that-is-a-tuple": b"}" + dump(((1, 2), 3)) + b"0NNs",
        "key-that-collides": dump({(1 << 61) - 1: 1, (1 << 62) - 2: 2}), "set-of-lists": b"\x8f(]\x90",
        "mark-at-the-end": b"N(", "not-utf8": b"X\x02\x00\x00\x00\xff\xfe", "global-that-never-ends": b"c" + b"a" * 4000,
        "deep-tuples": b")" + b"\x85" * 300_000, "deep-lists": b"]" * 200_000 + b"a" * 199_999,
        "list-in-itself": b"]\x94h\x00a", "dict-in-itself": b"}\x94" + text("G_ema") + b"h\x00s",
        "laughs": b"]\x94" + b"(h\x00h\x00h\x00t\x94" * 50_000, "six-million-steps": b"N0" * 3_000_000 + b"N",
        "unknown-instruction": b"\xff", "text-in-place-of-a-network": dump({"G_ema": "Generator"}),
    }  # fmt: skip
    return {name: HEAD + code + b"." for name, code in raw.items()}


def _blobs() -> dict[str, bytes]:
    """Attacks inside the blob that a tensor's numbers lie in, and descriptions that lie about them."""
    armed = ARMED["global-os-system"]
    good = blob(_NUMBERS)
    called = Call("os", "system", (COMMAND,))
    heads = {
        "an-armed-pickle": armed,
        "armed-after-the-magic": good[: good.index(b".") + 1] + armed,
        "armed-as-system": good.replace(b"X\x0d\x00\x00\x00little_endian\x88", dump(called)[:0] + text("little_endian") + dump(called), 1),
        "calls-its-type": good.replace(named("torch", "FloatStorage", old=True), named("torch", "FloatStorage", old=True) + b")R", 1),
        "type-of-another-module": good.replace(b"ctorch\nFloatStorage", b"cos\nsystem", 1),
        "dotted-type": good.replace(b"FloatStorage", b"FloatStorage.from_file", 1),
        "another-magic": b"\x80\x02K\x01." + good[good.index(b".") + 1 :],
        "big-endian": good.replace(text("little_endian") + b"\x88", text("little_endian") + b"\x89", 1),
        "no-system": good.replace(text("little_endian"), text("little_elephan"), 1),
        "whole-numbers": blob(_NUMBERS, kind="LongStorage"), "objects": blob(_NUMBERS, kind="ObjectStorage"),
        "numel-too-large": blob(_NUMBERS, numel=1 << 40), "numel-negative": blob(_NUMBERS, numel=-12),
        "numel-zero": blob(_NUMBERS, numel=0), "counted-otherwise": blob(_NUMBERS, counted=11),
        "bytes-missing": blob(_NUMBERS, data=bytes(40)), "bytes-left": blob(_NUMBERS, data=bytes(56)),
        "on-a-gpu": blob(_NUMBERS, place="cuda:0"), "key-as-a-number": blob(_NUMBERS, key=94),
        "nothing": b"", "cut-off": good[:150],
    }  # fmt: skip
    return {
        f"blob-{name}": snapshot(replaced={_CONST: tensor(_NUMBERS, stored=stored)})
        for name, stored in heads.items()
    }


def _tensors() -> dict[str, bytes]:
    lies = {
        "size-beyond": {"size": (3, 5)}, "offset-beyond": {"offset": 1}, "offset-far": {"offset": 1 << 40},
        "offset-negative": {"offset": -1}, "stride-beyond": {"stride": (5, 1)}, "stride-negative": {"stride": (-4, -1)},
        "size-negative": {"size": (-3, -4)}, "size-of-floats": {"size": (3.0, 4.0)}, "size-of-truths": {"size": (True, True)},
        "size-a-list": {"size": [3, 4]}, "size-a-text": {"size": "34"}, "size-huge-without-stride": {"size": (1 << 30, 1 << 30), "stride": (0, 0)},
        "size-overflowing": {"size": (1 << 62, 4), "stride": (4, 1)}, "size-zero": {"size": (0, 4)},
        "more-strides": {"stride": (4, 1, 1)}, "a-hundred-dimensions": {"size": (1,) * 100, "stride": (1,) * 100},
        "offset-a-text": {"offset": "0"}, "offset-none": {"offset": None},
    }  # fmt: skip
    found = {
        f"tensor-{name}": snapshot(replaced={_CONST: tensor(_NUMBERS, **lie)}) for name, lie in lies.items()
    }
    storage = Call("torch._utils", "_rebuild_tensor_v2", ("storage", 0, (3, 4), (4, 1), False, ordered({})))
    return found | {"tensor-without-storage": snapshot(replaced={_CONST: storage})}


def _numbers() -> dict[str, bytes]:
    kinds = {
        "objects": ("O8", bytes(8)),
        "void": ("V1000000000", b""),
        "text": ("S999999999", b""),
        "too-short": ("f8", bytes(4)),
    }
    found = {
        f"scalar-{name}": pickled(
            Call("numpy.core.multiarray", "scalar", (Call("numpy", "dtype", (code, False, True)), data))
        )
        for name, (code, data) in kinds.items()
    }
    fields = Call("numpy", "dtype", ([("a", "f8")], False, True))
    return found | {
        "scalar-with-fields": pickled(Call("numpy._core.multiarray", "scalar", (fields, bytes(8))))
    }


def _configurations() -> dict[str, bytes]:
    """Attributes that are no numbers, or absurd ones, told in place of the true ones."""
    changes = {
        "resolution-as-text": (b"img_resolution", dump("16")), "resolution-as-float": (b"img_resolution", dump(16.0)),
        "resolution-true": (b"img_resolution", b"\x88"), "resolution-huge": (b"img_resolution", dump(1 << 200)),
        "resolution-negative": (b"img_resolution", dump(-16)), "resolution-a-network": (b"img_resolution", dump(node("x", {}))),
        "layers-without-end": (b"num_layers", dump(1 << 30)), "clamp-not-a-number": (b"conv_clamp", dump(float("nan"))),
        "clamp-as-text": (b"conv_clamp", dump("256")), "architecture-a-list": (b"architecture", b"]\x94h\x00a"),
        "architecture-unknown": (b"architecture", dump("lightweight")), "activation": (b"activation", dump("tanh")),
        "noise-off": (b"use_noise", b"\x89"), "w-in-itself": (b"w_dim", b"]\x94h\x00a"),
        "beta-not-a-number": (b"w_avg_beta", dump(float("nan"))),
    }  # fmt: skip
    found = {}
    for name, (key, value) in changes.items():
        whole = snapshot()
        label = text(key.decode())
        parts = whole.split(label)
        found[f"config-{name}"] = label.join(
            [parts[0], *(_replace_first_value(part, value) for part in parts[1:])]
        )
    huge = replace(
        TINY, resolution=4096, channel_base=1 << 20, channel_max=1 << 20, w_dim=1 << 20, z_dim=1 << 20
    )
    return found | {"config-of-terabytes": snapshot(attributes=huge)}


def _replace_first_value(rest: bytes, value: bytes) -> bytes:
    """Put other instructions in place of the first value, which is a number, a text or a constant."""
    width = {ord("J"): 5, ord("G"): 9, ord("X"): 5 + int.from_bytes(rest[1:5], "little")}.get(rest[0], 1)
    return value + rest[width:]


def _networks() -> dict[str, bytes]:
    found = arrays(generator())
    reach_itself = b"\x94h\x00" + text("again") + b"h\x01s0"  # memo 0: its modules, 1: itself
    ring = Module(dump(node("Ring", {"_modules": Raw(b"}\x94")})) + reach_itself)
    tower = dump(node("Leaf", {})) + b"\x94"
    for level in range(6):  # a million places for seven nodes
        tower += (
            b"0"
            + dump(node("Tower", {"_modules": {f"a{i}": Raw(b"h" + bytes([level])) for i in range(10)}}))
            + b"\x94"
        )
    whole = network(found, TINY)
    return {
        "network-in-itself": snapshot(replaced={"synthesis.ring": ring}),
        "network-in-many-places": snapshot(replaced={"synthesis.tower": Module(tower)}),
        "network-of-another-kind": pickled({"G_ema": Call("torch_utils.persistence", "_reconstruct_persistent_obj", ({"type": "func"},))}),
        "network-without-meta": pickled({"G_ema": Call("torch_utils.persistence", "_reconstruct_persistent_obj", (7,))}),
        "network-without-state": pickled({"G_ema": Call("torch_utils.persistence", "_reconstruct_persistent_obj", ({"type": "class"},))}),
        "network-with-a-name-of-a-megabyte": pickled({"G_ema": network(found, TINY, replaced={"x" * 1_000_000: _NUMBERS})}),
        "network-twice": pickled({"G_ema": whole}) + pickled({"G_ema": whole}),
        "network-then-an-attack": snapshot() + ARMED["global-os-system"],
        "network-whose-modules-are-a-list": pickled({"G_ema": node("Generator", {"_modules": [1, 2]})}),
        "network-whose-parameter-is-text": snapshot(replaced={_CONST: Raw(text("weights"))}),
        "network-of-infinite-weights": snapshot(replaced={"mapping.w_avg": np.full(5, np.inf, np.float32)}),
        "network-of-no-numbers": snapshot(replaced={"mapping.fc0.bias": np.full(5, np.nan, np.float32)}),
    }  # fmt: skip


@functools.cache
def all_attacks() -> dict[str, bytes]:
    return (
        ARMED
        | _globals()
        | _instructions()
        | _blobs()
        | _tensors()
        | _numbers()
        | _configurations()
        | _networks()
        | attacks_torch.attacks()
        | attacks_tensorflow.attacks()
    )
