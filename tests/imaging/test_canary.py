"""A marker in every attribute that can hold one, and in the file's name: none of it survives the import."""

import json
import sys
import zipfile

import pytest

from app import sandbox
from app.imaging import sources, stimulus, thumbnail
from app.imaging.importer import LIMITS, Decoded, ImportSettings, Refused, decode_all
from tests.imaging.canary import MARKER, SYNTAXES, forms, found_below, holds_marker, marked, table


def test_the_files_have_the_marker_in_every_attribute_of_the_table(tmp_path):
    for syntax in SYNTAXES:
        data = marked(tmp_path / "a", syntax=syntax).read_bytes()
        assert data.count(MARKER.encode()) > 2000
        for tag in table():
            at = data.find((tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little"))
            assert at > 0, f"{tag:08X}"
    assert len(list(table())) > 652


@pytest.mark.parametrize(
    "hidden",
    [
        MARKER.encode(),
        MARKER.lower().encode(),
        MARKER.encode("utf-16"),
        b"ACANYRF7A3",
        b"x" * 5 + b"Q0FOQVJZN0YzQQ==",
        b"43414e41525937463341",
    ],
)
def test_the_search_finds_the_marker_in_disguise(tmp_path, hidden):
    assert forms().search(hidden)
    assert holds_marker(b"..." + hidden)
    assert not holds_marker(b"CANARY7F3")


def test_the_search_looks_into_containers(tmp_path):
    import gzip
    import io
    import zlib

    import numpy as np

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", MARKER * 3)
    pixels = np.frombuffer(MARKER.encode() * 10, np.uint8).reshape(10, 10)
    for data in (
        packed.getvalue(),
        gzip.compress(MARKER.encode() * 9),
        b"head" + zlib.compress(MARKER.encode() * 9),
        stimulus.encode(pixels, compress=True),
    ):
        assert MARKER.encode() not in data
        assert holds_marker(data)
    (tmp_path / f"{MARKER}.txt").write_text("nothing")
    assert len(found_below(tmp_path)) == 1


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_nothing_of_a_file_survives_but_pixels_and_listed_facts(tmp_path, capfd, caplog, syntax):
    given, work = tmp_path / "given", tmp_path / "work"
    given.mkdir()
    work.mkdir()
    files = [
        marked(given / f"{MARKER}.dcm", syntax=syntax),
        marked(given / f"{MARKER}_refused.dcm", refused=True, syntax=syntax),
        marked(given / f"{MARKER}_without_pixels.dcm", nameless=True),
    ]
    with zipfile.ZipFile(given / f"{MARKER}.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, f"{MARKER}/{file.name}")
    found = sources.collect([*files, given / f"{MARKER}.zip"], work / "unpacked")
    assert not [path for path in (work / "unpacked").rglob("*") if MARKER in path.name]

    caplog.clear()  # until here it was this test that wrote
    capfd.readouterr()
    told, written = [], b""
    for outcome in decode_all(found, ImportSettings(), work / "staging"):
        assert found_below(work / "staging") == []
        told.append(repr(outcome))
        if isinstance(outcome, Decoded):
            written += (
                outcome.pixels.tobytes() + stimulus.encode(outcome.pixels) + thumbnail.encode(outcome.pixels)
            )
            kept = outcome
        else:
            assert isinstance(outcome, Refused)
    assert [text.split("(")[0] for text in told] == ["Decoded", "Refused", "Refused"] * 2
    assert MARKER not in "".join(told)
    assert MARKER.encode() not in written
    output = capfd.readouterr()
    assert MARKER not in output.out + output.err + caplog.text
    assert not (work / "staging").exists()

    assert set(kept.facts) == {
        "modality",
        "body_part",
        "manufacturer",
        "pixel_spacing",
        "slice_thickness",
        "burned_in",
        "secondary_capture",
    }
    assert isinstance(kept.patient_group, int)


def test_not_even_the_child_says_who_the_patient_is(tmp_path):
    path, staging = marked(tmp_path / "a"), tmp_path / "staging"
    staging.mkdir()
    question = {"path": str(path), "window": None, "size": None, "staging": str(staging)}
    with sandbox.spawn([sys.executable, "-m", "app.imaging.child"], LIMITS, writable=staging) as child:
        ((one,), (again,), (other,)) = (child.ask({**question, "salt": salt}) for salt in ("s", "s", "t"))
    assert MARKER not in json.dumps(one)
    assert one["patient"] == again["patient"] != other["patient"]
