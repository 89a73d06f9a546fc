"""The database cannot be written to for a while: "not now" with a time to come again, never a false "saved", and then it goes on."""

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import httpx2
import pytest

from app import worker
from app.db import Database
from tests.faults import readers
from tests.servers import Server
from tests.web.conftest import OWNER, PASSWORD, ident, opened, png

SOAK = bool(os.environ.get("SOAK_TESTS"))
LOCKED_SECONDS = 30 if SOAK else 6
AT_ONCE = 3
LOCK = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
WITHOUT_ROOTS_POWER = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")


@pytest.fixture
def study(furnished, owner, known):
    """A site with an open session, and readers' cookies."""
    session_id = ident(opened(furnished, owner, known))
    return furnished, readers.invited(furnished, session_id, AT_ONCE)


@contextmanager
def serving(site, **options):
    server = Server(site.settings.data_dir, **options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def file_of(site):
    return site.settings.data_dir / "blindread.db"


@contextmanager
def locked(file):
    """Another process is writing, for as long as the block lasts."""
    holder = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        holder.communicate()


def refused(answer, words):
    """A "not now" with a sentence, for programs as for people."""
    assert answer.status_code == 503, (answer.status_code, answer.text)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert words in answer.text
    assert "Traceback" not in answer.text


def cannot_save(server, cookies, words):
    """No reader's answer is taken, nor a person's form, and who only looks is not disturbed."""
    with readers.client(server.url, cookies[0]) as web, httpx2.Client(base_url=server.url) as person:
        state = web.get("/read/state")
        assert state.status_code == 200
        answer = web.post("/read/ratings", json=readers.answered(state.json()["current"]))
        refused(answer, words)
        assert answer.json()["error"].endswith(".")
        page = person.post("/sign-in", data={"email": OWNER, "password": PASSWORD}, timeout=20)
        refused(page, words)
        assert page.headers["content-type"].startswith("text/html")
        assert web.get("/read/state").json() == state.json()


def goes_on(site, server, cookies):
    """Every reader can rate what they could not before; nothing of the refused answers was kept or is lost."""
    assert readers.stored(site) == []
    book = readers.Book()
    readers.read_one_after_the_other(server, book, cookies, 1, pause=0)
    assert readers.check(site, book) == 8 * len(cookies)


def test_another_writer_holds_the_database(study):
    site, cookies = study
    statuses = []

    def submit(cookie):
        with readers.client(server.url, cookie) as web:
            body = readers.answered(web.get("/read/state").json()["current"])
            start = time.monotonic()
            while time.monotonic() - start < LOCKED_SECONDS - 5:
                answer = web.post("/read/ratings", json=body)
                refused(answer, "The database is busy")
                statuses.append(answer.status_code)

    with serving(site) as server:
        threads = [threading.Thread(target=submit, args=(cookie,)) for cookie in cookies]
        with locked(file_of(site)):
            start = time.monotonic()
            for thread in threads:
                thread.start()
            with readers.client(server.url, cookies[0]) as looking:
                assert looking.get("/read/state", timeout=2).status_code == 200
            for thread in threads:
                thread.join()
            took = time.monotonic() - start
        assert len(statuses) >= AT_ONCE  # a thread that failed an assertion added nothing
        assert took < LOCKED_SECONDS + 6
        goes_on(site, server, cookies)


def test_answers_wait_for_a_short_lock(study):
    site, cookies = study
    with serving(site) as server, readers.client(server.url, cookies[0]) as web:
        body = readers.answered(web.get("/read/state").json()["current"])
        answers = []
        with locked(file_of(site)):
            thread = threading.Thread(target=lambda: answers.append(web.post("/read/ratings", json=body)))
            thread.start()
            time.sleep(0.5)
        thread.join()
    assert [answer.status_code for answer in answers] == [200]
    assert len(readers.stored(site)) == 1


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv takes root's power over files away")
def test_a_database_that_may_only_be_read(study):
    site, cookies = study
    files = [path for path in file_of(site).parent.glob("blindread.db*") if path.is_file()]
    for file in files:
        file.chmod(0o444)
    with serving(site, under=WITHOUT_ROOTS_POWER) as server:
        cannot_save(server, cookies, "can only be read")
        for file in files:
            file.chmod(0o644)
        goes_on(site, server, cookies)


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit bounds a running process's files")
def test_a_disk_that_does_not_take_more(study):
    site, cookies = study
    with serving(site) as server:
        limit(server, "1")
        cannot_save(server, cookies, "does not work just now")
        limit(server, "unlimited")
        goes_on(site, server, cookies)


def limit(server, size):
    subprocess.run(["prlimit", f"--pid={server.process.pid}", f"--fsize={size}:unlimited"], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB; mounting it takes rights that not every machine gives."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk(study, small_disk):
    site, cookies = study
    site.parts.database.close()
    shutil.copytree(site.settings.data_dir, small_disk / "data")
    moved = replace(
        site,
        settings=replace(site.settings, data_dir=small_disk / "data"),
        parts=replace(site.parts, database=Database(f"sqlite:///{small_disk / 'data' / 'blindread.db'}")),
    )
    with serving(moved) as server:
        filler = small_disk / "filler"
        fill(filler)
        cannot_save(server, cookies, "disk is full")
        filler.unlink()
        goes_on(moved, server, cookies)
    moved.parts.database.close()


def fill(file):
    with file.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(bytes(4096))
    assert shutil.disk_usage(file.parent).free < 4096


def test_a_worker_goes_on_with_its_job_after_the_lock(site):
    """The import in hand is put off with its reason, and the next attempt finishes it."""
    client = site.browser(OWNER)
    files = [("files", (f"{n}.png", png(n), "image/png")) for n in range(40)]
    address = client.post("/image-sets", data={"name": "Many"}, files=files).headers["location"]
    job = client.get(address).text.partition('data-job="')[2].partition('"')[0]
    impatient = replace(site.parts, database=Database(site.settings.database_url, patience=0.1))
    stopping = threading.Event()
    thread = threading.Thread(target=worker.run, args=(impatient, stopping))
    with locked(file_of(site)):
        thread.start()
        time.sleep(0.5)  # nothing can be claimed
    wait_until(lambda: client.get(f"/jobs/{job}").json()["done"] > 0)
    with locked(file_of(site)):
        time.sleep(1)  # nothing can be kept, nor ended
    wait_until(lambda: client.get(f"/jobs/{job}").json()["ended"])
    stopping.set()
    thread.join()
    impatient.database.close()
    assert client.get(f"/jobs/{job}").json()["status"] == "done"
    assert client.get(address).text.count("<img") >= 1


def wait_until(condition, seconds=40):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
