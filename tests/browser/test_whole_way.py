"""The whole way in a real browser: from DICOM files and a checkpoint to per-reader metrics as CSV.

Server and worker are the real processes, the generator is the demo's, the files are pydicom's own and slices written as DICOM. One reader knows the
truth, the other calls everything real, so the figures are known.
"""

import csv
import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import expect
from pydicom.data import get_testdata_file
from sqlalchemy import select

from app.db import Database
from app.tables.origins import Origin
from app.tables.people import Reader
from app.tables.sessions import Item, Presentation, Reading
from tests.factories_dicom import write_slice

ROOT = Path(__file__).parents[2]
EACH = 6
PASSWORD = "correct horse battery"
pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]


class Installation:
    """A data folder with a server and a worker, as the command line starts them."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data = data
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data), "OMP_NUM_THREADS": "2"}
        self.processes = []

    def command(self, *arguments, stdin=None):
        told = subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, arguments)],
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        return told.stdout

    def start(self):
        for arguments in (["serve", "--port", str(self.port)], ["worker", "--device", "cpu"]):
            command = [sys.executable, "-m", "app.cli", *arguments]
            self.processes.append(subprocess.Popen(command, env=self.environ, stderr=subprocess.DEVNULL))
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def stop(self):
        for process in self.processes:
            process.terminate()
        assert [process.wait(30) for process in self.processes] == [0] * len(self.processes)

    def truth(self, code):
        """What the images of a reader are, in this reader's order."""
        database = Database(f"sqlite:///{self.data / 'blindread.db'}")
        with database.read() as db:
            kinds = list(
                db.scalars(
                    select(Origin.kind)
                    .join(Item, Item.image_id == Origin.image_id)
                    .join(Presentation, Presentation.item_id == Item.id)
                    .join(Reading, Reading.id == Presentation.reading_id)
                    .join(Reader, Reader.id == Reading.reader_id)
                    .where(Reader.code == code)
                    .order_by(Presentation.position)
                )
            )
        database.close()
        return kinds


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path / "data")
    made.command("migrate")
    for email, role in (("dr@example.org", "researcher"), ("it@example.org", "admin")):
        made.command("user", "add", email, "--role", role, "--password-stdin", stdin=PASSWORD + "\n")
    made.start()
    yield made
    made.stop()


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


def sign_in(browser, installation, email):
    page = browser.new_context(accept_downloads=True).new_page()
    page.goto(installation.url)
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


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


def confirmed(page, act):
    page.get_by_role("button", name=act).click()
    page.get_by_role("dialog").get_by_role("button", name=act).click()


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


def download(page, name):
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(waiting.value.path()).read_text(encoding="utf-8")


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
