"""Sampling: the seed alone decides an image, and what cannot be sampled is refused in a sentence."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models import sample
from models.errors import SamplingRefused
from models.sample import Settings, pick_device, to_pixels
from tests.models.snapshots import TINY, generator

SEEDS = [0, 1, 2, 85, 4_294_967_295]


def images(made, seeds, settings=None, batch=4) -> dict[int, np.ndarray]:
    return dict(sample.sample(made, seeds, settings or Settings(), batch))


@pytest.mark.parametrize(("channels", "shape"), [(1, (16, 16)), (3, (16, 16, 3))])
def test_it_works(channels, shape):
    found = images(generator(replace(TINY, channels=channels)), SEEDS)
    assert list(found) == SEEDS
    assert all(each.dtype == np.uint8 and each.shape == shape for each in found.values())
    assert len({each.tobytes() for each in found.values()}) == len(SEEDS)


@pytest.mark.parametrize("noise_mode", ["const", "none", "random"])
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_a_seed_alone_is_the_same_seed_in_any_batch(architecture, noise_mode):
    made, settings = generator(replace(TINY, architecture=architecture)), Settings(0.7, noise_mode)
    alone = {seed: images(made, [seed], settings, 1)[seed] for seed in SEEDS}
    for batch in (2, 3, 5):
        for order in (SEEDS, SEEDS[::-1]):
            together = images(made, order, settings, batch)
            apart = [np.abs(together[seed].astype(int) - alone[seed]).max() for seed in SEEDS]
            assert max(apart) <= 1


def test_the_same_call_twice_gives_the_same_bytes():
    made, settings = generator(), Settings(noise_mode="random")
    first, again = images(made, SEEDS, settings), images(made, SEEDS, settings)
    assert all((first[seed] == again[seed]).all() for seed in SEEDS)


def test_sampling_leaves_the_global_generators_alone():
    torch.manual_seed(4)
    before, numbers = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - the global one is meant
    images(generator(), [3], Settings(noise_mode="random"))
    torch.manual_seed(4)
    assert torch.equal(before, torch.get_rng_state())
    assert (numbers == np.random.get_state()[1]).all()  # noqa: NPY002 - likewise


def test_noise_modes_differ():
    made = generator()
    found = [images(made, [5], Settings(noise_mode=mode))[5] for mode in ("const", "none", "random")]
    assert len({each.tobytes() for each in found}) == 3


def test_truncation_ends_at_the_mean_image():
    made = generator()
    mean = images(made, SEEDS, Settings(psi=0))
    assert all((each == mean[0]).all() for each in mean.values())
    half, whole = images(made, [0], Settings(psi=0.5))[0], images(made, [0])[0]
    assert np.abs(half.astype(int) - mean[0]).sum() < np.abs(whole.astype(int) - mean[0]).sum()


def test_classes_give_other_images():
    made = generator(replace(TINY, c_dim=3))
    found = [images(made, [0], Settings(class_index=index))[0] for index in range(3)]
    assert len({each.tobytes() for each in found}) == 3


def test_sampling_goes_on_outside_inference_mode():
    for _ in sample.sample(generator(), [0, 1], Settings(), 1):
        assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("psi", [float("nan"), float("inf"), "0.7", None, True])
def test_psi_must_be_a_number(psi):
    with pytest.raises(SamplingRefused, match="psi must be a number"):
        Settings(psi=psi)


def test_other_noise_modes_are_refused():
    with pytest.raises(SamplingRefused, match="const, none or random"):
        Settings(noise_mode="loud")


@pytest.mark.parametrize(
    ("classes", "index", "words"),
    [(0, 0, "no classes"), (3, None, "from 0 to 2"), (3, 3, "no 3"), (3, -1, "no -1"), (3, True, "no True")],
)
def test_the_class_must_fit(classes, index, words):
    with pytest.raises(SamplingRefused, match=words):
        sample.sample(generator(replace(TINY, c_dim=classes)), [0], Settings(class_index=index))


@pytest.mark.parametrize("seed", [-1, 1 << 32, 1.5, "1", True])
def test_seeds_must_be_whole_numbers(seed):
    with pytest.raises(SamplingRefused, match="Seeds are whole numbers"):
        sample.sample(generator(), [0, seed], Settings())


def test_floats_are_cut_off_to_grey_levels():
    floats = torch.tensor([-1.1, -1.0, -0.996, 0.0, 0.003, 0.99, 1.0, 1.1]).view(1, 1, 2, 4)
    assert to_pixels(floats).flatten().tolist() == [0, 0, 1, 128, 128, 254, 255, 255]


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:", "mps", "", "cpu:1"])
def test_other_devices_are_refused(name):
    with pytest.raises(SamplingRefused, match="must be cpu, cuda, cuda:N or auto"):
        pick_device(name)


def test_devices_by_name():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_missing_device_is_refused():
    with pytest.raises(SamplingRefused, match="no CUDA device"):
        pick_device("cuda:0")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_every_device_gives_the_same_image():
    made = generator()
    settings = Settings(0.7, "random")
    here, there = images(made, SEEDS, settings), images(made.to("cuda"), SEEDS, settings)
    assert max(np.abs(here[seed].astype(int) - there[seed]).max() for seed in SEEDS) <= 1
    with pytest.raises(SamplingRefused, match="counted from"):
        pick_device("cuda:99")
