"""Which slices an import keeps: by foreground, by masks, at most so many a patient; and windows that go by a name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from app.imaging.importer import Decoded, ImportSettings, LeftOut, Looked, Refused, passes
from app.imaging.presets import HOUNSFIELD
from app.imaging.selection import Slice, at_most, evenly, foreground_share
from app.imaging.settings import Selection
from app.imaging.volumes import Cut
from app.imaging.window import Window
from tests.factories_dicom import write_slice
from tests.factories_nifti import RAS, stored, write_volume

WINDOW = Window(128, 256)


@pytest.fixture
def decode(decode_twice):
    return decode_twice


def asked(**selection):
    return ImportSettings(window=WINDOW, selection=Selection(**selection))


def kept(outcomes):
    return [(each.place, each.frame) for each in outcomes if isinstance(each, Decoded)]


def left_out(outcomes):
    return [(each.place, each.count, each.why) for each in outcomes if isinstance(each, LeftOut)]


def growing(shape=(10, 10, 8)):
    """Slice n (from 1) of a volume has n rows of ten that are bright."""
    volume = np.zeros(shape, np.uint8)
    for z in range(shape[2]):
        volume[:, : z + 1, z] = 200
    return volume


@pytest.mark.parametrize(
    ("count", "wanted", "places"),
    [
        (10, 3, [1, 5, 8]),
        (10, 1, [5]),
        (10, 10, list(range(10))),
        (3, 9, [0, 1, 2]),
        (7, 2, [1, 5]),
        (0, 4, []),
    ],
)
def test_evenly_spread_places(count, wanted, places):
    assert evenly(count, wanted) == places


def test_evenly_spread_places_differ_and_leave_no_gap_much_larger_than_another():
    for count in range(1, 60):
        for wanted in range(1, count + 1):
            places = evenly(count, wanted)
            assert len(set(places)) == wanted
            gaps = np.diff([-1, *places, count])
            assert gaps[1:-1].size == 0 or np.ptp(gaps[1:-1]) <= 1
            assert abs(int(gaps[0]) - int(gaps[-1])) <= 2


def test_a_patient_s_slices_are_counted_over_all_files():
    slices = [Slice(place, frame, place % 2) for place in range(1, 9) for frame in (1, 2)]
    staying = at_most(slices, 2)
    assert sorted(staying) == [(3, 1), (4, 1), (7, 1), (8, 1)]
    assert at_most(reversed(slices), 2) == staying


def test_foreground_is_what_is_brighter_than_the_threshold():
    image = np.array([[0, 10], [11, 255]], np.uint8)
    assert foreground_share(image, 10) == 0.5
    assert foreground_share(np.stack([image, image, np.zeros_like(image)], -1), 10) == 0.25


def test_slices_with_too_little_foreground_are_left_out_and_counted(decode, tmp_path):
    path = write_volume(tmp_path / "a.nii", growing())
    outcomes = decode(path, settings=asked(min_share=0.45))
    assert kept(outcomes) == [(1, 5), (1, 6), (1, 7), (1, 8)]
    assert left_out(outcomes) == [(1, 4, "selection")]
    assert left_out(decode(path, settings=asked(min_share=0.45, threshold=220))) == [(1, 8, "selection")]


def test_at_most_so_many_of_a_patient_over_files_and_volumes(decode, tmp_path):
    paths = [
        write_slice(tmp_path / f"{n:02d}", np.full((16, 16), n, np.uint16), patient=p)
        for n, p in enumerate("aabababbab")
    ]
    paths.append(write_volume(tmp_path / "v.nii", growing()))
    settings = asked(per_patient=2)
    outcomes = decode(*paths, settings=settings)
    chosen = kept(outcomes)
    assert chosen == kept(decode(*paths, settings=settings))  # the same again
    groups = {each.patient_group for each in outcomes if isinstance(each, Decoded)}
    assert len(groups) == 3
    assert len(chosen) == 6
    assert chosen[-2:] == [(11, 3), (11, 7)]
    assert sum(count for _, count, why in left_out(outcomes) if why == "patient") == 12


def test_the_number_a_patient_counts_what_is_selected(decode, tmp_path):
    path = write_volume(tmp_path / "a.nii", growing())
    settings = asked(min_share=0.45, per_patient=2)
    outcomes = decode(path, settings=settings)
    assert kept(outcomes) == [(1, 6), (1, 8)]
    assert left_out(outcomes) == [(1, 4, "selection"), (1, 2, "patient")]
    assert passes(settings) == 3
    assert sum(isinstance(each, Looked) for each in outcomes) == 2


def test_what_cannot_be_looked_at_is_refused_once(decode, tmp_path):
    (tmp_path / "b").write_text("text")
    torn = tmp_path / "c"
    torn.write_bytes(write_volume(tmp_path / "v.nii", growing()).read_bytes()[:600])
    outcomes = decode(tmp_path / "b", torn, tmp_path / "v.nii", settings=asked(min_share=0.1, per_patient=1))
    refused = [(each.place, each.frame) for each in outcomes if isinstance(each, Refused)]
    assert refused == [(1, None), (2, 3)]  # two slices are whole
    assert kept(outcomes) == [(2, 2), (3, 5)]


def mask_of(volume, frames, towards="RAS", affine=RAS):
    mask = np.zeros_like(volume)
    for frame in frames:
        mask[3, 4, frame - 1] = 1
    return stored(mask, towards, affine)


@pytest.mark.parametrize("axis", ["axial", "coronal", "sagittal"])
def test_only_slices_that_the_mask_marks_are_kept(decode, tmp_path, axis):
    path = write_volume(tmp_path / "a.nii", *stored(growing(), "LPS"))
    mask = write_volume(tmp_path / "m.nii.gz", *mask_of(growing(), (2, 5), "LPS"))
    settings = replace(asked(by_mask=True), cut=Cut(axis=axis))
    outcomes = decode(path, settings=settings, masks=[mask])
    expected = {"axial": [(1, 2), (1, 5)], "coronal": [(1, 5)], "sagittal": [(1, 4)]}
    assert sorted(kept(outcomes)) == expected[axis]
    total = {"axial": 8, "coronal": 10, "sagittal": 10}[axis]
    assert left_out(outcomes) == [(1, total - len(expected[axis]), "selection")]


def test_masks_find_their_volumes_by_where_their_voxels_lie(decode, tmp_path):
    moved = RAS.copy()
    moved[2, 3] = 7
    volumes = [
        write_volume(tmp_path / "a.nii", growing(), moved),
        write_volume(tmp_path / "b.nii", growing()),
        write_volume(tmp_path / "c.nii", growing((10, 10, 9))),
    ]
    slice_file = write_slice(tmp_path / "d", np.zeros((16, 16), np.uint16))
    masks = [
        write_volume(tmp_path / "m1.nii", *mask_of(growing(), (3,))),
        write_volume(tmp_path / "m2.nii", *mask_of(growing(), (6,), affine=moved)),
        slice_file,
    ]
    outcomes = decode(*volumes, slice_file, settings=asked(by_mask=True), masks=masks)
    assert kept(outcomes) == [(1, 6), (2, 3)]
    reasons = {(each.place, each.frame): each.reason for each in outcomes if isinstance(each, Refused)}
    assert "No mask has the same size" in reasons[3, None]
    assert "this file is none" in reasons[4, None]
    assert "no NIfTI volume" in reasons[0, 3]


def test_masks_of_equal_grids_go_by_order_where_there_are_as_many(decode, tmp_path):
    volumes = [write_volume(tmp_path / f"{n}.nii", growing()) for n in "ab"]
    masks = [
        write_volume(tmp_path / f"m{n}.nii", *mask_of(growing(), (frame,)))
        for n, frame in (("a", 2), ("b", 7))
    ]
    assert kept(decode(*volumes, settings=asked(by_mask=True), masks=masks)) == [(1, 2), (2, 7)]
    outcomes = decode(*volumes, settings=asked(by_mask=True), masks=masks[:1])
    assert [each.reason[:11] for each in outcomes if isinstance(each, Refused)] == ["2 volumes b"] * 2


def test_a_window_in_hounsfield_units_is_for_ct(decode, tmp_path):
    ct, mr = get_testdata_file("CT_small.dcm"), get_testdata_file("MR_small.dcm")
    paths = [tmp_path / "ct", tmp_path / "mr"]
    for path, file in zip(paths, (ct, mr), strict=True):
        path.write_bytes(Path(file).read_bytes())
    one, other = decode(*paths, settings=ImportSettings(window=HOUNSFIELD["lung"], window_name="lung"))
    assert one.window_used == Window(-600, 1500)
    assert other.reason == (
        "This is MR, not CT: the lung window is in Hounsfield units, which only CT has. "
        "Choose percentiles, or give centre and width."
    )


def test_percentiles_pass_over_the_file_s_own_window(decode, tmp_path):
    pixels = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    path = write_slice(tmp_path / "a", pixels, window=(100, 50))
    (own,) = decode(path)
    (by_percentiles,) = decode(path, settings=ImportSettings(window_name="percentiles"))
    assert (own.window_source, own.window_used) == ("file", Window(100, 50))
    assert by_percentiles.window_source == "percentiles"
    assert by_percentiles.window_used.width > 3900
