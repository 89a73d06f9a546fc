"""Batches that fit into memory, fewer where they do not, and computing ahead of the caller."""

import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import sample
from models.batches import Batches, ahead, batch_size, free_bytes, image_bytes, is_out_of_memory
from models.config import GeneratorConfig
from models.errors import SamplingRefused
from models.sample import Settings
from tests.models.snapshots import TINY, generator

CPU, CUDA = torch.device("cpu"), torch.device("cuda:0")
GIB = 2**30


def test_it_works():
    large = GeneratorConfig(resolution=1024, channels=3)
    assert batch_size(large, CUDA, 80 * GIB) > batch_size(large, CUDA, 8 * GIB) > 1
    assert batch_size(large, CUDA, 1) == batch_size(large, CPU, 1) == 1
    assert batch_size(TINY, CPU, 80 * GIB) == 8
    assert batch_size(TINY, CUDA, 80 * GIB) == 64
    assert batch_size(large, CUDA, 20 * GIB) * image_bytes(large) <= 10 * GIB
    assert 1 <= batch_size(large, CPU) <= 4
    assert free_bytes(CPU) > 0


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    from models import batches

    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert batches._container_bytes(tmp_path) == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert batches._container_bytes(tmp_path) > 2**60


def run(size, most, seeds=range(10)):
    """Batches of a machine on which more than `most` images at once do not fit."""
    tried = []

    def compute(some):
        tried.append(len(some))
        if len(some) > most:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried…")
        return [seed * 2 for seed in some]

    found = [
        pair
        for some, made in Batches(size).run(compute, iter(seeds))
        for pair in zip(some, made, strict=True)
    ]
    return found, tried


@pytest.mark.parametrize(("size", "most"), [(4, 4), (8, 3), (64, 1), (3, 2)])
def test_what_does_not_fit_is_halved_and_nothing_is_lost(size, most):
    found, tried = run(size, most)
    assert found == [(seed, seed * 2) for seed in range(10)]
    failed = [count for count in tried if count > most]
    assert tried[: len(failed)] == failed  # once it fits, nothing larger is tried again


def test_a_machine_on_which_not_even_one_fits_says_so():
    with pytest.raises(SamplingRefused, match="takes more memory"):
        run(4, 0)


def test_other_errors_are_not_taken_for_it():
    def broken(some):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        list(Batches(4).run(broken, iter(range(4))))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert not is_out_of_memory(ValueError("no"))


STARVED = """
import resource, sys
import torch
from models import sample
from models.network import Generator, GeneratorConfig
torch.set_num_threads(1)
made = Generator(GeneratorConfig(256, 1, z_dim=16, w_dim=16, mapping_layers=1, channel_max=32)).eval().requires_grad_(False)
list(sample.sample(made, [0], sample.Settings(), 1))
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 400 * 2**20, -1))
found = list(sample.sample(made, range(24), sample.Settings(), 24))
sys.stdout.write(f"{[seed for seed, _ in found] == list(range(24))} {all(p.std() > 0 for _, p in found)}")
"""


def test_memory_that_really_runs_out_halves_the_batch():
    """24 images at once take about 1.5 GiB here; the process may take 0.4 GiB more than for one."""
    told = subprocess.run([sys.executable, "-c", STARVED], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout == "True True"


def test_computing_ahead_gives_the_same_images():
    made, seeds = generator(), list(range(11))
    alone = dict(sample.sample(made, seeds, Settings(), 3))
    together = [image for batch in sample.sample_ahead([made], seeds, Settings(), 3) for image in batch]
    assert [seed for seed, _ in together] == seeds
    assert all((alone[seed] == pixels).all() for seed, pixels in together)


def test_several_devices_share_out_the_seeds():
    made, seeds = generator(), list(range(40))
    alone = dict(sample.sample(made, seeds, Settings(noise_mode="random")))
    copies = [generator(), generator()]
    found = [
        image
        for batch in sample.sample_ahead(copies, seeds, Settings(noise_mode="random"), 3)
        for image in batch
    ]
    assert sorted(seed for seed, _ in found) == seeds
    assert all(np.abs(alone[seed].astype(int) - pixels).max() <= 1 for seed, pixels in found)


def test_what_cannot_be_sampled_is_refused_before_anything_is_computed():
    with pytest.raises(SamplingRefused, match="classes"):
        sample.sample_ahead([generator()], [0], Settings(class_index=1))
    with pytest.raises(SamplingRefused, match="whole numbers"):
        sample.sample_ahead([generator()], [-1], Settings())


def test_the_caller_is_never_far_behind_and_stopping_ends_the_threads():
    given, before = [], threading.active_count()

    def count():
        for number in range(1000):
            given.append(number)
            yield number

    source = ahead([count()], waiting=2)
    assert [next(source) for _ in range(5)] == [0, 1, 2, 3, 4]
    source.close()
    assert len(given) <= 5 + 2 + 2
    assert threading.active_count() == before


def test_an_error_in_a_source_reaches_the_caller():
    def breaks():
        yield 1
        raise LookupError("gone")

    source = ahead([breaks()])
    assert next(source) == 1
    with pytest.raises(LookupError, match="gone"):
        next(source)


def test_a_truncation_cutoff_leaves_the_last_styles_alone():
    made = generator(replace(TINY, architecture="skip"))
    most = made.config.num_ws
    whole, none, all_, some = (
        dict(sample.sample(made, [3], Settings(psi=0.5, cutoff=cutoff)))[3] for cutoff in (None, 0, most, 2)
    )
    untouched = dict(sample.sample(made, [3], Settings()))[3]
    assert (whole == all_).all()
    assert (none == untouched).all()
    assert (some != whole).any()
    assert (some != none).any()
    with pytest.raises(SamplingRefused, match="cutoff"):
        sample.sample(made, [3], Settings(psi=0.5, cutoff=most + 1))
