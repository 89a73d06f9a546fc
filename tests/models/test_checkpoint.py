"""Our own files: what is saved is loaded, what is damaged or foreign is refused, what is there stays whole."""

import json
import os
import struct
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from models import checkpoint
from models.errors import CheckpointRefused
from tests.models.snapshots import TINY, generator, snapshot

ROOT = Path(__file__).parents[2]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "network.safetensors"
    checkpoint.save(generator(), path, {"format": "a test", "source_sha256": "ab", "kimg": 12.5})
    return path


def test_it_works(saved):
    read = checkpoint.load(saved)
    made = generator()
    assert read.config == made.config
    assert not read.training
    assert not any(each.requires_grad for each in read.parameters())
    assert all(torch.equal(each, read.state_dict()[name]) for name, each in made.state_dict().items())


def test_the_facts_tell_where_it_came_from(saved):
    facts = checkpoint.inspect(saved)
    assert (facts.origin_format, facts.origin_sha256, facts.kimg) == ("a test", "ab", 12.5)
    assert (facts.format, facts.source_sha256) == ("Blindread safetensors", checkpoint.sha256(saved))
    assert (facts.resolution, facts.channels, facts.architecture, facts.conv_clamp) == (16, 1, "skip", None)
    assert json.loads(facts.to_json()) == asdict(facts)


def test_a_file_without_a_source_is_its_own(tmp_path):
    path = tmp_path / "network.safetensors"
    checkpoint.save(generator(), path)
    facts = checkpoint.inspect(path)
    assert facts.source_sha256 == checkpoint.sha256(path)
    assert (facts.origin_format, facts.origin_sha256, facts.kimg) == (None, None, None)


def test_the_first_origin_is_kept_however_often_a_file_is_imported(tmp_path):
    source = tmp_path / "network-snapshot-000200.pkl"
    source.write_bytes(snapshot())
    for name in ("a", "b", "c"):
        checkpoint.import_file(source, tmp_path / f"{name}.safetensors")
        source = tmp_path / f"{name}.safetensors"
    facts = checkpoint.inspect(source)
    assert facts.origin_format.startswith("stylegan2-ada")
    assert facts.origin_sha256 == checkpoint.sha256(tmp_path / "network-snapshot-000200.pkl")
    assert facts.kimg == 200


@pytest.mark.parametrize(
    ("name", "kimg"),
    [("network-snapshot-000200.pkl", 200), ("01_network-snapshot-025000.pkl", 25000), ("brain.pkl", None)],
)
def test_the_name_of_a_snapshot_tells_its_kimg(tmp_path, name, kimg):
    (tmp_path / name).write_bytes(snapshot())
    assert checkpoint.inspect(tmp_path / name).kimg == kimg


def test_importing_again_gives_the_same_bytes(tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot())
    first = checkpoint.import_file(tmp_path / "a.pkl", tmp_path / "a.safetensors")
    again = checkpoint.import_file(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert again == replace(
        first,
        format="Blindread safetensors",
        source_sha256=checkpoint.sha256(tmp_path / "a.safetensors"),
        origin_format=first.format,
        origin_sha256=checkpoint.sha256(tmp_path / "a.pkl"),
    )
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_only_known_facts_of_an_origin_are_kept(tmp_path):
    path = tmp_path / "network.safetensors"
    checkpoint.save(generator(), path, {"path": "/home/secret", "kimg": 1})
    assert b"secret" not in path.read_bytes()


def test_a_refused_import_leaves_the_target_as_it_was(tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot()[:-100])
    target = tmp_path / "a.safetensors"
    target.write_bytes(b"before")
    with pytest.raises(CheckpointRefused):
        checkpoint.import_file(tmp_path / "a.pkl", target)
    assert target.read_bytes() == b"before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.pkl", "a.safetensors"]


def state() -> dict[str, np.ndarray]:
    return {name: each.contiguous().numpy() for name, each in generator().state_dict().items()}


def written(tensors=None, told=None, config=None) -> bytes:
    facts = {"config": asdict(TINY) | (config or {})} if told is None else told
    return save(state() if tensors is None else tensors, {"blindread": json.dumps(facts)})


def _header(told: bytes) -> bytes:
    return struct.pack("<Q", len(told)) + told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (save(state()), "not written by Blindread"),
        (save(state(), {"blindread": "no json"}), "not written by Blindread"),
        (save(state(), {"blindread": "[" * 100_000}), "not written by Blindread"),
        (written(told=[1]), "not written by Blindread"),
        (written(told={"config": {"resolution": 16}}), "not written by Blindread"),
        (written(config={"another": 1}), "not written by Blindread"),
        (written(config={"resolution": "16"}), "resolution"),
        (written(config={"resolution": True}), "resolution"),
        (written(config={"resolution": 1 << 70}), "power of two"),
        (written(config={"architecture": ["skip"]}), "architecture"),
        (written(config={"architecture": "lightweight"}), "architecture"),
        (written(config={"mapping_layers": 1 << 20}), "mapping_layers"),
        (written(config={"conv_clamp": float("nan")}), "conv_clamp"),
        (written(config={"channel_max": 5}), "shape"),
        (written(config={"resolution": 4096, "channel_base": 1 << 20}), "shape"),
        (written(state() | {"mapping.w_avg": np.full(5, np.nan, np.float32)}), "no finite numbers"),
        (written(state() | {"mapping.w_avg": np.full(5, 1e300)}), "no finite numbers"),
        (written(state() | {"mapping.w_avg": np.ones(5, np.int64)}), "I64"),
        (written(state() | {"mapping.another": np.ones(5, np.float32)}), "mapping.another"),
        (written({"mapping.w_avg": np.ones(5, np.float32)}), "lacks"),
        (written()[:-9], "damaged"),
        (written() + bytes(9), "damaged"),
        (_header(b"{" + b" " * 90 + b"}"), "not written by Blindread"),
        (_header(b"{" * 5000), "damaged"),
        (struct.pack("<Q", 1 << 60) + b"{}", "damaged"),
        (
            _header(b'{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4]}}') + bytes(4),
            "damaged",
        ),
        (_header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}') + bytes(8), "damaged"),
    ],
)
def test_a_file_that_is_not_quite_ours_is_refused(tmp_path, content, words):
    path = tmp_path / "network.safetensors"
    path.write_bytes(content)
    for read in (checkpoint.inspect, checkpoint.load):
        with pytest.raises(CheckpointRefused, match=words) as refused:
            read(path)
        assert str(refused.value).endswith(".")


def test_a_snapshot_is_imported_never_loaded(tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot())
    with pytest.raises(CheckpointRefused):
        checkpoint.load(tmp_path / "a.pkl")


def run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "models.checkpoint", *arguments]
    return subprocess.run(
        command, capture_output=True, cwd=ROOT, env=os.environ, text=True, timeout=60, check=False
    )


def test_the_command_prints_facts_or_one_sentence(tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot(generator(replace(TINY, channels=3))))
    done = run(str(tmp_path / "a.pkl"), str(tmp_path / "a.safetensors"))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["channels"] == 3
    assert checkpoint.load(tmp_path / "a.safetensors").config.channels == 3
    for arguments, words in (
        ([str(tmp_path / "no.pkl")], "no.pkl cannot be read: No such file or directory."),
        ([str(tmp_path)], "cannot be read"),
        ([], "usage"),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


def test_reading_needs_no_torch(tmp_path):
    (tmp_path / "a.pkl").write_bytes(snapshot())
    code = "import sys\nfrom models import checkpoint\ncheckpoint.main(sys.argv[1:])\nassert 'torch' not in sys.modules\n"
    command = [sys.executable, "-c", code, str(tmp_path / "a.pkl"), str(tmp_path / "a.safetensors")]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False).returncode == 0


def test_more_numbers_than_any_generator_has_are_refused_before_any_is_read(tmp_path):
    """A small file can describe many large tensors over one small storage."""
    path = tmp_path / "network-snapshot-000200.pkl"
    path.write_bytes(snapshot(attributes=replace(TINY, w_dim=2500, mapping_layers=64)))
    with pytest.raises(CheckpointRefused, match="more than 250 million numbers"):
        checkpoint.inspect(path)


def test_a_pickle_of_an_old_protocol_is_called_what_it_is(tmp_path):
    path = tmp_path / "old.pkl"
    path.write_bytes(b"(dp0\nS'G_ema'\np1\nNs.")
    with pytest.raises(CheckpointRefused, match="pickle of an old protocol"):
        checkpoint.inspect(path)
