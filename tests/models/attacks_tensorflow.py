"""Hostile files that pass themselves off as TensorFlow networks."""

import numpy as np

from tests.models.snapshots import Call, Raw, dump, generator, named, number_type, ordered, pickled
from tests.models.tensorflow_files import saved

_DATA = bytes(48)
_F4 = number_type("f4")


def whole() -> bytes:
    """A file that is read."""
    return saved(generator())


def _array(state, module="numpy.core.multiarray", *, twice=False) -> Raw:
    made = dump(Call(module, "_reconstruct", (Raw(named("numpy", "ndarray")), (0,), b"b")))
    return Raw(made + (dump(state) + b"b") * (2 if twice else 1))


def _network(state) -> Raw:
    return Raw(named("dnnlib.tflib.network", "Network") + b")\x81" + dump(state) + b"b")


def _told(**changes) -> dict:
    part = _network({"variables": [], "static_kwargs": {}, "components": {}})
    return {
        "build_func_name": "G_main",
        "static_kwargs": {},
        "components": {"mapping": part, "synthesis": part},
        "variables": [],
    } | changes


def _arrays() -> dict[str, Raw]:
    return {
        "shape-beyond": _array((1, (13,), _F4, False, _DATA)), "shape-short": _array((1, (11,), _F4, False, _DATA)),
        "shape-negative": _array((1, (-3, -4), _F4, False, _DATA)), "shape-huge": _array((1, (1 << 30, 1 << 30), _F4, False, _DATA)),
        "shape-zero": _array((1, (0,), _F4, False, b"")), "shape-a-list": _array((1, [12], _F4, False, _DATA)),
        "shape-of-truths": _array((1, (True,), _F4, False, bytes(4))), "shape-of-floats": _array((1, (12.0,), _F4, False, _DATA)),
        "a-hundred-dimensions": _array((1, (1,) * 100, _F4, False, bytes(4))),
        "objects": _array((1, (2,), number_type("O8"), False, [1, 2])), "objects-as-bytes": _array((1, (6,), number_type("O"), False, _DATA)),
        "type-a-text": _array((1, (12,), "f4", False, _DATA)), "data-a-list": _array((1, (12,), _F4, False, [0.0] * 12)),
        "data-a-text": _array((1, (12,), _F4, False, "0" * 48)), "columns-a-number": _array((1, (12,), _F4, 7, _DATA)),
        "state-short": _array((1, (12,), _F4)), "state-a-dict": _array({"__class__": 1}), "filled-twice": _array((1, (12,), _F4, False, _DATA), twice=True),
        "never-filled": Raw(dump(Call("numpy.core.multiarray", "_reconstruct", (Raw(named("numpy", "ndarray")), (0,), b"b")))),
        "of-another-class": Raw(dump(Call("numpy.core.multiarray", "_reconstruct", (Raw(named("os", "system")), (0,), b"b")))),
        "class-called": Raw(dump(Call("numpy", "ndarray", ((1 << 40,),)))), "no-array": Raw(dump("weights")),
        "itself": Raw(b"]\x94h\x00a"), "infinite": _array((1, (1,), _F4, False, np.float32(np.inf).tobytes())),
    }  # fmt: skip


def _networks() -> dict[str, bytes]:
    changes = {
        "variables-a-dict": {"variables": {}}, "variables-of-texts": {"variables": ["lod"]},
        "variables-of-triples": {"variables": [("a", 1, 2)]}, "variables-named-by-numbers": {"variables": [(1, 2.0)]},
        "arguments-a-list": {"static_kwargs": []}, "components-a-list": {"components": []},
        "components-of-texts": {"components": {"mapping": "m", "synthesis": "s"}}, "no-components": {"components": {}},
        "resolution-huge": {"static_kwargs": {"resolution": 1 << 60}}, "resolution-a-text": {"static_kwargs": {"resolution": "1024"}},
        "layers-without-end": {"static_kwargs": {"mapping_layers": 1 << 19}}, "maps-without-end": {"static_kwargs": {"fmap_base": 1 << 20, "fmap_max": 1 << 20}},
        "clamp-not-a-number": {"static_kwargs": {"conv_clamp": float("nan")}}, "architecture-a-list": {"static_kwargs": {"architecture": Raw(b"]\x94h\x00a")}},
        "kernel-in-itself": {"static_kwargs": {"resample_kernel": Raw(b"]\x94h\x00a")}}, "built-by-a-list": {"build_func_name": []},
    }  # fmt: skip
    found = {f"tensorflow-{name}": pickled(_network(_told(**change))) for name, change in changes.items()}
    call = Call("os", "system", ("touch hostile-marker",))
    return found | {
        "tensorflow-called": pickled(Call("dnnlib.tflib.network", "Network", ("touch hostile-marker",))),
        "tensorflow-never-filled": pickled(Raw(named("dnnlib.tflib.network", "Network") + b")\x81")),
        "tensorflow-filled-with-text": pickled(_network("state")),
        "tensorflow-filled-with-slots": pickled(_network((None, {"state": {}}))),
        "tensorflow-filled-twice": pickled(Raw(_network(_told()).code + dump(_told()) + b"b")),
        "tensorflow-in-itself": pickled(Raw(named("dnnlib.tflib.network", "Network") + b")\x81\x94" + dump({"components": {"mapping": Raw(b"h\x00"), "synthesis": Raw(b"h\x00")}, "variables": [], "static_kwargs": {}}) + b"b")),
        "tensorflow-beside-an-attack": pickled((call, Raw(b"N"), _network(_told()))),
        "tensorflow-runs-its-code": pickled(_network(_told(build_module_src=call))),
        "tensorflow-another-class": pickled(Call("dnnlib.tflib.network", "Network._init_fields", ())),
        "tensorflow-run": pickled(Call("dnnlib.tflib.tfutil", "run", ("x",))),
        "tensorflow-state-of-a-dict": pickled(Raw(dump(ordered({})) + dump({"update": 1}) + b"b")),
        "tensorflow-then-an-attack": whole() + pickled(call), "tensorflow-twice": whole() + whole(),
    }  # fmt: skip


def attacks() -> dict[str, bytes]:
    arrays = {
        f"array-{name}": pickled(_network(_told(variables=[("dlatent_avg", raw)])))
        for name, raw in _arrays().items()
    }
    return arrays | _networks()
