# ruff: noqa: F401, F811 - pytest finds fixtures by the names of arguments
"""The whole way in a real browser: from DICOM files and a checkpoint to per-reader metrics as CSV.

Server and worker are the real processes, the generator is the demo's, the files are pydicom's own and slices written as DICOM. One reader knows the
truth, the other calls everything real, so the figures are known.
"""

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import expect
from pydicom.data import get_testdata_file

from tests.browser.installation import confirmed, download, installation, sign_in
from tests.factories_dicom import write_slice

ROOT = Path(__file__).parents[2]
EACH = 6
pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]


@pytest.fixture
def upload(tmp_path):
    """A zip of real files: slices as DICOM, pydicom's CT and MR, and two that are no images."""
    folder = tmp_path / "dicom"
    folder.mkdir()
    for number, file in enumerate(sorted((ROOT / "demo" / "slices").glob("*.png"))[::7][:10], start=1):
        write_slice(folder / f"{number:02d}.dcm", np.asarray(Picture.open(file)), patient=f"patient-{number}")
    packed = tmp_path / "scans.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"study/{file.name}")
        for name in ("CT_small.dcm", "MR_small.dcm"):
            archive.write(get_testdata_file(name), f"study/{name}")
        archive.writestr("study/notes.png", "this is a text")
        archive.writestr("study/torn.dcm", Path(get_testdata_file("CT_small.dcm")).read_bytes()[:3000])
    return packed


def import_images(page, url, upload):
    page.goto(f"{url}/image-sets/new")
    page.fill("#name", "Brain MR")
    page.set_input_files("#files", upload)
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.locator(".previews img").first).to_be_visible(timeout=60_000)
    page.fill("#window_center", "128")
    page.fill("#window_width", "256")
    page.fill("#size", "64")
    expect(page.locator(".previews")).to_contain_text("64 × 64, your window (128 / 256)", timeout=60_000)
    page.get_by_role("button", name="Import").click()
    expect(page.locator(".thumbs img")).to_have_count(12, timeout=60_000)
    page.get_by_text("2 files were not kept").click()
    reasons = page.locator("[data-refusals] tbody tr td:nth-child(2)").all_inner_texts()
    assert len(reasons) == 2
    assert all(reason.endswith(".") for reason in reasons)
    assert "notes.png" not in page.content()
    suspected = page.get_by_role("button", name=re.compile("^No identifying text in"))
    if suspected.count():  # folds of a brain that were taken for letters
        suspected.click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("^No identifying text in")).click()
        expect(page.get_by_text("Nothing is left to look at.")).to_be_visible()


def make_samples(page, url):
    page.goto(f"{url}/checkpoints/new")
    page.fill("#name", "Demo generator")
    page.set_input_files("#file", ROOT / "demo" / "generator.safetensors")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("64 × 64 px")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("img", name="sixteen")).to_be_visible(timeout=60_000)
    page.fill("#name", "Samples")
    page.fill("#seeds", "0-11")
    page.get_by_role("button", name="Start sampling").click()
    expect(page.locator(".thumbs img")).to_have_count(12, timeout=60_000)


def open_session(page, url):
    page.goto(f"{url}/sessions/new")
    page.fill("#title", "Pilot")
    page.fill("#public_title", "Brain MR slices")
    page.fill("#n_real", str(EACH))
    page.fill("#n_synthetic", str(EACH))
    page.get_by_role("button", name="Create draft").click()
    confirmed(page, "Freeze")
    opening = page.get_by_role("button", name="Open for readers")
    expect(opening).to_be_visible(timeout=60_000)  # after the blinding audit
    if page.locator("#reason").count():
        page.fill("#reason", "A test: twelve slices beside a small generator's images.")
    opening.click()
    expect(page.get_by_role("heading", name="Readers are at work")).to_be_visible()
    return page.url


def invite(page, session_url, code):
    page.goto(session_url)
    page.fill("#code", code)
    page.get_by_role("button", name="Make a personal link").click()
    return page.input_value("#link")


def begin(browser, link, received):
    page = browser.new_context().new_page()

    def receive(response):
        received.append(response)

    page.on("response", receive)
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=re.compile("Start|Go on")).click()
    return page


def at(page, position):
    expect(page.locator("#position")).to_have_text(f"{position} of {2 * EACH}")
    expect(page.locator("#answer input").first).to_be_enabled()


def read_knowing(browser, link, installation, received):
    """By keyboard, with the right answer each time."""
    page = begin(browser, link, received)
    at(page, 1)
    for position, kind in enumerate(installation.truth("R01"), start=1):
        at(page, position)
        page.keyboard.press("r" if kind == "real" else "s")
        page.keyboard.press("5" if kind == "real" else "1")
        page.keyboard.press("Enter")
    expect(page.get_by_text("everything is saved")).to_be_visible()
    page.context.close()


def read_trusting(browser, link, received):
    """By mouse, everything real; stops half-way and comes back in another browser."""
    page = begin(browser, link, received)
    for position in range(1, 2 * EACH + 1):
        at(page, position)
        if position == EACH:
            page.context.close()
            page = begin(browser, link, received)
            at(page, position)
        page.get_by_role("radio", name="Real", exact=False).first.check(force=True)
        page.locator('input[name="likert"][value="4"]').check(force=True)
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("everything is saved")).to_be_visible()
    page.context.close()


def test_from_dicom_and_a_checkpoint_to_per_reader_metrics(browser, installation, upload, tmp_path):
    page = sign_in(browser, installation, "dr@example.org")
    import_images(page, installation.url, upload)
    make_samples(page, installation.url)
    session_url = open_session(page, installation.url)
    links = {code: invite(page, session_url, code) for code in ("R01", "R02")}
    received = []
    read_knowing(browser, links["R01"], installation, received)
    read_trusting(browser, links["R02"], received)
    lengths = {r.headers["content-length"] for r in received if "/read/stimuli/" in r.url}
    assert len(lengths) == 1
    page.goto(session_url)
    expect(page.get_by_text("finished, 12 of 12")).to_have_count(2)
    confirmed(page, "Close the session")
    page.get_by_role("button", name="See the report").click()
    expect(page.locator("p.lead", has_text="Readers called 50 % of synthetic images")).to_be_visible(
        timeout=60_000
    )
    row = page.locator(".report tr", has_text="R02").first
    assert row.locator("td").all_inner_texts()[:5] == ["12", "6", "0", "6", "0"]

    admin = sign_in(browser, installation, "it@example.org")
    admin.goto(f"{session_url}/report")
    admin.get_by_role("button", name="See the report").click()
    per_reader = download(admin, "per_reader.csv")
    rows = {row["reader"]: row for row in csv.DictReader(io.StringIO(per_reader))}
    figures = ("tp", "fn", "fp", "tn", "precision", "recall", "accuracy", "fpr", "fnr", "likert_diff")
    assert [float(rows["R01"][f]) for f in figures] == [6, 0, 0, 6, 1, 1, 1, 0, 0, 4]
    assert [float(rows["R02"][f]) for f in figures] == [6, 0, 6, 0, 0.5, 1, 0.5, 1, 0, 0]
    ratings = download(admin, "ratings.csv")
    assert len(list(csv.DictReader(io.StringIO(ratings)))) == 4 * EACH
    assert "likert" in download(admin, "codebook.csv")

    (tmp_path / "ratings.csv").write_text(ratings, encoding="utf-8", newline="")
    installation.command("report", tmp_path / "ratings.csv", "--out", tmp_path / "out")
    assert (tmp_path / "out" / "per_reader.csv").read_text(encoding="utf-8") == per_reader
    assert "whole" in installation.command("verify")
