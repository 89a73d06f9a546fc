"""Training on tiny networks: penalties, average, augmentation, and runs that are stopped and continued."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.augment import augment, change_grey, cut_out, move
from models.checkpoint import load
from models.data import TrainingSet, read_folder
from models.discriminator import Discriminator, DiscriminatorConfig, minibatch_deviation
from models.errors import TrainingRefused
from models.loss import discriminator_loss, generator_loss, path_lengths, r1_penalty
from models.network import Generator, GeneratorConfig
from models.run_files import read_tensors
from models.train import TrainConfig, train
from models.train_run import Run
from models.train_step import step, update_average

ROOT = Path(__file__).parents[2]
TINY = TrainConfig(
    kimg=0.064,
    batch=4,
    z_dim=8,
    w_dim=8,
    mapping_layers=2,
    channels=8,
    channels_max=8,
    discriminator_channels=8,
    discriminator_channels_max=8,
    tick_kimg=0.016,
    snapshot_ticks=2,
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def blobs(count: int = 20, size: int = 8) -> TrainingSet:
    """Discs of random radius, brighter to the left: something with a mean, a spread and a handedness."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radii = rng.uniform(size / 5, size / 2, count)
    discs = [np.where(np.hypot(x, y) < r, 180 - x * 60 / size, 10) for r in radii]
    return TrainingSet(torch.from_numpy(np.stack(discs)[:, None].astype(np.uint8)))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return read_tensors(folder / "training-state.safetensors")[0]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# --- penalties and losses


class Quadratic(torch.nn.Module):
    """D(x) = ½ Σ a x² has the gradient a·x."""

    def __init__(self) -> None:
        super().__init__()
        self.a = torch.nn.Parameter(torch.randn(1, 4, 4))

    def forward(self, x):
        return 0.5 * (self.a * x.square()).sum(dim=(1, 2, 3))


def test_r1_is_the_squared_gradient_of_each_image_and_trains_the_weights():
    toy, x = Quadratic(), torch.randn(3, 1, 4, 4)
    penalty = r1_penalty(toy, x)
    assert torch.allclose(penalty, (toy.a * x).square().sum(dim=(1, 2, 3)))
    torch.autograd.backward(penalty.sum())
    assert torch.allclose(toy.a.grad, (2 * toy.a * x.square()).sum(dim=0))


def test_r1_of_the_real_discriminator_agrees_with_finite_differences():
    torch.manual_seed(0)
    network = Discriminator(DiscriminatorConfig(8, 1, 64, 8, group=1)).double()
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    squares = torch.zeros(2, dtype=torch.float64)
    for row in range(8):
        for column in range(8):
            nudge = torch.zeros_like(x)
            nudge[:, :, row, column] = 1e-5
            squares += ((network(x + nudge) - network(x - nudge)) / 2e-5).square()
    assert torch.allclose(r1_penalty(network, x), squares, rtol=1e-4)


def test_path_length_of_a_scaling_is_its_factor_times_the_noise():
    ws = torch.randn(5, 2, 16, requires_grad=True)
    images = 3 * ws[:, :1].reshape(5, 1, 4, 4)
    noise = torch.randn(5, 1, 4, 4, generator=stream(2)) / 4
    expected = 3 * noise.square().sum(dim=(1, 2, 3)).div(2).sqrt()  # the other w of the two does nothing
    assert torch.allclose(path_lengths(images, ws, stream(2)), expected, atol=1e-6)


def test_losses_at_known_logits():
    zero = torch.zeros(4)
    assert float(generator_loss(zero)) == pytest.approx(np.log(2))
    assert float(discriminator_loss(zero, zero)) == pytest.approx(2 * np.log(2))
    sure = torch.full((4,), 20.0)
    assert float(discriminator_loss(sure, -sure)) < 1e-6
    assert float(generator_loss(-sure)) == pytest.approx(20, rel=1e-6)


def test_minibatch_deviation_sees_repetition():
    alike = torch.randn(1, 3, 4, 4).expand(4, -1, -1, -1)
    assert minibatch_deviation(alike, 4)[:, 3].max() < 1e-3
    assert minibatch_deviation(torch.randn(4, 3, 4, 4), 4)[:, 3].min() > 0.3
    assert minibatch_deviation(torch.randn(6, 3, 4, 4), 4).shape == (6, 4, 4, 4)


# --- moving average


def test_the_average_moves_by_its_decay_and_copies_buffers():
    config = GeneratorConfig(8, 1, z_dim=4, w_dim=4, mapping_layers=1, channel_base=64, channel_max=8)
    average, current = Generator(config), Generator(config)
    torch.nn.init.normal_(current.mapping.w_avg)
    name = "synthesis.b8.conv0.weight"
    before, target = average.get_parameter(name).clone(), current.get_parameter(name)
    update_average(average, current, 0.75)
    assert torch.allclose(average.get_parameter(name), 0.75 * before + 0.25 * target)
    assert torch.equal(average.mapping.w_avg, current.mapping.w_avg)


# --- augmentation


def test_augmentation_at_zero_gives_the_images_themselves():
    images = torch.rand(3, 1, 16, 16)
    assert augment(images, 0.0, stream()) is images


@pytest.mark.parametrize("change", [move, change_grey, cut_out])
def test_an_image_that_is_not_chosen_stays_as_it_is(change):
    images = torch.rand(5, 3, 16, 16) * 2 - 1
    assert torch.allclose(change(images, 1e-12, stream()), images, atol=1e-5)


@pytest.mark.parametrize("change", [move, change_grey, cut_out])
def test_each_change_passes_gradients_and_changes_chosen_images(change):
    images = (torch.rand(4, 1, 16, 16) * 2 - 1).requires_grad_()
    changed = change(images, 1.0, stream())
    assert (changed - images).flatten(1).abs().amax(dim=1).min() > 0.01
    torch.autograd.backward(changed.sum())
    assert images.grad.flatten(1).abs().sum(dim=1).min() > 0


def test_black_stays_black_when_an_image_is_moved_or_cut():
    black = torch.full((8, 1, 16, 16), -1.0)
    assert torch.allclose(cut_out(move(black, 1.0, stream()), 1.0, stream(1)), black, atol=1e-6)


def test_augmentation_reaches_about_a_share_p_of_the_images():
    images = torch.rand(400, 1, 8, 8)
    changed = ((cut_out(images, 0.3, stream()) - images).abs() > 1e-5).flatten(1).any(dim=1)
    assert 0.2 < changed.float().mean() < 0.4


# --- data


def write_png(folder: Path, count: int, shape=(8, 8)) -> Path:
    folder.mkdir(exist_ok=True)
    for i in range(count):
        Image.fromarray(np.full(shape, i, np.uint8)).save(folder / f"{i:03d}.png")
    return folder


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    data = read_folder(write_png(tmp_path / "d", 20))
    assert (len(data), data.resolution, data.channels) == (20, 8, 1)
    assert data.images[:, 0, 0, 0].tolist() == list(range(20))
    assert read_folder(write_png(tmp_path / "rgb", 16, (8, 8, 3))).channels == 3


def test_half_the_images_drawn_are_mirrored_and_only_with_xflip():
    ramp = torch.arange(8, dtype=torch.uint8).expand(16, 1, 8, 8).contiguous()
    data = TrainingSet(ramp)
    plain = data.draw(200, stream(), xflip=False)
    assert torch.equal(plain, (ramp[:1] / 127.5 - 1).expand(200, -1, -1, -1))
    drawn = data.draw(200, stream(), xflip=True)
    mirrored = (drawn[:, 0, 0, 0] > drawn[:, 0, 0, 7]).float()
    assert 0.35 < mirrored.mean() < 0.65
    assert torch.allclose(drawn[mirrored.bool()], plain[:1].flip(3))


def test_unusable_folders_are_refused_with_a_sentence(tmp_path):
    few = write_png(tmp_path / "few", 3)
    mixed = write_png(tmp_path / "mixed", 16)
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(mixed / "zz.png")
    oblong = write_png(tmp_path / "oblong", 16, (8, 16))
    text = write_png(tmp_path / "text", 16)
    (text / "zz.png").write_text("not an image")
    deep = write_png(tmp_path / "deep", 16)
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(deep / "zz.png")
    for folder, words in (
        (few, "at least 16"),
        (mixed, "zz.png is 16×16"),
        (oblong, "squares"),
        (text, "zz.png is not a readable PNG"),
        (deep, "zz.png is neither"),
        (tmp_path / "absent", "0 PNG"),
    ):
        with pytest.raises(TrainingRefused, match=words):
            read_folder(folder)


# --- runs


@pytest.mark.parametrize("changes", [{}, {"path_weight": 2.0, "style_mixing": 0.9, "augment": "fixed"}])
def test_a_run_stopped_and_continued_equals_one_that_was_not(tmp_path, changes):
    config = replace(TINY, **changes)
    train(config, blobs(), tmp_path / "straight")
    train(replace(config, kimg=0.028), blobs(), tmp_path / "parts")
    assert not same(weights(tmp_path / "straight"), weights(tmp_path / "parts"))
    train(config, blobs(), tmp_path / "parts")
    assert same(weights(tmp_path / "straight"), weights(tmp_path / "parts"))


def test_a_signal_stops_a_run_after_saving_and_it_continues_exactly(tmp_path):
    train(TINY, blobs(), tmp_path / "straight")
    seen = []

    def stop(progress):
        seen.append(progress.kimg)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    train(TINY, blobs(), tmp_path / "parts", stop)
    assert seen == [0.016]
    assert signal.getsignal(signal.SIGTERM) is before
    train(TINY, blobs(), tmp_path / "parts")
    assert same(weights(tmp_path / "straight"), weights(tmp_path / "parts"))


def test_a_run_killed_at_any_moment_leaves_a_state_that_continues(tmp_path):
    """Killed without warning, again and again; what is on disk is always whole, and it gets further."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from dataclasses import replace\n"
        "from tests.models.test_train import TINY, blobs\n"
        "from models.train import train\n"
        "config = replace(TINY, kimg=1e6, tick_kimg=0.008)\n"
        "train(config, blobs(), Path(sys.argv[2]), lambda p: print('tick', flush=True))\n"
    )
    rng, shown = random.Random(0), 0
    for _ in range(3):
        argv = [sys.executable, "-c", code, str(ROOT), str(tmp_path)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT) as child:
            child.stdout.readline()
            time.sleep(rng.uniform(0, 0.5))
            child.kill()
        _, facts = read_tensors(tmp_path / "training-state.safetensors")
        assert facts["counters"]["shown"] > shown
        shown = facts["counters"]["shown"]
        lines = (tmp_path / "stats.jsonl").read_text().splitlines()
        ticks = [json.loads(line)["Progress/tick"]["mean"] for line in lines]
        assert ticks == list(range(1, len(ticks) + 1))


def test_a_run_that_breaks_off_between_ticks_continues_from_its_last_save(tmp_path):
    train(TINY, blobs(), tmp_path / "straight")
    moments = iter(range(7))

    def clock():
        return next(moments)  # ends in the sixth step, as a power cut would

    with pytest.raises(StopIteration):
        train(replace(TINY, save_seconds=2, tick_kimg=1), blobs(), tmp_path / "parts", clock=clock)
    _, facts = read_tensors(tmp_path / "parts" / "training-state.safetensors")
    assert facts["counters"]["steps"] == 6
    train(TINY, blobs(), tmp_path / "parts")
    assert same(weights(tmp_path / "straight"), weights(tmp_path / "parts"))


def test_the_run_directory_has_the_layout_others_read(tmp_path):
    last = train(TINY, blobs(), tmp_path, clock=iter(range(10_000)).__next__)
    rows = [json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines()]
    assert [row["Progress/kimg"]["mean"] for row in rows] == [0.016, 0.032, 0.048, 0.064]
    wanted = {"Loss/G/loss", "Loss/D/loss", "Loss/scores/real", "Loss/signs/fake", "Progress/augment"}
    assert wanted | {"Timing/sec_per_kimg", "timestamp"} <= rows[0].keys()
    assert rows[0]["Loss/signs/real"]["num"] == 16
    assert rows[0]["Timing/sec_per_kimg"]["mean"] == 250  # the clock given ticks a second for each batch of 4
    assert "Loss/r1_penalty" in rows[0]
    options = json.loads((tmp_path / "training_options.json").read_text())
    assert options["training_set_kwargs"] == {"resolution": 8, "max_size": 20, "xflip": True}
    assert (options["batch_size"], options["ada_target"], options["resume_pkl"]) == (4, 0.6, None)
    assert options["loss_kwargs"]["r1_gamma"] == 0.5
    assert last == tmp_path / "network-snapshot-000000.safetensors"
    for name, size in (("fakes000000.png", (48, 48)), ("reals.png", (48, 32))):  # 36 and 20 in rows of 6
        with Image.open(tmp_path / name) as sheet:
            assert sheet.size == size


def test_the_snapshot_is_the_moving_average(tmp_path):
    path = train(TINY, blobs(), tmp_path)
    tensors, state = load(path).state_dict(), weights(tmp_path)
    assert all(torch.equal(state[f"G_ema/{name}"], tensor) for name, tensor in tensors.items())
    assert not torch.equal(state["G/synthesis.b4.const"], tensors["synthesis.b4.const"])


def test_a_run_that_diverges_ends_with_a_sentence_and_keeps_its_last_good_state(tmp_path):
    train(replace(TINY, kimg=0.016), blobs(), tmp_path)
    before = weights(tmp_path)
    run = replace(TINY, kimg=8, lr=1e30, tick_kimg=8, save_seconds=1e6)
    with pytest.raises(TrainingRefused, match="diverged"):
        train(run, blobs(), tmp_path)
    assert same(weights(tmp_path), before)


def test_a_state_of_other_networks_or_no_state_is_refused(tmp_path):
    train(replace(TINY, kimg=0.008), blobs(), tmp_path)
    with pytest.raises(TrainingRefused, match="other networks"):
        train(replace(TINY, channels_max=4), blobs(), tmp_path)
    (tmp_path / "training-state.safetensors").write_bytes(b"torn")
    with pytest.raises(TrainingRefused, match="not a training state"):
        train(TINY, blobs(), tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch": 1},
        {"kimg": 0},
        {"augment_p": 1.1},
        {"style_mixing": -0.1},
        {"snapshot_ticks": 0},
        {"lr": 0.0},
        {"r1_gamma": -1.0},
    ],
)
def test_settings_that_cannot_be_are_refused(changes):
    with pytest.raises(TrainingRefused):
        replace(TINY, **changes)


def test_augmentation_rises_when_the_discriminator_knows_its_images_and_falls_otherwise():
    for target, rises in ((-1.0, True), (1.0, False)):
        run = Run.new(replace(TINY, ada_target=target, ada_kimg=0.1), blobs())
        run.counters.augment_p = 0.4
        for _ in range(8):
            step(run)
        assert (run.counters.augment_p > 0.4) is rises
        assert 0 <= run.counters.augment_p <= 0.8


def test_training_brings_the_generator_towards_the_images():
    data = blobs()
    run = Run.new(replace(TINY, augment="none", ema_kimg=0.2, batch=8), data)
    z = torch.randn(64, 8, generator=stream())
    mean = (data.images.float() / 127.5 - 1).mean(dim=0)

    def distance() -> float:
        with torch.no_grad():
            return float((run.average(z).mean(dim=0) - mean).square().mean().sqrt())

    start = distance()
    for _ in range(150):
        step(run)
    assert distance() < start / 2
