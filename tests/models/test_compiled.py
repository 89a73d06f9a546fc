"""torch.compile only for long jobs, only where it works, and never another image."""

import shutil

import pytest
import torch

from models import compiled, sample
from models.compiled import Compiled, compile_synthesis, pays
from models.config import GeneratorConfig
from models.network import Noise
from models.prepared import prepare
from models.sample import Settings
from tests.models.test_network import make

CPU = torch.device("cpu")
LARGE = GeneratorConfig(256, 3)


@pytest.mark.skipif(not compiled.has_compiler(), reason="there is no C++ compiler")
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, while it loads its compiler
def test_it_works(tmp_path, monkeypatch):
    """A real compilation: the same images for the size it was made for and, uncompiled, for others."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    generator = prepare(make(resolution=8, channels=3, channel_max=256, channel_base=2048))
    seeds = list(range(5))
    before = dict(sample.sample(generator, seeds, Settings(), 2))
    compile_synthesis(generator.synthesis)
    after = dict(sample.sample(generator, seeds, Settings(), 2))
    assert generator.synthesis.prepared._made_for == (2, "const")
    assert all(abs(before[seed].astype(int) - after[seed]).max() <= 1 for seed in seeds)
    assert any(tmp_path.rglob("*.so"))


@pytest.fixture
def compilable(tmp_path, monkeypatch):
    """A machine that has a compiler."""
    compiler = tmp_path / "some-g++"
    compiler.touch(mode=0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.delenv("TORCH_COMPILE_DISABLE", raising=False)


@pytest.mark.usefixtures("compilable")
def test_only_long_jobs_pay():
    assert pays(LARGE, CPU, 4096, "const")
    assert not pays(LARGE, CPU, 4095, "none")
    assert pays(GeneratorConfig(512, 1), CPU, 1024, "none")
    assert not pays(LARGE, CPU, 1 << 20, "random")
    assert not pays(LARGE, torch.device("cuda:0"), 1 << 20, "const")


@pytest.mark.usefixtures("compilable")
def test_without_a_compiler_or_switched_off_nothing_is_compiled(monkeypatch):
    monkeypatch.setenv("TORCH_COMPILE_DISABLE", "1")
    assert not pays(LARGE, CPU, 1 << 20, "const")
    monkeypatch.delenv("TORCH_COMPILE_DISABLE")
    monkeypatch.setenv("CXX", "/nowhere/g++")
    assert not pays(LARGE, CPU, 1 << 20, "const")
    monkeypatch.delenv("CXX")
    assert compiled.has_compiler() == bool(shutil.which("g++"))


def ready():
    generator = prepare(make())
    with torch.inference_mode():
        return generator.synthesis.prepared, generator.mapping(torch.randn(2, 12))


def broken(call):
    def fails(ws, noise):
        raise RuntimeError("CppCompileError: cc1plus: out of memory")

    return fails


@pytest.mark.parametrize("compiler", [broken, lambda call: lambda ws, noise: call(ws, noise) + 0.01])
def test_a_failing_or_wrong_compiler_changes_nothing(compiler, caplog):
    plain, ws = ready()
    tried = Compiled(plain, compiler)
    with torch.inference_mode():
        expected = plain(ws, Noise())
        assert all(torch.equal(tried(ws, Noise()), expected) for _ in range(2))
    assert tried._given_up
    assert "is not used" in caplog.text


def test_other_batches_and_other_noise_are_computed_as_before():
    plain, ws = ready()
    calls = []

    def counting(call):
        return lambda ws, noise: calls.append((len(ws), noise.mode)) or call(ws, noise)

    tried = Compiled(plain, counting)
    with torch.inference_mode():
        source = [torch.Generator().manual_seed(seed) for seed in range(2)]
        tried(ws, Noise("random", source))
        assert calls == []
        for each in (Noise(), Noise(), Noise("none")):
            assert torch.equal(tried(ws, each), plain(ws, each))
        tried(ws[:1], Noise())
    assert calls == [(2, "const")] * 2
    assert (tried.dtype, tried.nbytes) == (plain.dtype, plain.nbytes)


def test_a_long_job_compiles_and_a_generator_that_is_not_prepared_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(compiled, "_FEWEST_PIXELS", 16 * 16 * 3)
    monkeypatch.setattr(compiled, "has_compiler", lambda: True)
    generator = prepare(make())
    sample.sample(generator, [1, 2], Settings())
    assert not isinstance(generator.synthesis.prepared, Compiled)
    sample.sample(generator, [1, 2, 3], Settings())
    first = generator.synthesis.prepared
    assert isinstance(first, Compiled)
    sample.sample_ahead([generator], [1, 2, 3], Settings()).close()
    assert generator.synthesis.prepared is first
    plain = make()
    compile_synthesis(plain.synthesis)
    assert plain.synthesis.prepared is None
