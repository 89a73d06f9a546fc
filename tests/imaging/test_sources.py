"""Uploads taken apart: order, places, and zips that lie."""

import io
import os
import stat
import struct
import zipfile

import pytest

from app.imaging import sources
from app.imaging.sources import Source


def archive(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return path


def collect(tmp_path, *paths):
    return sources.collect(paths, tmp_path / "unpacked")


def everything_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_it_works(tmp_path):
    folder = tmp_path / "given"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "2").write_bytes(b"two")
    (folder / "a").write_bytes(b"one")
    archive(folder / "c.zip", [("z", b"three"), ("deep/er/a", b"four")])
    found = collect(tmp_path, folder, folder / "a")
    assert [source.place for source in found] == [1, 2, 3, 4, 5]
    assert [source.path.read_bytes() for source in found] == [b"one", b"two", b"three", b"four", b"one"]
    assert everything_below(tmp_path / "unpacked") == ["000003", "000004"]


def test_hidden_files_and_clutter_have_no_place(tmp_path):
    folder = tmp_path / "given"
    (folder / ".hidden").mkdir(parents=True)
    (folder / ".hidden" / "a").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    archive(folder / "a.zip", [("__MACOSX/._1", b"x"), ("d/.DS_Store", b"x"), ("d/", b""), ("d/1", b"good")])
    found = collect(tmp_path, folder)
    assert [(source.place, source.path.read_bytes()) for source in found] == [(1, b"good")]


def test_links_in_folders_are_not_followed(tmp_path):
    folder, outside = tmp_path / "given", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (folder / "file").symlink_to(outside / "secret")
    (folder / "folder").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    assert collect(tmp_path, folder) == []


def test_names_in_a_zip_are_never_paths(tmp_path):
    names = [
        "../../slip",
        "/etc/slip",
        "..\\slip",
        "C:\\slip",
        "a/../../../slip",
        "slip\0.png",
        "x" * 300,
        "CON",
        "é",
    ]
    path = archive(tmp_path / "a.zip", [(name, b"content") for name in names])
    found = collect(tmp_path, path)
    assert all(source.path.read_bytes() == b"content" for source in found)
    assert everything_below(tmp_path / "unpacked") == [f"{place:06d}" for place in range(1, len(names) + 1)]
    assert everything_below(tmp_path) == [
        "a.zip",
        "unpacked",
        *(f"unpacked/{n:06d}" for n in range(1, len(names) + 1)),
    ]


def test_links_in_a_zip_are_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    found = collect(tmp_path, archive(tmp_path / "a.zip", [(link, "/etc/passwd"), ("b", b"good")]))
    assert found[0] == Source(1, None, "This entry of the zip is a link, not a file.")
    assert found[1].path.read_bytes() == b"good"


def test_a_zip_inside_a_zip_is_refused_whatever_its_name(tmp_path):
    inner = io.BytesIO()
    archive(inner, [("a", b"x")])
    path = archive(tmp_path / "a.zip", [("b.zip", inner.getvalue()), ("b.dcm", inner.getvalue())])
    assert [source.refusal for source in collect(tmp_path, path)] == [
        "A zip inside a zip is not unpacked; unpack it first."
    ] * 2
    assert everything_below(tmp_path / "unpacked") == []


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MOST_FILE_BYTES", 3000)
    monkeypatch.setattr(sources, "MOST_TOTAL_BYTES", 4000)
    one = archive(tmp_path / "1.zip", [("a", bytes(2500)), ("b", bytes(3001)), ("c", bytes(1000))])
    two = archive(tmp_path / "2.zip", [("d", bytes(501)), ("e", bytes(500))])
    found = collect(tmp_path, one, two)
    assert [source.refusal for source in found] == [
        None,
        "This file of the zip is too large.",
        None,
        "There is no room left for this file: the upload unpacks to more than is allowed.",
        None,
    ]
    assert everything_below(tmp_path / "unpacked") == ["000001", "000003", "000005"]


def test_a_member_larger_than_it_says_is_refused(tmp_path):
    path = archive(tmp_path / "a.zip", [("a", bytes(10_000_000))])
    data = bytearray(path.read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    for place in (22, directory + 24):
        data[place : place + 4] = struct.pack("<I", 100)
    path.write_bytes(data)
    (source,) = collect(tmp_path, path)
    assert source.path is None
    assert "zip" in source.refusal
    assert everything_below(tmp_path / "unpacked") == []


def test_only_so_many_files_are_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MOST_FILES", 3)
    found = collect(tmp_path, archive(tmp_path / "a.zip", [(str(n), b"x") for n in range(9)]))
    assert [source.place for source in found] == [1, 2, 3, 4]
    assert [bool(source.refusal) for source in found] == [False, False, False, True]
    assert "first 3 files" in found[3].refusal


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_unusual_compression_is_refused(tmp_path, compression):
    (source,) = collect(tmp_path, archive(tmp_path / "a.zip", [("a", b"x" * 100)], compression))
    assert "unusual" in source.refusal


def test_an_encrypted_member_is_refused(tmp_path):
    path = archive(tmp_path / "a.zip", [("a", b"x")])
    data = bytearray(path.read_bytes())
    for place in (6, data.rindex(b"PK\x01\x02") + 8):
        data[place] |= 1
    path.write_bytes(data)
    assert collect(tmp_path, path) == [Source(1, None, "This file of the zip is encrypted.")]


def test_an_empty_and_a_broken_zip_are_one_refusal_each(tmp_path):
    empty = archive(tmp_path / "empty.zip", [])
    whole = archive(tmp_path / "whole.zip", [("a", bytes(range(256)) * 40)]).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    flipped = bytearray(whole)
    flipped[60:80] = bytes(20)
    (tmp_path / "flipped.zip").write_bytes(flipped)
    found = collect(tmp_path, empty, tmp_path / "cut.zip", tmp_path / "flipped.zip")
    assert [source.refusal for source in found] == [
        "This zip file is empty.",
        "This zip file is damaged or incomplete.",
        "This file of the zip is damaged.",
    ]


def test_damaged_zips_never_break_the_collection(tmp_path):
    import random

    chance = random.Random(11)
    whole = archive(tmp_path / "whole.zip", [(f"f{n}", bytes(range(200)) * 5) for n in range(4)]).read_bytes()
    for round_ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        if round_ % 5 == 0:
            del data[chance.randrange(4, len(data)) :]
        path = tmp_path / "damaged.zip"
        path.write_bytes(data)
        found = sources.collect([path], tmp_path / f"unpacked{round_}")
        assert found
        assert all((source.path is None) != (source.refusal is None) for source in found)


@pytest.mark.parametrize("zip64", [False, True])
def test_a_zip_that_lists_millions_of_files_is_refused_before_its_list_is_read(tmp_path, zip64):
    """One empty member, named again and again by the list at the end."""
    path, count = tmp_path / "many.zip", 400_000
    entry = b"PK\1\2" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    listed = entry * count
    head = b"PK\3\4" + struct.pack("<5H3I2H", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    size = 0xFFFFFFFF if zip64 else len(listed)
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 0xFFFF, 0xFFFF, size, len(head), 0)
    longer = b"PK\6\6" + struct.pack("<Q2H2I4Q", 44, 45, 45, 0, 0, count, count, len(listed), len(head))
    pointer = b"PK\6\7" + struct.pack("<IQI", 0, len(head) + len(listed), 1)
    path.write_bytes(head + listed + (longer + pointer if zip64 else b"") + end)
    with zipfile.ZipFile(path) as sound:
        assert len(sound.infolist()) == count
    (refused,) = collect(tmp_path, path)
    assert "lists far more than" in refused.refusal


def test_a_zip_that_says_nothing_of_its_list_has_none(tmp_path):
    for content in (b"PK\3\4", b"PK\5\6", b"PK\3\4" + b"PK\6\7" + bytes(16) + b"PK\5\6" + bytes(18)):
        (tmp_path / "a").write_bytes(content)
        assert sources.directory_bytes(tmp_path / "a") == 0
