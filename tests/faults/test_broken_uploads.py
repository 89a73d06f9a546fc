"""Uploads that break off, are too large or find no room, at a real server: a sentence where one can be said, nothing left."""

import os
import socket
import time
from pathlib import Path

import httpx2
import pytest

from app import worker
from tests.servers import Server
from tests.web.conftest import OWNER, PASSWORD, png

HEAD = b'--x\r\nContent-Disposition: form-data; name="files"; filename="Doe.dcm"\r\n\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=x", "Accept": "application/json"}


@pytest.fixture
def serve(site):
    """Start servers on the site's folder; gives a signed-in client and the server."""
    running, clients = [], []

    def start(**options):
        server = Server(site.settings.data_dir, **options)
        running.append(server)
        server.start()
        clients.append(httpx2.Client(base_url=server.url, timeout=60))
        clients[-1].post("/sign-in", data={"email": OWNER, "password": PASSWORD})
        return clients[-1], server

    yield start
    for client in clients:
        client.close()
    for server in running:
        server.kill()


def staged(site):
    """The files of uploads, also while the server takes their folders away."""
    found = [Path(folder) / name for folder, _, names in os.walk(site.settings.staging_dir) for name in names]
    return [path for path in found if path.is_file()]


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def begin(server, client, length, body):
    """Send the beginning of an upload over a connection of its own."""
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    head = f"POST /image-sets HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookies}\r\n"
    head += f"Content-Type: {FORM['Content-Type']}\r\nContent-Length: {length}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(head.encode() + body)
    return connection


def is_well(site, client):
    """The server still takes an upload, and no set came of what went before."""
    assert "No image sets yet" in client.get("/image-sets").text
    assert (
        client.post("/image-sets", data={"name": "Good"}, files=[("files", ("a", png(1)))]).status_code == 303
    )
    site.work()
    assert staged(site) == []


def test_a_connection_that_is_cut_leaves_nothing(site, serve):
    client, server = serve()
    connection = begin(server, client, 10**7, HEAD + b"P" * 10**6)
    wait_until(lambda: any(path.stat().st_size > 0 for path in staged(site)))
    connection.close()
    wait_until(lambda: staged(site) == [])
    is_well(site, client)


def test_what_a_killed_server_leaves_is_swept(site, serve):
    client, server = serve()
    connection = begin(server, client, 10**7, HEAD + b"P" * 10**6)
    wait_until(lambda: staged(site) != [])
    server.kill()
    connection.close()
    assert staged(site) != []
    worker.sweep_staging(site.parts, older_than=-1)
    assert staged(site) == []
    client, _ = serve()
    is_well(site, client)


@pytest.mark.parametrize("told", [True, False])
def test_an_upload_beyond_the_quota_is_refused_and_leaves_nothing(site, serve, told):
    client, _ = serve(BLINDREAD_UPLOAD_LIMIT_MB="1")
    body = HEAD + b"P" * (2 * 2**20) + b"\r\n--x--\r\n"
    parts = body if told else (body[start : start + 2**16] for start in range(0, len(body), 2**16))
    try:
        answer = client.post("/image-sets", content=parts, headers=FORM)
    except httpx2.TransportError:
        pass  # the server answered and closed while we were still sending
    else:
        assert answer.status_code == 413
        assert answer.json()["error"].startswith("The upload is larger than the 1 MB")
    wait_until(lambda: staged(site) == [])
    is_well(site, client)


def test_an_upload_that_finds_no_room_is_refused_with_a_sentence_and_leaves_nothing(site, serve):
    client, _ = serve(under=("bash", "-c", 'ulimit -f 4096; exec "$@"', "limited"))  # files up to 4 MiB
    body = HEAD + b"P" * (6 * 2**20) + b"\r\n--x--\r\n"
    answer = client.post("/image-sets", content=body, headers=FORM)
    assert answer.status_code == 413
    assert "no room for this upload" in answer.json()["error"]
    assert staged(site) == []
    is_well(site, client)
