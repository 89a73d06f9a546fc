"""A data folder with a server and a worker, as the command line starts them, and a researcher's browser there."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.db import Database
from app.tables.origins import Origin
from app.tables.people import Reader
from app.tables.sessions import Item, Presentation, Reading

PASSWORD = "correct horse battery"


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


def sign_in(browser, installation, email):
    page = browser.new_context(accept_downloads=True).new_page()
    page.goto(installation.url)
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def confirmed(page, act):
    page.get_by_role("button", name=act).click()
    page.get_by_role("dialog").get_by_role("button", name=act).click()


def download(page, name):
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(waiting.value.path()).read_text(encoding="utf-8")
