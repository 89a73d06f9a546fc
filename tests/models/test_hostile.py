"""Hostile files: nothing of them is run, nothing breaks, and each is refused in one sentence."""

import contextlib
import functools
import io
import json
import os
import pickletools
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.checkpoint_files import import_in_child, inspect_in_child
from app.errors import InvalidError
from tests.models import attacks_tensorflow, attacks_torch
from tests.models.attacks import ARMED, all_attacks
from tests.models.snapshots import snapshot

ROOT = Path(__file__).parents[2]


def read_all(tmp_path, files: dict[str, bytes], reader="ours") -> dict[str, list]:
    """Read the files in a watched child; gives [outcome, sentence, events] for each."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (tmp_path / "good.pkl").write_bytes(snapshot())
    (tmp_path / "good.pt").write_bytes(attacks_torch.whole())
    finished = subprocess.run(
        [sys.executable, "-m", "tests.models.attacked", str(folder), reader],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=250,
    )
    return json.loads(finished.stdout.splitlines()[-1])  # an attack may have printed before


def assert_harmless(tmp_path, results: dict[str, list]) -> None:
    assert not (tmp_path / "hostile-marker").exists()
    assert {name: events for name, (_, _, events) in results.items() if events} == {}
    assert {name: sentence for name, (outcome, sentence, _) in results.items() if outcome == "crashed"} == {}
    for _, sentence, _ in results.values():
        assert len(sentence) < 300
        assert "\n" not in sentence


def test_the_attacks_work_where_python_unpickles(tmp_path):
    """The control: without it the tests below could pass because their files are duds."""
    armed = ARMED | attacks_torch.armed()
    results = read_all(tmp_path, armed, "stock")
    assert {name for name, (_, _, events) in results.items() if not events} == set()
    assert {name for name in armed if not (tmp_path / "ran" / name / "hostile-marker").exists()} == set()


def test_no_attack_runs_and_each_is_refused_in_a_sentence(tmp_path):
    attacks = all_attacks()
    results = read_all(tmp_path, attacks)
    assert len(results) == len(attacks) >= 100
    assert_harmless(tmp_path, results)
    assert {name for name, (outcome, _, _) in results.items() if outcome != "refused"} == set()
    assert {name for name, (_, sentence, _) in results.items() if not sentence.endswith(".")} == set()
    for name in ("network-in-itself", "network-in-many-places"):
        assert "more than 1000 layers" in results[name][1]


def places_of_instructions(whole: bytes) -> list[int]:
    """Where the instructions of every pickle in a file begin."""
    places, file = [], io.BytesIO(whole)
    for match in re.finditer(rb"\x80[\x02-\x04][}(\x8ac\x95]", whole):
        file.seek(match.start())
        with contextlib.suppress(ValueError):  # no pickle, or one that ends with the file
            places += [place for _, _, place in pickletools.genops(file)]
    return sorted(set(places))


FORMATS = {
    "ada": snapshot,
    "zip": attacks_torch.whole,
    "old": functools.partial(attacks_torch.whole, legacy=True),
    "tensorflow": attacks_tensorflow.whole,
}
soak = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("count", [80, pytest.param(None, marks=soak, id="every")])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_off_at_any_instruction_is_refused(tmp_path, kind, count):
    whole = FORMATS[kind]()
    places = places_of_instructions(whole)
    assert len(places) > 300
    chosen = random.Random(7).sample(places, count) if count else places
    for start in range(0, len(chosen), 2000):
        folder = tmp_path / str(start)
        folder.mkdir()
        results = read_all(folder, {f"cut-{place}": whole[:place] for place in chosen[start : start + 2000]})
        assert_harmless(folder, results)
        assert {outcome for outcome, _, _ in results.values()} == {"refused"}


def mutated(whole: bytes, places: list[int], draw: random.Random) -> bytes:
    """A copy with a few bytes changed, most of them at instructions, or a piece moved, doubled or left out."""
    content = bytearray(whole)
    for _ in range(draw.randint(1, 4)):
        place = draw.choice(places) if draw.random() < 0.8 else draw.randrange(len(content))
        place = min(place, len(content) - 1)
        kind = draw.random()
        if kind < 0.7:
            content[place] = (
                draw.choice(b"R\x81b\x93cioQ\x82(.0u}]thj\x94N\x80")
                if draw.random() < 0.4
                else draw.randrange(256)
            )
        elif kind < 0.8:
            del content[place : place + draw.randint(1, 40)]
        elif kind < 0.9:
            content[place:place] = content[draw.randrange(len(content)) :][: draw.randint(1, 200)]
        else:
            content[place:place] = b"cos\nsystem\n" + bytes([draw.randrange(256)])
    return bytes(content)


@pytest.mark.parametrize("count", [150, pytest.param(2500, marks=soak)])
@pytest.mark.parametrize("kind", FORMATS)
def test_files_changed_at_random_run_nothing(tmp_path, kind, count):
    draw, whole = random.Random(11), FORMATS[kind]()
    places = places_of_instructions(whole)
    for start in range(0, count, 1000):
        folder = tmp_path / str(start)
        folder.mkdir()
        files = {
            f"{number}": mutated(whole, places, draw) for number in range(start, min(start + 1000, count))
        }
        results = read_all(folder, files)
        assert_harmless(folder, results)
        refused = sum(outcome == "refused" for outcome, _, _ in results.values())
        assert (
            refused > len(results) * 0.4
        )  # the others changed a weight, a hook's name or what is thrown away


@pytest.mark.parametrize(
    "name", ["global-os-system", "blob-an-armed-pickle", "six-million-steps", "config-of-terabytes"]
)
def test_the_child_refuses_in_the_same_sentence(tmp_path, name):
    path = tmp_path / "file.pkl"
    path.write_bytes(all_attacks()[name])
    with pytest.raises(InvalidError) as refused:
        import_in_child(path, tmp_path / "made.safetensors")
    assert refused.value.sentence.endswith(".")
    assert "within the limits" not in refused.value.sentence
    assert [each.name for each in tmp_path.iterdir()] == ["file.pkl"]


def test_the_child_reads_what_is_good(tmp_path):
    path = tmp_path / "network-snapshot-000200.pkl"
    path.write_bytes(snapshot())
    assert inspect_in_child(path) == import_in_child(path, tmp_path / "made.safetensors")
    assert inspect_in_child(tmp_path / "made.safetensors")["kimg"] == 200
