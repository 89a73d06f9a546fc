"""NIfTI volumes: which way up they are shown, what is read of them, what is refused before anything is decoded."""

import gzip
import json
import struct
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from app.errors import InvalidError
from app.imaging import nifti
from app.imaging.importer import LIMITS, Decoded, ImportSettings, Refused
from app.imaging.volumes import Cut
from app.imaging.window import Window
from tests.factories_nifti import RAS, stored, write_volume

ORIENTATIONS = ("RAS", "LPS", "LAS", "PSR", "SAL", "IRP", "ASL")
EXACT = Window(127.5 + 0.5, 256)
"""Shows the values 0 to 255 as themselves."""


@pytest.fixture
def decode(decode_twice):
    return decode_twice


def corners():
    """A volume of 5 × 6 × 7 whose value says where a voxel is: x + 10 y, brighter to the right and the front, z apart."""
    x, y, z = np.meshgrid(range(5), range(6), range(7), indexing="ij")
    return (x + 6 * y + 36 * z).astype(np.uint8)


def shown(decode, path, **cut):
    settings = ImportSettings(window=EXACT, cut=Cut(**cut))
    return {each.frame: each for each in decode(path, settings=settings)}


def test_it_works(decode, tmp_path):
    path = write_volume(tmp_path / "a.nii", corners())
    outcomes = decode(path, settings=ImportSettings(size=32))
    assert [(type(o), o.place, o.frame) for o in outcomes] == [(Decoded, 1, n) for n in range(1, 8)]
    assert {o.pixels.shape for o in outcomes} == {(32, 32)}
    assert outcomes[0].window_source == "percentiles"
    assert len({o.window_used for o in outcomes}) == 1  # one window for the whole volume
    assert len({o.patient_group for o in outcomes}) == 1


def every(decode, paths, **cut):
    """All slices of several volumes, by place and frame, decoded by one child."""
    settings = ImportSettings(window=EXACT, cut=Cut(**cut))
    return {(each.place, each.frame): each for each in decode(*paths, settings=settings)}


def test_slices_are_shown_as_radiologists_look_at_them_however_they_are_stored(decode, tmp_path):
    volume = corners()
    files = [f"{towards}.nii{packed}" for towards in ORIENTATIONS for packed in ("", ".gz")]
    paths = [write_volume(tmp_path / name, *stored(volume, name[:3])) for name in files]
    axial, coronal, sagittal = (every(decode, paths, axis=axis) for axis in ("axial", "coronal", "sagittal"))
    for place in range(1, len(paths) + 1):
        seen = axial[place, 3].pixels  # the third from the feet
        assert seen.shape == (6, 5)
        assert seen[0, 0] == volume[4, 5, 2]  # upper left: the patient's right, front
        assert seen[0, -1] == volume[0, 5, 2]
        assert seen[-1, 0] == volume[4, 0, 2]
        seen = coronal[place, 2].pixels  # the second from the back
        assert seen.shape == (7, 5)
        assert seen[0, 0] == volume[4, 1, 6]  # upper left: the patient's right, head
        assert seen[-1, -1] == volume[0, 1, 0]
        seen = sagittal[place, 4].pixels  # the fourth from the left
        assert seen.shape == (7, 6)
        assert seen[0, 0] == volume[3, 5, 6]  # upper left: front, head
        assert seen[-1, -1] == volume[3, 0, 0]


def test_oblique_volumes_are_shown_along_the_closest_axis(decode, tmp_path):
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
    path = write_volume(tmp_path / "a.nii", corners(), turn @ RAS)
    assert shown(decode, path)[1].pixels[0, 0] == corners()[4, 5, 0]


def test_spacing_and_thickness_come_from_the_affine(tmp_path):
    path = write_volume(tmp_path / "a.nii", *stored(corners(), "PSR"))
    for axis, spacing, thickness in (
        ("axial", [3, 2], 4),
        ("coronal", [4, 2], 3),
        ("sagittal", [4, 3], 2),
    ):
        facts = nifti.pictures(path, None, Cut(axis=axis)).facts
        assert facts["pixel_spacing"] == pytest.approx(spacing)
        assert facts["slice_thickness"] == pytest.approx(thickness)
    metres = write_volume(tmp_path / "b.nii", corners(), RAS / 1000, change={"xyzt_units": 1})
    assert nifti.pictures(metres, None, Cut()).facts["slice_thickness"] == pytest.approx(4)


def test_a_range_and_a_step_of_slices(tmp_path):
    path = write_volume(tmp_path / "a.nii.gz", *stored(corners(), "LPI"))

    def numbers(**cut):
        found = nifti.pictures(path, EXACT, Cut(**cut))
        assert len(list(found.frames)) == len(found.numbers)
        return sorted(found.numbers)

    assert numbers(first=2, last=6, every=2) == [2, 4, 6]
    assert numbers(first=6, last=99) == [6, 7]
    assert numbers(first=8) == []


def test_real_numbers_of_every_kind_are_read(decode, tmp_path):
    paths = []
    for dtype in ("u1", "i1", "u2", "<i2", ">i2", "u4", "i4", "i8", "u8", "f4", ">f4", "f8"):
        header = nibabel.Nifti1Header(endianness=">" if dtype.startswith(">") else "<")
        header.set_data_dtype(dtype)
        volume = (corners() % 100).astype(dtype)
        paths.append(tmp_path / f"{len(paths)}.nii")
        nibabel.save(nibabel.Nifti1Image(volume, RAS, header, dtype=volume.dtype), paths[-1])
    seen = every(decode, paths)
    for place in range(1, len(paths) + 1):
        np.testing.assert_array_equal(seen[place, 1].pixels, (corners() % 100)[::-1, ::-1, 0].T)


def test_slope_and_intercept_make_modality_units(decode, tmp_path):
    path = write_volume(tmp_path / "a.nii", corners().astype(np.int16), slope=2.0, inter=-40.0)
    settings = ImportSettings(window=Window(2 * 127.5 - 40 + 0.5, 511))
    seen = {o.frame: o.pixels for o in decode(path, settings=settings)}
    np.testing.assert_allclose(seen[2], corners()[::-1, ::-1, 1].T, atol=1)


def test_the_second_version_is_read_too(decode, tmp_path):
    path = write_volume(tmp_path / "a.nii.gz", corners(), kind=nibabel.Nifti2Image)
    assert len(shown(decode, path)) == 7


def test_a_single_slice_and_a_fourth_dimension_of_one_are_volumes(decode, tmp_path):
    assert len(shown(decode, write_volume(tmp_path / "a.nii", corners()[:, :, 0]))) == 1
    assert len(shown(decode, write_volume(tmp_path / "b.nii", corners()[..., None]))) == 7


def test_no_text_of_a_header_is_kept(decode, tmp_path):
    marker, image = b"CANARY7F3A", nibabel.Nifti1Image(corners(), RAS)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", marker * 3))
    for field in ("descrip", "db_name", "aux_file", "intent_name"):
        image.header[field] = marker
    nibabel.save(image, tmp_path / "a.nii")
    assert (tmp_path / "a.nii").read_bytes().count(marker) == 7
    outcomes = decode(tmp_path / "a.nii")
    assert len(outcomes) == 7
    for each in outcomes:
        assert marker.decode() not in json.dumps(each.facts) + repr(each)
        assert marker not in each.pixels.tobytes()


def refused(decode, path):
    (outcome,) = decode(path)
    assert isinstance(outcome, Refused)
    return outcome.reason


def patched(path, *changes):
    """A good file with these (offset, format, value) written over its header."""
    write_volume(path, corners())
    data = bytearray(path.read_bytes())
    for offset, form, value in changes:
        struct.pack_into(form, data, offset, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([(42, "<h", 0)], "contradicts itself"),
        ([(42, "<h", -5)], "contradicts itself"),
        ([(40, "<h", 9)], "contradicts itself"),
        ([(42, "<h", 30_000)], "too large"),
        ([(42, "<h", 4000), (44, "<h", 4000), (46, "<h", 4000)], "too large"),
        ([(46, "<h", 4000)], "incomplete"),
        ([(48, "<h", 300), (40, "<h", 4)], "300 volumes"),
        ([(70, "<h", 32)], "only real numbers"),
        ([(70, "<h", 1536)], "only real numbers"),
        ([(72, "<h", 64)], "contradicts itself"),
        ([(108, "<f", 1e12)], "contradicts itself"),
        ([(108, "<f", 12.5)], "contradicts itself"),
        ([(108, "<f", float("nan"))], "contradicts itself"),
        ([(112, "<f", 1e38)], "scaling"),
        ([(112, "<f", 2.0), (116, "<f", float("inf"))], "scaling"),
        ([(280, "<f", 0.0), (284, "<f", 0.0), (288, "<f", 0.0)], "how it lies"),
        ([(280, "<f", float("inf"))], "how it lies"),
        ([(344, "<4s", b"ni1\0")], "two files"),
    ],
)
def test_headers_are_judged_before_anything_is_decoded(tmp_path, changes, sentence):
    with pytest.raises(InvalidError, match=sentence):
        list(nifti.pictures(patched(tmp_path / "a.nii", *changes), None, Cut()).frames)


def test_voxels_that_are_no_numbers_are_refused(decode, tmp_path):
    volume = corners().astype(np.float32)
    volume[2, 2, 2] = np.nan
    assert "no finite numbers" in refused(decode, write_volume(tmp_path / "a.nii", volume))


def test_a_volume_that_was_cut_off_is_refused(decode, tmp_path):
    whole = write_volume(tmp_path / "whole.nii", corners()).read_bytes()
    paths = []
    for length in (10, 200, 350, 400):
        for data in (whole[:length], gzip.compress(whole[:length]), gzip.compress(whole)[: length // 2]):
            paths.append(tmp_path / f"{len(paths)}")
            paths[-1].write_bytes(data)
    outcomes = decode(*paths)
    assert [each.place for each in outcomes] == list(range(1, 13))
    for each in outcomes:
        assert isinstance(each, Refused)
        assert each.reason.endswith(".")


def test_a_damaged_gzip_and_one_without_a_volume_are_refused(decode, tmp_path):
    noise = np.random.default_rng(3).integers(0, 255, (64, 64, 64), np.uint8)
    data = bytearray(write_volume(tmp_path / "a.nii.gz", noise).read_bytes())
    data[-8] ^= 1
    (tmp_path / "b.nii.gz").write_bytes(data)
    assert "damaged" in refused(decode, tmp_path / "b.nii.gz")  # its checksum says so
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"some text" * 100))
    assert "no NIfTI volume" in refused(decode, tmp_path / "c.gz")
    (tmp_path / "d.gz").write_bytes(b"\x1f\x8bnothing")
    assert "no NIfTI volume" in refused(decode, tmp_path / "d.gz")


def test_a_bomb_is_read_no_further_than_its_header_declares(decode, tmp_path):
    """2 GB of zeros behind a small volume cost nothing; declared, they are streamed within the child's memory."""
    path = write_volume(tmp_path / "a.nii", corners())
    with gzip.open(tmp_path / "b.nii.gz", "wb", compresslevel=1) as packed:
        packed.write(path.read_bytes())
        for _ in range(256):
            packed.write(bytes(2**20))
    assert len(decode(tmp_path / "b.nii.gz", settings=ImportSettings(window=EXACT))) == 7
    assert (tmp_path / "b.nii.gz").stat().st_size < 2 * 2**20


def test_a_volume_larger_than_the_child_s_memory_is_streamed(decode_in_child, tmp_path):
    """630 MB of voxels in a child that may have 512 MB of address space, across the order in which they are stored."""
    header = nibabel.Nifti1Header()
    header.set_data_shape((512, 512, 1200))
    header.set_data_dtype(np.int16)
    header["vox_offset"] = 352
    header.set_sform(RAS, code=1)
    with (tmp_path / "a.nii").open("wb") as file:
        file.write(header.binaryblock + bytes(4))
        file.truncate(352 + 512 * 512 * 1200 * 2)
    settings = ImportSettings(window=EXACT, cut=Cut(axis="sagittal", every=128))
    limits = replace(LIMITS, memory_bytes=512 * 2**20)
    outcomes = decode_in_child(tmp_path / "a.nii", settings=settings, limits=limits)
    assert [type(each) for each in outcomes] == [Decoded] * 4
    assert outcomes[0].pixels.shape == (1200, 512)


def test_across_the_stored_order_several_passes_give_the_same(tmp_path, monkeypatch):
    """In this process: the block size is the child's own."""
    path = write_volume(tmp_path / "a.nii.gz", *stored(corners(), "ASL"))
    for axis in ("coronal", "sagittal"):
        monkeypatch.undo()
        whole = [each.display for each in nifti.pictures(path, EXACT, Cut(axis=axis)).frames]
        monkeypatch.setattr(nifti, "_BLOCK_BYTES", 90)
        parts = [each.display for each in nifti.pictures(path, EXACT, Cut(axis=axis)).frames]
        np.testing.assert_array_equal(whole, parts)


def test_a_demo_of_real_anatomy_is_upright(decode, tmp_path):
    """A head is narrower at the front of its axial slice than a box, and the file stands in any order."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, 21),) * 3, indexing="ij")
    nose = ((np.abs(x) < 0.1) & (y > 0.9) & (np.abs(z) < 0.1)) | (x**2 + y**2 + z**2 < 0.5)
    path = write_volume(tmp_path / "a.nii", *stored((nose * 200).astype(np.uint8), "IRP"))
    middle = shown(decode, path)[11].pixels
    assert middle[0, 10] == 200  # the nose is above
    assert middle[-1, 10] == 0
