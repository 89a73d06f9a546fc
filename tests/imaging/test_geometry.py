"""Turn, flip, cut, resize: on images whose every corner differs, in one order."""

import numpy as np
import pytest

from app.imaging.geometry import Geometry, arranged, centred, placed, shape
from app.imaging.importer import Decoded, ImportSettings
from app.imaging.settings import STEPS, from_json, to_json
from tests.factories_dicom import write_slice

F = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


@pytest.fixture
def decode(decode_twice):
    return decode_twice


@pytest.mark.parametrize(
    ("geometry", "seen"),
    [
        (Geometry(), [[1, 2, 3], [4, 5, 6]]),
        (Geometry(rotate=90), [[4, 1], [5, 2], [6, 3]]),
        (Geometry(rotate=180), [[6, 5, 4], [3, 2, 1]]),
        (Geometry(rotate=270), [[3, 6], [2, 5], [1, 4]]),
        (Geometry(flip="left-right"), [[3, 2, 1], [6, 5, 4]]),
        (Geometry(flip="up-down"), [[4, 5, 6], [1, 2, 3]]),
        (Geometry(flip="both"), [[6, 5, 4], [3, 2, 1]]),
        (Geometry(rotate=90, flip="left-right"), [[1, 4], [2, 5], [3, 6]]),  # turned first, then flipped
        (Geometry(square="crop"), [[1, 2], [4, 5]]),
        (Geometry(square="crop", rotate=90), [[4, 1], [5, 2]]),
        (Geometry(side=1), [[2]]),
        (Geometry(side=3), [[1, 2, 3], [4, 5, 6], [0, 0, 0]]),
        (Geometry(side=4), [[0, 0, 0, 0], [1, 2, 3, 0], [4, 5, 6, 0], [0, 0, 0, 0]]),
        (Geometry(side=2, square="crop"), [[1, 2], [4, 5]]),
    ],
)
def test_each_step_on_an_asymmetric_image(geometry, seen):
    np.testing.assert_array_equal(arranged(F, geometry), seen)


def test_colours_go_the_same_way():
    colours = np.stack([F, F + 10, F + 20], axis=-1)
    turned = arranged(colours, Geometry(rotate=90, flip="up-down", side=2))
    for channel in range(3):
        alone = arranged(colours[..., channel], Geometry(rotate=90, flip="up-down", side=2))
        np.testing.assert_array_equal(turned[..., channel], alone)


def test_four_quarter_turns_and_two_flips_change_nothing():
    turned = F
    for _ in range(4):
        turned = arranged(turned, Geometry(rotate=90))
    np.testing.assert_array_equal(turned, F)
    np.testing.assert_array_equal(arranged(arranged(F, Geometry(flip="both")), Geometry(flip="both")), F)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["none", "left-right", "up-down", "both"])
@pytest.mark.parametrize("cut", [{}, {"square": "crop"}, {"side": 7}, {"side": 16}])
def test_a_box_goes_where_its_pixels_go(rotate, flip, cut):
    geometry = Geometry(rotate=rotate, flip=flip, **cut)
    for box in ((0, 0, 3, 2), (4, 3, 5, 4), (9, 7, 2, 1), (11, 8, 1, 1)):
        image = np.zeros((9, 12), np.float32)
        left, top, width, height = box
        image[top : top + height, left : left + width] = 1
        seen = arranged(image, geometry)
        assert seen.shape == shape(image.shape, geometry)
        rows, columns = np.nonzero(seen)
        found = placed(box, image.shape, geometry)
        if not rows.size:
            assert found is None
            continue
        assert found == (
            columns.min(),
            rows.min(),
            columns.max() - columns.min() + 1,
            rows.max() - rows.min() + 1,
        )


def test_a_cut_is_centred():
    rows = np.arange(10, dtype=np.float32)[:, None].repeat(4, axis=1)
    np.testing.assert_array_equal(centred(rows, 4, 4)[:, 0], [3, 4, 5, 6])
    np.testing.assert_array_equal(centred(rows, 4, 8)[0], [0, 0, 3, 3, 3, 3, 0, 0])


def test_an_import_turns_before_it_cuts_and_resizes_last(decode, tmp_path):
    pixels = np.zeros((40, 64), np.uint16)
    pixels[:20, :32] = 255  # upper left
    path = write_slice(tmp_path / "a", pixels, window=(128, 256))
    settings = ImportSettings(size=16, geometry=Geometry(rotate=90, square="crop"))
    (kept,) = decode(path, settings=settings)
    assert isinstance(kept, Decoded)
    assert kept.pixels.shape == (16, 16)
    corners = kept.pixels[2, 2], kept.pixels[2, -3], kept.pixels[-3, 2], kept.pixels[-3, -3]
    assert corners == (0, 255, 0, 0)
    assert STEPS == ("window", "rotate", "flip", "cut", "resize")


def test_settings_survive_json_and_old_sets_stay_readable():
    from app.imaging.settings import Selection
    from app.imaging.volumes import Cut
    from app.imaging.window import Window

    settings = ImportSettings(
        window=Window(-600, 1500),
        window_name="lung",
        size=256,
        geometry=Geometry(90, "both", "crop", 300),
        cut=Cut("coronal", 3, 90, 2),
        selection=Selection(0.1, 20, True, 5),
    )
    assert from_json(to_json(settings)) == settings
    old = {"window_center": 40, "window_width": 400, "size": 64}
    assert from_json(old) == ImportSettings(Window(40, 400), 64)
    assert from_json({"window_center": None}) == ImportSettings()
