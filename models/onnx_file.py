"""Networks in ONNX files: a graph of the standard's own operators in one file, run by ONNX Runtime on the CPU.

Nothing outside the file is read, as its tensors must be in it, and no operator of anybody's own is loaded. Needs the extra “onnx”.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from models.errors import FeaturesRefused

_CHANNELS, _DIMENSIONS = 3, 4
_DOMAINS = {"", "ai.onnx"}


@dataclass(frozen=True, slots=True)
class OnnxNetwork:
    """Takes images of `size` × `size` pixels; `run` gives the first output for (N, 3, size, size) floats."""

    size: int
    run: Callable[[Tensor], Tensor]


def opened(name: str, data: bytes, usual: int) -> OnnxNetwork:
    """The network of a file; where its input leaves the size open, `usual` pixels. Raises FeaturesRefused."""
    try:
        import onnx
        import onnxruntime
    except ModuleNotFoundError as error:
        raise FeaturesRefused("ONNX files need the extra “onnx”: install blindread[onnx].") from error
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's errors share no base of their own
        raise FeaturesRefused(f"{name} is no ONNX file.") from error
    _require_whole(name, model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base of their own
        raise FeaturesRefused(f"{name} is no ONNX file that can be run: {_last_line(error)}") from error
    size, at_once = _shape(name, session.get_inputs(), usual)
    return OnnxNetwork(size, lambda images: _run(session, images, at_once))


def _require_whole(name: str, model: Any) -> None:
    """Raise FeaturesRefused for tensors in other files, and for operators that are not the standard's."""
    own = {(function.domain, function.name) for function in model.functions}
    for message in _messages(model):
        kind = message.DESCRIPTOR.name
        if kind == "TensorProto" and (message.data_location != 0 or message.external_data):
            raise FeaturesRefused(f"{name} has tensors in other files; save it as one file.")
        if (
            kind == "NodeProto"
            and message.domain not in _DOMAINS
            and (message.domain, message.op_type) not in own
        ):
            raise FeaturesRefused(
                f"{name} uses the operator {message.op_type} of {message.domain}, which is not one of ONNX's own."
            )


def _messages(message: Any) -> Iterator[Any]:
    """A protobuf message and all within it."""
    waiting = [message]
    while waiting:
        found = waiting.pop()
        yield found
        for field, value in found.ListFields():
            if field.message_type is not None:
                waiting.extend(value if hasattr(value, "append") or hasattr(value, "add") else [value])


def _shape(name: str, inputs: Any, usual: int) -> tuple[int, int]:
    """(size, images at once; 0 for any number) of a network of one input of (N, 3, size, size) floats."""
    shape = inputs[0].shape if len(inputs) == 1 else []
    if len(shape) != _DIMENSIONS or inputs[0].type != "tensor(float)" or shape[1] not in {_CHANNELS, None}:
        raise FeaturesRefused(f"{name} does not take one batch of images, (N, 3, H, W) of floats.")
    count, _, height, width = (each if isinstance(each, int) else 0 for each in shape)
    if height != width:
        raise FeaturesRefused(f"{name} takes images of {height} × {width} pixels; they must be square.")
    return height or usual, count


def _run(session: Any, images: Tensor, at_once: int) -> Tensor:
    name = session.get_inputs()[0].name
    count, at_once = len(images), at_once or len(images)
    filled = torch.cat(
        [images, images[-1:].expand(-count % at_once, -1, -1, -1)]
    )  # where the file takes so many at once
    try:
        found = [
            session.run(None, {name: batch.contiguous().numpy()})[0] for batch in torch.split(filled, at_once)
        ]
    except Exception as error:
        raise ValueError(_last_line(error)) from error
    return torch.cat([torch.from_numpy(each) for each in found])[:count]


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
