"""Files with a marker in every attribute go the whole way, by web and command line, past killed processes: it is nowhere."""

import signal
import subprocess
import sys
import time
import zipfile

import httpx2
import pytest
from sqlalchemy import func, select

from app import worker
from app.tables.images import Image
from tests.imaging.canary import MARKER, SYNTAXES, found_below, holds_marker, marked
from tests.servers import Server, started
from tests.web.conftest import FORM, OWNER, PASSWORD, REASON, ident, invite, read_all

MANY = 30


class Listener:
    """Keeps every answer of every client that it is given to."""

    def __init__(self):
        self.heard = []

    def __call__(self, response):
        response.read()
        self.heard.append(repr(response.headers).encode() + response.content)


@pytest.fixture
def files(tmp_path):
    """Marked files under marked names: of both syntaxes, some to be refused, some in a zip."""
    given = tmp_path / "given"
    given.mkdir()
    made = [
        marked(given / f"{MARKER}{n}.dcm", syntax=syntax, shape=(16, 16)) for n, syntax in enumerate(SYNTAXES)
    ]
    made += [
        marked(given / f"{MARKER}8.dcm", refused=True, syntax=SYNTAXES[1], shape=(16, 16)),
        marked(given / f"{MARKER}9.dcm", nameless=True),
    ]
    with zipfile.ZipFile(given / f"{MARKER}.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for file in made:
            packed.write(file, f"{MARKER}/{file.name}")
    return [*made, given / f"{MARKER}.zip"]


def images(site):
    with site.parts.database.read() as db:
        return db.scalar(select(func.count()).select_from(Image))


def wait_until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def sent(client, files, **fields):
    parts = [("files", (file.name, file.read_bytes(), "application/dicom")) for file in files]
    return client.post("/image-sets", data={"name": "Marked", **fields}, files=parts)


def command(*words):
    return [sys.executable, "-m", "app.cli", *words]


def staging(site):
    folder = site.settings.staging_dir
    return list(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.timeout(280)
def test_the_marker_is_nowhere(furnished, known, files, tmp_path):
    data, logs = furnished.settings.data_dir, tmp_path / "logs"
    logs.mkdir()
    server, listener = Server(data, logs / "server"), Listener()
    server.start()
    client = httpx2.Client(base_url=server.url, timeout=60, event_hooks={"response": [listener]})
    client.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
    address = _imported_past_a_kill(furnished, client, files, server.environ, logs / "worker")
    _refused(client, files)
    _by_command(server.environ, tmp_path)
    _by_a_command_that_is_killed(furnished, files, server.environ, tmp_path / "many")
    _looked_at(client, address)
    _whole_study(furnished, known, address, listener)
    client.close()
    server.stop()

    assert len(listener.heard) > 2 * MANY
    assert not [heard[:200] for heard in listener.heard if holds_marker(heard)]
    assert {file.name for file in logs.iterdir()} == {"server", "worker"}
    assert found_below(logs) == []
    assert found_below(data) == []


def _imported_past_a_kill(site, client, files, environ, log):
    """An upload whose worker is killed half-way, and begins anew; the set's address."""
    before, (kept, refused) = images(site), (files[:2], files[2:4])
    address = sent(client, [*kept * (MANY // 2), *refused, files[4]], size="16").headers["location"]
    job = client.get(address).text.partition('data-job="')[2].partition('"')[0]
    first = started(command("worker", "--device", "cpu"), environ, log)
    wait_until(lambda: images(site) > before + 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert staging(site) != []  # the worker died in the middle
    assert found_below(site.settings.data_dir, but=staging(site)) == []
    second = started(command("worker", "--device", "cpu"), environ, log)
    wait_until(lambda: client.get(f"/jobs/{job}").json()["ended"])
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
    assert images(site) == before + MANY + 2
    assert staging(site) == []
    return address


def _refused(client, files):
    """An upload that cannot be taken, and one that breaks off."""
    assert sent(client, files, size="huge").status_code == 422
    broken = {"content": files[0].read_bytes(), "headers": {"Content-Type": f"text/{MARKER}"}}
    assert client.post("/image-sets", **broken).status_code == 422


def _by_command(environ, folder):
    importing = command("images", "import", "Again", "given", "--size", "16")
    whole = subprocess.run(importing, env=environ, cwd=folder, capture_output=True, check=True)
    assert not holds_marker(whole.stdout + whole.stderr)
    assert whole.stderr.count(b"file ") == 4


def _by_a_command_that_is_killed(site, files, environ, many):
    many.mkdir()
    for number in range(MANY):
        (many / f"{MARKER}{number}").write_bytes(files[number % 2].read_bytes())
    count = images(site)
    importing = command("images", "import", "Killed", str(many))
    killed = subprocess.Popen(importing, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_until(lambda: images(site) > count + 3)
    killed.kill()
    assert not holds_marker(killed.communicate()[0])
    worker.sweep_staging(site.parts, older_than=-1)
    assert staging(site) == []


def _looked_at(client, address):
    """The set's page with all that it shows and leads to."""
    page = client.get(address).text
    assert "were not kept" in page
    for part in [*page.split(f'src="{address}')[1:], *page.split(f'href="{address}')[1:]]:
        assert client.get(address + part.partition('"')[0].replace("&amp;", "&")).status_code == 200
    client.get("/image-sets")


def _whole_study(site, known, address, listener):
    """Freeze, read, close and export a session of the marked images."""
    client = site.browser(OWNER)
    client.event_hooks = {"response": [listener]}
    form = {**FORM, "real_set_id": ident(address), "synthetic_set_id": ident(known.synthetic_set)}
    session = client.post("/sessions", data=form).headers["location"]
    assert client.post(f"{session}/freeze").status_code == 303
    site.work()
    assert client.post(f"{session}/open", data={"reason": REASON}).status_code == 303
    read_all(site, invite(client, session), lambda *_: ("real", 4))
    client.post(f"{session}/close")
    client.post(f"{session}/unblinding")
    site.work()
    page = client.get(f"{session}/report").text
    exports = [part.partition('"')[0] for part in page.split(f'href="{session}/export/')[1:]]
    assert len(exports) >= 6
    for name in exports:
        assert client.get(f"{session}/export/{name}").status_code == 200
