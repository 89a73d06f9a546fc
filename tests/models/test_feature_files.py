"""Features are computed once: kept, gone on with after a stop at any moment, and never mixed up."""

import os
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import feature_files
from models.errors import FeaturesRefused
from models.feature_files import Source
from models.features import Extractor

IMAGES = [np.random.default_rng(n).integers(0, 256, (6, 6), dtype=np.uint8) for n in range(100)]


class Counted:
    """A network that says how many images it has seen: each image's first pixels."""

    def __init__(self):
        self.seen = 0
        self.extractor = Extractor(
            "first pixels", "Fréchet distance on first pixels", "none", "a" * 64, self.compute
        )

    def compute(self, images):
        self.seen += len(images)
        return images[:, 0].flatten(1)[:, :5].to(torch.float32)


def source(stop=None, digest="hundred"):
    def images(start):
        for place, image in enumerate(IMAGES[start:], start):
            if place == stop:
                raise KeyboardInterrupt
            yield image

    return Source(digest, images)


def expected():
    return np.stack([image.ravel()[:5] for image in IMAGES]).astype(np.float32)


def test_it_works_and_a_second_time_reads_no_image(tmp_path):
    network, told = Counted(), []
    found = feature_files.of(source(), network.extractor, tmp_path, told.append)
    assert np.array_equal(found, expected())
    assert (network.seen, told) == (100, [32, 64, 96, 100])
    again = feature_files.of(source(stop=0), network.extractor, tmp_path)
    assert np.array_equal(again, expected())
    assert network.seen == 100


@pytest.mark.parametrize("stop", [0, 31, 32, 33, 64, 99])
def test_a_stopped_run_is_gone_on_with(tmp_path, stop):
    network = Counted()
    with pytest.raises(KeyboardInterrupt):
        feature_files.of(source(stop), network.extractor, tmp_path)
    for torn in tmp_path.glob("*.rows"):
        with torn.open("ab") as file:
            file.write(b"half a row that a kill left")
    assert np.array_equal(feature_files.of(source(), network.extractor, tmp_path), expected())
    assert network.seen == 100


def test_damaged_states_are_computed_anew(tmp_path):
    network = Counted()
    feature_files.of(source(), network.extractor, tmp_path)
    for content in ("", "{}", '{"done": 3}', '{"done": 100000, "width": 5, "whole": true}'):
        next(tmp_path.glob("*.json")).write_text(content)
        assert np.array_equal(feature_files.of(source(), network.extractor, tmp_path), expected())


def test_other_images_weights_or_preprocessing_have_files_of_their_own(tmp_path):
    network = Counted()
    extractor = network.extractor
    for each in (extractor, replace(extractor, weights="b" * 64), replace(extractor, preprocessing="other")):
        for digest in ("one", "other"):
            feature_files.of(source(digest=digest), each, tmp_path)
    assert len(list(tmp_path.glob("*.rows"))) == 6
    assert network.seen == 600


def test_no_image_gets_a_sentence(tmp_path):
    with pytest.raises(FeaturesRefused, match="no image"):
        feature_files.of(Source("none", lambda _start: iter(())), Counted().extractor, tmp_path)


def test_two_at_the_same_time_compute_each_image_once(tmp_path):
    network, found = Counted(), []

    def compute():
        found.append(feature_files.of(source(), network.extractor, tmp_path))

    threads = [threading.Thread(target=compute) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert network.seen == 100
    assert all(np.array_equal(each, expected()) for each in found)
    assert len(found) == 3


def test_what_nobody_has_used_for_long_goes_and_is_computed_again(tmp_path):
    old, young = Counted(), Counted()
    for counted, digest in ((old, "old"), (young, "young")):
        feature_files.of(source(digest=digest), counted.extractor, tmp_path)
    files = sorted(tmp_path.glob("*.rows"))
    for file in files:
        os.utime(file, (0, 0))
    feature_files.of(source(digest="young"), young.extractor, tmp_path)  # used, not computed
    assert young.seen == len(IMAGES)
    assert feature_files.sweep(tmp_path, 60) == 1
    assert len(list(tmp_path.glob("*.rows"))) == len(list(tmp_path.glob("*.json"))) == 1
    again = feature_files.of(source(digest="old"), old.extractor, tmp_path)
    assert (old.seen, again.shape) == (2 * len(IMAGES), (100, 5))
    assert feature_files.sweep(tmp_path / "not there", 0) == 0
