"""Hostile files in torch.save's two containers: attacks in the pickle, and archives and descriptions that lie."""

import io
import struct
import zipfile
from dataclasses import replace

import numpy as np

from tests.models.rosinality_files import saved, trained
from tests.models.snapshots import MAGIC, TINY, Call, Raw, dump, generator, named, ordered, pickled

_COMMAND = "touch hostile-marker"
_CONFIG = replace(TINY, z_dim=6, w_dim=6)
_NUMBERS = np.arange(12, dtype="<f4")


def whole(*, legacy=False) -> bytes:
    """A file that is read."""
    return saved(trained(generator(_CONFIG)), legacy=legacy)


def _armed() -> bytes:
    return b"\x80\x02" + named("os", "system", old=True) + dump((_COMMAND,)) + b"R."


def _archive(parts: dict[str, bytes], method=zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in parts.items():
            made.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return file.getvalue()


def _parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(whole())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _stored(kind="FloatStorage", key="0", place="cpu", numel=12, word="storage", more=()) -> Raw:
    """How a pickle speaks of stored numbers."""
    return Raw(dump((word, Raw(named("torch", kind, old=True)), key, place, numel, *more)) + b"Q")


def _laid(stored: Raw, *, offset=0, size=(3, 4), stride=(4, 1)) -> Call:
    return Call("torch._utils", "_rebuild_tensor_v2", (stored, offset, size, stride, False, ordered({})))


def _zip_of(value, parts: dict[str, bytes] | None = None) -> bytes:
    told = pickled({"g_ema": {"input.input": value}}, 2)
    return _archive({"archive/data.pkl": told, "archive/data/0": _NUMBERS.tobytes()} | (parts or {}))


def _old_of(value, *, keys=("0",), data: bytes | None = None, system=None) -> bytes:
    described = system or {"little_endian": True}
    heads = [pickled(MAGIC, 2), pickled(1001, 2), pickled(described, 2), pickled({"g_ema": {"input.input": value}}, 2)]  # fmt: skip
    numbers = struct.pack("<q", 12) + _NUMBERS.tobytes()
    return b"".join(heads) + pickled(list(keys), 2) + (numbers if data is None else data)


def armed() -> dict[str, bytes]:
    """Attacks that work: loaded by torch without its guard each of these leaves the marker."""
    heads = pickled(MAGIC, 2) + pickled(1001, 2)
    little = {"little_endian": True, "protocol_version": 1001, "type_sizes": {}}
    return {
        "torch-zip-os-system": _archive({"archive/data.pkl": _armed(), "archive/version": b"3\n", "archive/byteorder": b"little"}),
        "torch-zip-exec": _archive({"archive/data.pkl": pickled(Call("builtins", "exec", ("open('hostile-marker', 'w')",))), "archive/version": b"3\n", "archive/byteorder": b"little"}),
        "torch-old-os-system": heads + pickled(little, 2) + _armed() + pickled([], 2),
        "torch-old-in-its-system": heads + b"\x80\x02}(" + dump("little_endian") + _armed()[2:-1] + b"u." + pickled(None, 2) + pickled([], 2),
        "torch-old-in-its-keys": heads + pickled(little, 2) + pickled({"g_ema": {}}, 2) + _armed(),
    }  # fmt: skip


def _lying_archives() -> dict[str, bytes]:
    parts, good = _parts(), whole()
    pickle_name = next(name for name in parts if name.endswith("/data.pkl"))
    numbers = next(name for name in parts if name.endswith("/data/0"))
    directory = good.rindex(b"PK\x01\x02")
    twice = io.BytesIO(good)
    with zipfile.ZipFile(twice, "a") as archive:
        archive.writestr(pickle_name.replace("data.pkl", "data.PKL"), _armed())
    twice_bytes = twice.getvalue().replace(b"data.PKL", b"data.pkl")
    first = good.index(b"PK\x01\x02")

    def changed(place: int, form: str, value: int) -> bytes:
        packed = struct.pack(form, value)
        return good[: first + place] + packed + good[first + place + len(packed) :]

    return {
        "zip-compressed": _archive(parts, zipfile.ZIP_DEFLATED),
        "zip-bomb": _archive({pickle_name: b"\x80\x02" + b"N0" * 20_000_000 + b"N."}, zipfile.ZIP_DEFLATED),
        "zip-lzma": _archive(parts, zipfile.ZIP_LZMA),
        "zip-part-twice": twice_bytes,
        "zip-two-pickles": _archive(parts | {"other/data.pkl": _armed()}),
        "zip-torchscript": _archive(parts | {pickle_name.replace("data.pkl", "constants.pkl"): b"\x80\x02).", "archive/code/a.py": b"import os"}),
        "zip-no-pickle": _archive({name: each for name, each in parts.items() if name != pickle_name}),
        "zip-pickle-in-a-folder": _archive({f"a/{name}": each for name, each in parts.items()}),
        "zip-slip": _archive({f"../{name}": each for name, each in parts.items()}),
        "zip-without-numbers": _archive({name: each for name, each in parts.items() if name != numbers}),
        "zip-numbers-cut": _archive(parts | {numbers: parts[numbers][:-4]}),
        "zip-numbers-longer": _archive(parts | {numbers: parts[numbers] + bytes(4)}),
        "zip-big-endian": _archive({name: b"big" if name.endswith("byteorder") else each for name, each in parts.items()}),
        "zip-many-parts": _archive(parts | {f"archive/data/x{i}": b"" for i in range(21_000)}),
        "zip-encrypted": changed(8, "<H", 1), "zip-method-unknown": changed(10, "<H", 77),
        "zip-checksum": changed(16, "<I", 7), "zip-size-lies": changed(24, "<I", 1 << 30),
        "zip-size-small": changed(24, "<I", 10), "zip-place-beyond": changed(42, "<I", 1 << 30),
        "zip-place-of-another": changed(42, "<I", 64), "zip-name-longer": changed(28, "<H", 60_000),
        "zip-directory-cut": good[:directory], "zip-end-cut": good[:-10],
        "zip-in-a-zip": _archive({"archive/data.pkl": good}), "zip-empty": _archive({}),
        "zip-empty-pickle": _archive({"archive/data.pkl": b""}),
        "zip-other-local-name": good.replace(pickle_name.encode(), b"archive/date.pkl"[: len(pickle_name)], 1),
    }  # fmt: skip


def _lying_numbers() -> dict[str, bytes]:
    lies = {
        "a-good-tensor-that-is-no-network": _laid(_stored()),
        "unknown-key": _laid(_stored(key="9")), "key-of-a-path": _laid(_stored(key="../../../etc/passwd")),
        "key-as-a-number": _laid(_stored(key=0)), "numel-zero": _laid(_stored(numel=0)),
        "numel-negative": _laid(_stored(numel=-12)), "numel-huge": _laid(_stored(numel=1 << 60)),
        "numel-lies": _laid(_stored(numel=13)), "numel-true": _laid(_stored(numel=True)),
        "half-of-floats": _laid(_stored(kind="HalfStorage")), "objects": _laid(_stored(kind="ObjectStorage")),
        "dotted-type": _laid(_stored(kind="FloatStorage.from_file")), "place-a-path": _laid(_stored(place="/dev/sda")),
        "place-a-list": _laid(_stored(place=["cpu"])), "another-word": _laid(_stored(word="module")),
        "offset-beyond": _laid(_stored(), offset=1), "size-beyond": _laid(_stored(), size=(4, 4)),
        "stride-negative": _laid(_stored(), stride=(-4, -1)), "size-huge": _laid(_stored(), size=(1 << 30, 1 << 30), stride=(0, 0)),
        "size-of-truths": _laid(_stored(), size=(True, True)), "a-hundred-dimensions": _laid(_stored(), size=(1,) * 100, stride=(1,) * 100),
        "text-as-numbers": Raw(dump("storage") + b"Q"), "nothing-as-numbers": Raw(b"NQ"),
        "called-type": Raw(named("torch", "FloatStorage", old=True) + b")R"),
        "settings-with-arguments": Call("argparse", "Namespace", (1,)),
        "settings-with-slots": Raw(named("argparse", "Namespace", old=True) + b")\x81" + dump((None, {"__class__": 1})) + b"b"),
        "state-of-a-dict": Raw(b"}" + dump({"__class__": 1}) + b"b"),
        "state-of-an-ordered-dict": Raw(dump(ordered({})) + dump({"_metadata": 1, "__reduce__": 2}) + b"b"),
        "a-module": Call("torch.nn.modules.linear", "Linear", (2, 2)), "its-loader": Call("torch.serialization", "load", ("x",)),
        "load-from-bytes": Call("torch.storage", "_load_from_bytes", (b"x",)),
        "rebuild-anything": Call("torch._tensor", "_rebuild_from_type_v2", (Raw(named("os", "system")), Raw(b"N"), (_COMMAND,), None)),
        "text-as-a-tensor": "weights",
    }  # fmt: skip
    zipped = {f"torch-zip-{name}": _zip_of(value) for name, value in lies.items()}
    return zipped | {
        f"torch-old-{name}": _old_of(_with_view(value))
        for name, value in lies.items()
        if name != "key-of-a-path"
    }


def _with_view(value):
    """Old files say one thing more of stored numbers: whose view they are, None."""
    if isinstance(value, Call) and value.arguments and isinstance(value.arguments[0], Raw):
        code = value.arguments[0].code
        if code.endswith(b"tQ"):
            return replace(value, arguments=(Raw(code[:-2] + b"NtQ"), *value.arguments[1:]))
    return value


def _lying_old_files() -> dict[str, bytes]:
    good = whole(legacy=True)
    laid = _laid(_stored(more=(None,)))
    return {
        "old-keys-missing": _old_of(laid, keys=()), "old-keys-more": _old_of(laid, keys=("0", "1")),
        "old-keys-twice": _old_of(laid, keys=("0", "0")), "old-keys-of-lists": _old_of(laid, keys=([],)),
        "old-counted-otherwise": _old_of(laid, data=struct.pack("<q", 11) + bytes(48)),
        "old-counted-negative": _old_of(laid, data=struct.pack("<q", -1) + bytes(48)),
        "old-numbers-missing": _old_of(laid, data=b""), "old-numbers-cut": _old_of(laid, data=struct.pack("<q", 12) + bytes(40)),
        "old-numbers-left": _old_of(laid, data=struct.pack("<q", 12) + bytes(56)),
        "old-big-endian": _old_of(laid, system={"little_endian": False}), "old-a-view": _old_of(_laid(_stored(more=(("0", 0, 12),)))),
        "old-two-descriptions": _old_of([laid, _laid(_stored(more=(None,), numel=6), size=(6,), stride=(1,))]),
        "old-then-an-attack": good + _armed(), "old-head-only": good[:20], "old-twice": good + good,
        "old-no-protocol": pickled(MAGIC, 2) + pickled(1002, 2) + good[21:],
    }  # fmt: skip


def attacks() -> dict[str, bytes]:
    return armed() | _lying_archives() | _lying_numbers() | _lying_old_files()
