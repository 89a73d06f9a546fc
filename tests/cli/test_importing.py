"""`blindread images import` with every option, and what it says and keeps of them."""

import numpy as np
import pytest

from app.db import Database
from app.imaging.geometry import Geometry
from app.imaging.settings import STEPS, ImportSettings, Selection, from_json
from app.imaging.volumes import Cut
from app.imaging.window import Window
from app.services import import_settings, import_words
from app.tables.images import ImageSet
from app.tables.origins import Origin
from tests.factories_nifti import write_volume


@pytest.fixture
def ready(blindread, tmp_path):
    blindread("migrate")
    assert blindread("user", "add", "a@b.org", "--role", "researcher").code == 0
    values = np.zeros((20, 24, 30), np.int16)
    values[4:16, 6:18] = 60
    write_volume(tmp_path / "volume.nii.gz", values)
    marked = np.zeros((20, 24, 30), np.uint8)
    marked[10, 8:15, 5] = 1
    write_volume(tmp_path / "mask.nii.gz", marked)
    return tmp_path


def kept(folder):
    database = Database(f"sqlite:///{folder / 'data' / 'blindread.db'}")
    with database.read() as db:
        (image_set,) = db.query(ImageSet)
        frames = sorted(origin.frame for origin in db.query(Origin))
    database.close()
    return dict(image_set.pipeline), frames


def test_every_option_is_heeded_and_recorded(blindread, ready):
    asked = {
        "window": "abdomen",
        "size": "32",
        "rotate": "90",
        "flip": "left-right",
        "square": "crop",
        "side": "16",
        "axis": "coronal",
        "first": "5",
        "last": "20",
        "every": "2",
        "min-foreground": "5",
        "threshold": "20",
        "per-patient": "2",
        "masks": ready / "mask.nii.gz",
    }
    options = [each for name, value in asked.items() for each in (f"--{name}", value)]
    told = blindread("images", "import", "Set", ready / "volume.nii.gz", *options)
    assert told.code == 0, told.err
    assert told.out.splitlines()[:2] == [
        "4 slices were left out by the selection.",
        "2 slices were left out as more than so many a patient.",
    ]
    pipeline, frames = kept(ready)
    assert frames == [11, 15]
    assert from_json(pipeline) == ImportSettings(
        window=Window(40, 400),
        window_name="abdomen",
        size=32,
        geometry=Geometry(90, "left-right", "crop", 16),
        cut=Cut("coronal", 5, 20, 2),
        selection=Selection(0.05, 20, True, 2),
    )
    assert (pipeline["steps"], pipeline["filter"]) == (list(STEPS), "lanczos")
    assert import_words.said(pipeline) == [
        ("Window", "abdomen: centre 40, width 400"),
        ("Size", "32 px, Lanczos"),
        ("Geometry", "rotated 90° clockwise, flipped left-right, centre of 16 × 16 pixels"),
        ("Volumes", "coronal slices 5 to 20, each 2nd"),
        ("Slices", "in the mask, at least 5 % brighter than 20, at most 2 a patient, evenly spread"),
    ]


def test_settings_fill_a_form_that_gives_them_again(ready):
    for settings in (
        ImportSettings(),
        ImportSettings(Window(-600.5, 1500), 64, geometry=Geometry(180, "both", "crop", 100)),
        ImportSettings(
            window_name="percentiles", cut=Cut("sagittal", 2, 9, 3), selection=Selection(0.125, 0, False, 7)
        ),
    ):
        assert import_settings.parse(import_settings.texts_of(settings)) == settings


def test_a_set_of_old_is_told_in_the_same_words():
    old = {"window_center": 40.0, "window_width": 400.0, "size": None}
    assert import_words.said(old) == [("Window", "centre 40, width 400"), ("Size", "as in the files")]
    assert import_words.left_out(old) == []


def test_what_cannot_be_used_is_a_sentence(blindread, ready):
    refused = blindread("images", "import", "Set", ready / "volume.nii.gz", "--window", "liver")
    assert (refused.code, refused.err) == (
        2,
        "There is no window “liver”; there are abdomen, lung, brain, bone, mediastinum, percentiles.\n",
    )
    assert (
        "no file or folder"
        in blindread("images", "import", "Set", ready / "volume.nii.gz", "--masks", ready / "absent").err
    )
    (ready / "text").write_text("text")
    told = blindread("images", "import", "Set", ready / "volume.nii.gz", "--masks", ready / "text")
    assert told.code == 2
    assert sorted(told.err.splitlines()) == [
        "No image could be kept.",
        "file 1: No mask has the same size and position as this volume.",
        "mask 1: This is text, not an image.",
    ]
