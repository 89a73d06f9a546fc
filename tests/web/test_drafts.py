"""Drafts of imports: nothing is kept before Import, the preview shows what the import keeps, and nobody else sees them."""

import base64
import io
import os
import re
import time
import zipfile

import numpy as np
import pytest

from app import worker
from app.imaging import stimulus
from tests.factories_nifti import RAS, write_volume
from tests.web.conftest import OTHER, OWNER, dicom, ident, png, text


def upload(client, *files, name="A draft", masks=(), headers=None):
    parts = [("files", (each[0], each[1])) for each in files] + [("masks", ("m", data)) for data in masks]
    return client.post("/image-sets/drafts", data={"name": name}, files=parts, headers=headers)


def pictures(answer):
    return [stimulus.decode(base64.b64decode(each)) for each in re.findall(r"base64,([^\"]+)", answer.text)]


def staged(site):
    folder = site.settings.staging_dir
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def volume(folder, name="v.nii.gz"):
    values = np.zeros((20, 24, 30), np.uint8)
    for z in range(30):
        values[: z // 2, :, z] = 200
    return write_volume(folder / name, values).read_bytes()


def mask(folder):
    marked = np.zeros((20, 24, 30), np.uint8)
    marked[4, 4, 10:13] = 1
    return write_volume(folder / "m.nii.gz", marked, RAS).read_bytes()


def test_it_works(site, tmp_path):
    owner = site.browser(OWNER)
    answer = upload(owner, *[(f"{i}.dcm", dicom(tmp_path, i)) for i in range(9)])
    assert answer.status_code == 303
    address = answer.headers["location"]
    page = text(owner.get(address))
    assert "Uploaded: 9 files" in page
    assert "Show preview" in page
    assert "base64" not in page
    assert "No image sets yet" in owner.get("/image-sets").text
    shown = owner.post(
        f"{address}/preview", data={"window_center": "500", "window_width": "1000", "size": "16"}
    )
    assert len(pictures(shown)) == 6
    assert 'value="500"' in shown.text
    started = owner.post(
        f"{address}/import", data={"window_center": "500", "window_width": "1000", "size": "16"}
    )
    set_address = started.headers["location"]
    assert ident(set_address) == ident(address)
    site.work()
    page = text(owner.get(set_address))
    assert "9, 16 × 16 grey" in page
    assert "centre 500, width 1000" in page
    assert staged(site) == []


def test_the_preview_shows_what_the_import_keeps(site, tmp_path):
    owner = site.browser(OWNER)
    asked = {"window": "percentiles", "size": "24", "rotate": "90", "flip": "up-down", "square": "crop"}
    address = upload(owner, ("a.dcm", dicom(tmp_path, 1))).headers["location"]
    (seen,) = pictures(owner.post(f"{address}/pictures", data=asked))
    owner.post(f"{address}/import", data=asked)
    site.work()
    set_address = f"/image-sets/{ident(address)}"
    (image,) = set(re.findall(rf"{set_address}/images/[0-9a-f]+\.png", owner.get(set_address).text))
    np.testing.assert_array_equal(stimulus.decode(owner.get(image).content), seen)


def test_a_volume_s_preview_is_spread_over_its_slices_and_says_what_is_left_out(site, tmp_path):
    owner = site.browser(OWNER)
    address = upload(owner, ("v.nii.gz", volume(tmp_path))).headers["location"]
    shown = owner.post(f"{address}/pictures", data={"min_share": "25", "first": "2"})
    assert re.findall(r"File 1, slice (\d+)</b>", shown.text) == ["4", "9", "14", "18", "23", "28"]
    assert shown.text.count("left out") == 2
    owner.post(f"{address}/import", data={"min_share": "25", "first": "2"})
    site.work()
    page = text(owner.get(f"/image-sets/{ident(address)}"))
    assert "9 slices were left out by the selection." in page
    assert "at least 25 % brighter than 10" in page
    assert "not kept" not in page


def test_masks_choose_slices(site, tmp_path):
    owner = site.browser(OWNER)
    address = upload(owner, ("v.nii.gz", volume(tmp_path)), masks=[mask(tmp_path)]).headers["location"]
    assert "Uploaded: 1 file and 1 mask." in text(owner.get(address))
    owner.post(f"{address}/import", data={})
    site.work()
    page = text(owner.get(f"/image-sets/{ident(address)}"))
    assert "3, 20 × 24 grey" in page
    assert "27 slices were left out by the selection." in page
    assert "in the mask" in page


def test_a_mask_that_fits_nothing_and_one_that_is_none_are_told(site, tmp_path):
    owner = site.browser(OWNER)
    answer = owner.post(
        "/image-sets",
        data={"name": "n"},
        files=[("files", ("v", volume(tmp_path))), ("masks", ("m", b"text")), ("masks", ("", b""))],
    )
    site.work()
    page = text(owner.get(answer.headers["location"]))
    assert "mask 1" in page
    assert "This is text, not an image." in page
    assert "No mask has the same size and position" in page


def test_a_zip_is_looked_into(site, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(20):
            archive.writestr(f"__MACOSX/{i}", b"clutter")
            archive.writestr(f"../{i}.png", png(i))
        archive.writestr("notes", b"text")
    owner = site.browser(OWNER)
    address = upload(owner, ("b.png", png(99)), ("all.zip", packed.getvalue())).headers["location"]
    shown = owner.post(f"{address}/pictures", data={})
    assert re.findall(r"File (\d+), slice 1</b>", shown.text) == ["2", "6", "10", "13", "17", "21"]
    assert sorted(path.name for path in (site.settings.staging_dir / ident(address)).iterdir()) == [
        ".draft.json",
        "000001",
        "000002",
    ]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"text", "This is text, not an image."),
        (b"PK\x03\x04" + b"x" * 40, "zip inside a zip"),
        (b"\0" * 128 + b"DICM", "This"),
    ],
)
def test_what_cannot_be_shown_says_why(site, data, sentence):
    owner = site.browser(OWNER)
    address = upload(owner, ("a", data)).headers["location"]
    shown = text(owner.post(f"{address}/pictures", data={}))
    assert sentence in shown
    assert "<img" not in shown


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"window": "liver"}, "There is no window “liver”"),
        ({"window": "lung", "window_center": "1", "window_width": "2"}, "not both"),
        ({"window": "custom"}, "Give the window centre"),
        ({"window_center": "4"}, "window"),
        ({"size": "big"}, "size is a whole number of pixels from 16 to 2048"),
        ({"side": "3"}, "side of the cut is a whole number of pixels from 16"),
        ({"rotate": "45"}, "rotation is one of 0, 90, 180, 270"),
        ({"flip": "twice"}, "flip is one of"),
        ({"square": "stretch"}, "way to a square is one of pad, crop"),
        ({"axis": "z"}, "direction of slices is one of axial"),
        ({"first": "9", "last": "3"}, "last slice comes before"),
        ({"every": "0"}, "step between slices"),
        ({"min_share": "120"}, "percentage from 0 to 100"),
        ({"min_share": "half"}, "percentage from 0 to 100"),
        ({"threshold": "255"}, "threshold is a whole number from 0 to 254"),
        ({"per_patient": "-1"}, "slices a patient is a whole number"),
    ],
)
def test_settings_that_cannot_be_used_get_a_sentence_and_the_upload_stays(site, fields, sentence):
    owner = site.browser(OWNER)
    address = upload(owner, ("a.png", png(1))).headers["location"]
    assert sentence in text(owner.post(f"{address}/pictures", data=fields))
    answer = owner.post(f"{address}/import", data=fields)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "No image sets yet" in owner.get("/image-sets").text
    assert owner.post(f"{address}/import", data={}).status_code == 303


def test_a_second_click_on_import_leads_to_the_set(site):
    owner = site.browser(OWNER)
    address = upload(owner, ("a.png", png(1))).headers["location"]
    first, second = (owner.post(f"{address}/import", data={}) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    site.work()
    assert "1, 16 × 16 grey" in text(owner.get(first.headers["location"]))


def test_a_discarded_draft_leaves_nothing(site):
    owner = site.browser(OWNER)
    address = upload(owner, ("a.png", png(1))).headers["location"]
    assert owner.post(f"{address}/discard").headers["location"] == "/image-sets"
    assert staged(site) == []
    for answer in (owner.get(address), owner.post(f"{address}/pictures", data={})):
        assert answer.status_code == 404
        assert "Please upload it again" in text(answer)
    assert owner.post(f"{address}/import", data={}).status_code == 404
    assert owner.post(f"{address}/discard").status_code == 404


def test_a_draft_lives_an_hour_longer_with_every_look(site):
    owner = site.browser(OWNER)
    address = upload(owner, ("a.png", png(1))).headers["location"]
    folder = site.settings.staging_dir / ident(address)

    def age(minutes):
        for path in (folder, *folder.rglob("*")):
            os.utime(path, (time.time() - 60 * minutes,) * 2)

    age(50)
    worker.sweep_staging(site.parts)
    assert owner.get(address).status_code == 200
    age(50)
    owner.get(address)
    worker.sweep_staging(site.parts, older_than=0.5)
    assert owner.get(address).status_code == 200
    age(61)
    worker.sweep_staging(site.parts)
    assert owner.get(address).status_code == 404
    assert staged(site) == []


def test_drafts_are_their_owner_s_alone_and_stand_in_the_list(site):
    owner, other = site.browser(OWNER), site.browser(OTHER)
    address = upload(owner, ("a.png", png(1)), name="<b>Mine</b>").headers["location"]
    listed = owner.get("/image-sets").text
    assert f'href="{address}"' in listed
    assert "&lt;b&gt;Mine" in listed
    assert "Mine" not in other.get("/image-sets").text
    missing = f"/image-sets/drafts/{'0' * 32}"
    for method, path in (("get", ""), ("post", "/preview"), ("post", "/pictures"), ("post", "/discard")):
        foreign, none = (getattr(other, method)(each + path) for each in (address, missing))
        assert foreign.status_code == none.status_code == 404
        assert foreign.text == none.text
    assert other.post(f"{address}/import", data={}).status_code == 404
    assert other.get("/image-sets/drafts/..%2f..").status_code == 404
    assert owner.get(address).status_code == 200


def test_an_upload_without_name_or_files_leaves_nothing(site):
    owner = site.browser(OWNER)
    assert "Give a name" in text(upload(owner, ("a.png", png(1)), name=" "))
    answer = upload(owner, headers={"Accept": "application/json"}, masks=[png(1)])
    assert (answer.status_code, "Choose a folder" in answer.json()["error"]) == (422, True)
    assert staged(site) == []
    asked = upload(owner, ("a.png", png(1)), headers={"Accept": "application/json"})
    assert asked.json()["address"].startswith("/image-sets/drafts/")
