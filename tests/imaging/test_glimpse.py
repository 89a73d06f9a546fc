"""A few files of an upload: which are picked, and what of a zip is not unpacked for a look."""

import stat
import zipfile
from pathlib import Path

from app.imaging import glimpse, sources


def packed(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_places_are_those_of_the_import(tmp_path):
    (tmp_path / "1").write_bytes(b"first")
    packed(tmp_path / "2", [("a", b"a"), (".DS_Store", b""), ("folder/", b""), ("b", b"b")])
    (tmp_path / "3").write_bytes(b"PK\x03\x04 no zip")
    (tmp_path / "4").write_bytes(b"last")
    files = [tmp_path / name for name in "1234"]
    out = tmp_path / "out"
    out.mkdir()
    picked = list(glimpse.pick(files, 99, out))
    found = sources.collect(files, tmp_path / "unpacked")
    assert [each["place"] for each in picked] == [source.place for source in found] == [1, 2, 3, 4, 5]
    for each, source in zip(picked, found, strict=True):
        if source.path:
            assert Path(each["path"]).read_bytes() == source.path.read_bytes()
    assert len(list(out.iterdir())) == 2
    assert [each["place"] for each in glimpse.pick(files, 2, out)] == [2, 4]


def test_members_that_cannot_be_unpacked_say_why(tmp_path, monkeypatch):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = packed(tmp_path / "a", [(link, b"target"), ("large", b"x" * 2000), ("damaged", b"y" * 900)])
    data = bytearray(path.read_bytes())
    data[data.index(b"yyyy")] = 0
    path.write_bytes(data)
    monkeypatch.setattr(glimpse, "MOST_MEMBER_BYTES", 1000)
    refused = [each["refused"] for each in glimpse.pick([path], 9, tmp_path)]
    assert refused == [
        "This file of the zip cannot be unpacked.",
        "This file of the zip is too large for a preview; the import reads it all the same.",
        "This file of the zip is damaged.",
    ]
