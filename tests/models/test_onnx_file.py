"""ONNX files as extractors: the same features as TorchScript's, one file alone, and no operator of anybody's own."""

import hashlib
import io
import sys

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from models.errors import FeaturesRefused
from models.features import Extractor, open_extractor

IMAGES = [np.random.default_rng(n).integers(0, 256, (24, 24), dtype=np.uint8) for n in range(5)]


def layers() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 8, 7, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()


def graph(shape=("n", 3, 224, 224), operator=None) -> onnx.ModelProto:
    """The same network as a graph."""
    conv = layers()[0]
    weights = [
        numpy_helper.from_array(conv.weight.detach().numpy(), "w"),
        numpy_helper.from_array(conv.bias.detach().numpy(), "b"),
    ]
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["c"], strides=[4, 4]),
        operator or helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
    ]
    taken = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    given = helper.make_tensor_value_info("f", TensorProto.FLOAT, (shape[0], 8))
    made = helper.make_graph(nodes, "network", [taken], [given], weights)
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("lab", 1)], ir_version=9
    )


def extractor(folder, data: bytes, name: str = "net.onnx") -> Extractor:
    (folder / name).write_bytes(data)
    return open_extractor("ours", folder / name, hashlib.sha256(data).hexdigest())


def script() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(layers(), torch.zeros(1, 3, 224, 224)), file)
    return file.getvalue()


@pytest.mark.parametrize(
    "shape", [("n", 3, 224, 224), ("n", 3, "h", "w"), (1, 3, 224, 224), (2, 3, 224, 224), (64, 3, 224, 224)]
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_works(tmp_path, shape):
    ours = extractor(tmp_path, graph(shape).SerializeToString())
    theirs = extractor(tmp_path, script(), "net.pt")
    assert ours.preprocessing == theirs.preprocessing
    assert ours.features(IMAGES) == pytest.approx(theirs.features(IMAGES), abs=1e-5)


def test_the_size_of_the_file_s_input_is_used_and_said(tmp_path):
    found = extractor(tmp_path, graph(("n", 3, 64, 64)).SerializeToString())
    assert found.preprocessing.startswith("64 × 64 pixels")
    assert found.features(IMAGES).shape == (5, 8)


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (("n", 1, 224, 224), "does not take one batch of images"),
        (("n", 3), "does not take one batch of images"),
        (("n", 3, 224, 200), "must be square"),
    ],
)
def test_another_input_is_refused(tmp_path, shape, why):
    made = graph()
    made.graph.input[0].CopyFrom(helper.make_tensor_value_info("image", TensorProto.FLOAT, shape))
    with pytest.raises(FeaturesRefused, match=f"{why}|cannot|no ONNX file that can be run"):
        extractor(tmp_path, made.SerializeToString())


def test_tensors_in_other_files_are_refused(tmp_path, monkeypatch):
    made = graph()
    weights = made.graph.initializer[0]
    (tmp_path / "weights.bin").write_bytes(weights.raw_data)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="weights.bin")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FeaturesRefused, match="tensors in other files"):
        extractor(tmp_path, made.SerializeToString())


def test_an_operator_of_somebody_s_own_is_refused(tmp_path):
    own = helper.make_node("Spy", ["c"], ["r"], domain="lab")
    with pytest.raises(FeaturesRefused, match="the operator Spy of lab"):
        extractor(tmp_path, graph(operator=own).SerializeToString())


def test_what_is_no_onnx_file_is_refused(tmp_path):
    whole = graph().SerializeToString()
    for broken in (b"no network", b"", whole[: len(whole) // 2]):
        with pytest.raises(FeaturesRefused, match="no ONNX file"):
            extractor(tmp_path, broken)


def test_without_the_extra_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(FeaturesRefused, match="need the extra “onnx”"):
        extractor(tmp_path, graph().SerializeToString())


def test_a_file_that_nobody_vouches_for_is_not_read(tmp_path):
    (tmp_path / "net.onnx").write_bytes(graph().SerializeToString())
    with pytest.raises(FeaturesRefused, match="name it by its SHA-256"):
        open_extractor("ours", tmp_path / "net.onnx")
