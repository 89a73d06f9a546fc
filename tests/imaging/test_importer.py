"""The import as a whole: places, patients, a child that is killed, and a staging folder that is always gone."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless

from app.imaging import asking
from app.imaging.importer import LIMITS, Decoded, ImportSettings, Refused, decode_all
from app.imaging.sources import Source
from tests.factories_dicom import slice_dataset, write_slice

PIXELS = np.arange(4096, dtype=np.uint16).reshape(64, 64)
NOISE = np.random.default_rng(8).integers(0, 65536, (1024, 1024)).astype(np.uint16)


def children():
    """Decoding children of this process, by their ids."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == os.getpid() and b"app.imaging.child" in (folder / "cmdline").read_bytes():
                yield int(folder.name)
        except (OSError, ValueError):
            continue


def many_frames(path, frames=200, side=512):
    """A file that takes the child a while."""
    stack = np.broadcast_to(NOISE[:side, :side], (frames, side, side))
    dataset = slice_dataset(NOISE[:side, :side])
    dataset.NumberOfFrames, dataset.PixelData = frames, stack.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_it_works(decode, tmp_path):
    first = write_slice(tmp_path / "a", PIXELS)
    (tmp_path / "b").write_text("no image")
    outcomes = decode(first, tmp_path / "b", first, size=32)
    assert [(type(o), o.place) for o in outcomes] == [(Decoded, 1), (Refused, 2), (Decoded, 3)]
    assert outcomes[0].pixels.shape == (32, 32)
    assert outcomes[1].frame is None
    np.testing.assert_array_equal(outcomes[0].pixels, outcomes[2].pixels)


def test_patients_become_random_groups(decode, tmp_path):
    paths = [
        write_slice(tmp_path / f"{n}", PIXELS, patient=p) for n, p in enumerate(["ann", "bob", "ann", "carl"])
    ]
    one, two, three, four = (o.patient_group for o in decode(*paths))
    assert one == three
    assert len({one, two, four}) == 3
    again = [o.patient_group for o in decode(*paths)]
    assert set(again).isdisjoint({one, two, four})


def test_without_an_id_the_name_or_the_study_tells_patients_apart(decode, tmp_path):
    paths = []
    for number, (name, study) in enumerate(
        [("A", "1.1"), ("A", "1.2"), ("", "1.3"), ("", "1.3"), ("", "1.4"), ("", "")]
    ):
        dataset = slice_dataset(PIXELS)
        dataset.PatientID, dataset.PatientName, dataset.StudyInstanceUID = "", name, study
        dataset.save_as(tmp_path / f"{number}", enforce_file_format=True)
        paths.append(tmp_path / f"{number}")
    groups = [o.patient_group for o in decode(*paths)]
    assert groups[0] == groups[1]
    assert groups[2] == groups[3]
    assert len({groups[0], groups[2], groups[4]}) == 3
    assert groups[5] is None


def test_a_child_killed_in_mid_file_costs_that_file_alone(decode, tmp_path):
    before, slow, after = (
        write_slice(tmp_path / "a", PIXELS),
        many_frames(tmp_path / "b"),
        write_slice(tmp_path / "c", PIXELS),
    )
    staging, killed = tmp_path / "staging", []

    def kill():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if staging.exists() and len(list(staging.iterdir())) >= 3:
                killed.extend(children())
                for process in killed:
                    os.kill(process, signal.SIGKILL)
                return
            time.sleep(0.01)

    thread = threading.Thread(target=kill)
    thread.start()
    outcomes = decode(before, slow, after)
    thread.join()
    assert len(killed) == 1
    assert [(type(o), o.place) for o in outcomes] == [(Decoded, 1), (Refused, 2), (Decoded, 3)]
    assert outcomes[1].frame is None
    assert "broke the decoder" in outcomes[1].reason
    assert list(children()) == []


def test_a_file_that_takes_too_long_costs_itself_alone(decode, tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "_SECONDS_PER_BYTE", 0)
    first, last = (write_slice(tmp_path / name, PIXELS) for name in "ac")
    deep = write_slice(tmp_path / "b", np.tile(NOISE, (4, 4)), transfer_syntax=JPEG2000Lossless)
    limits = replace(LIMITS, cpu_seconds=1)
    outcomes = decode(first, deep, last, limits=limits)
    assert [(type(o), o.place) for o in outcomes] == [(Decoded, 1), (Refused, 2), (Decoded, 3)]
    assert "time" in outcomes[1].reason


def test_a_child_that_does_not_answer_in_time_is_stopped(tmp_path):
    sources = [Source(1, write_slice(tmp_path / "a", PIXELS))]
    limits = replace(LIMITS, wall_seconds=0.01)
    (refused,) = decode_all(sources, ImportSettings(), tmp_path / "staging", limits)
    assert refused == Refused(1, None, "Decoding this file took too long and was stopped.")
    assert not (tmp_path / "staging").exists()
    assert list(children()) == []


def test_a_file_that_needs_too_much_memory_costs_itself_alone(decode, tmp_path):
    small = write_slice(tmp_path / "a", PIXELS)
    large = write_slice(tmp_path / "b", np.tile(NOISE, (4, 4)))
    outcomes = decode(small, large, small, limits=replace(LIMITS, memory_bytes=320 * 2**20))
    assert [(type(o), o.place) for o in outcomes] == [(Decoded, 1), (Refused, 2), (Decoded, 3)]
    assert "memory" in outcomes[1].reason


@pytest.mark.parametrize("how", ["close", "raise"])
def test_an_import_that_stops_early_leaves_nothing(tmp_path, how):
    path, staging = many_frames(tmp_path / "a", frames=20), tmp_path / "staging"
    outcomes = decode_all([Source(1, path)], ImportSettings(), staging)
    next(outcomes)
    assert len(list(staging.iterdir())) == 19  # the frames that wait, each to be fetched
    assert len(list(children())) == 1
    if how == "close":
        outcomes.close()
    else:
        with pytest.raises(KeyError):
            outcomes.throw(KeyError("a failure of the caller"))
    assert not staging.exists()
    assert list(children()) == []


def test_only_one_frame_at_a_time_is_in_memory(tmp_path):
    """Frames wait in the staging folder as files and go one by one."""
    path, staging = many_frames(tmp_path / "a", frames=5), tmp_path / "staging"
    waiting = [len(list(staging.iterdir())) for _ in decode_all([Source(1, path)], ImportSettings(), staging)]
    assert waiting == [4, 3, 2, 1, 0]


def test_refusals_of_the_upload_are_passed_on(tmp_path):
    outcomes = list(decode_all([Source(1, None, "A zip.")], ImportSettings(), tmp_path / "staging"))
    assert outcomes == [Refused(1, None, "A zip.")]


def test_a_file_that_is_gone_is_refused(tmp_path):
    (refused,) = decode_all([Source(1, tmp_path / "gone")], ImportSettings(), tmp_path / "staging")
    assert refused.reason == "This file cannot be read."
