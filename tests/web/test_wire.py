"""A real server on a socket: whose address is believed, where a request ends, and how long a connection is kept."""

import http.client
import shutil
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.servers import Server

TRIES = 35


@pytest.fixture(scope="module")
def serving(tmp_path_factory, empty_folder):
    """Servers on a data folder of their own: one that believes proxies on loopback, and one whose proxy is elsewhere."""
    folder = tmp_path_factory.mktemp("wire") / "data"
    shutil.copytree(empty_folder, folder)
    servers = Server(folder), Server(folder, BLINDREAD_FORWARDED_ALLOW_IPS="10.9.9.9")
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


def statuses(server):
    """Wrong links, each said to come from another address."""
    with httpx2.Client(base_url=server.url) as client:
        return {
            client.get(f"/r/{number}", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
            for number in range(TRIES)
        }


def test_a_forwarded_address_is_believed_from_the_proxy_alone(serving):
    believing, other = serving
    assert statuses(believing) == {404}
    assert statuses(other) == {404, 429}


def test_a_forwarded_scheme_is_believed_from_the_proxy_alone(serving):
    """Writes are judged by it: over a proxy with TLS our own pages are those by HTTPS."""
    for server, by_https, by_http in zip(serving, (401, 403), (403, 401), strict=True):
        for scheme, status in (("https", by_https), ("http", by_http)):
            headers = {"Origin": server.url.replace("http", scheme, 1), "X-Forwarded-Proto": "https"}
            form = {"email": "nobody@example.org", "password": "wrong"}
            answer = httpx2.post(f"{server.url}/sign-in", data=form, headers=headers)
            assert answer.status_code == status, (server.environ.get("BLINDREAD_FORWARDED_ALLOW_IPS"), scheme)


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Transfer-Encoding: chunked, identity",
    ],
)
def test_a_request_with_two_lengths_is_refused(serving, lengths):
    server, _ = serving
    request = f"POST /sign-out HTTP/1.1\r\nHost: 127.0.0.1\r\n{lengths}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(request.encode())
        answered = connection.recv(65536)
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"ok" not in answered.partition(b"\r\n\r\n")[2]


def test_many_sign_ins_at_once_are_no_way_around_the_limit(serving):
    """All are asked before the first, whose hash takes long, is answered; those over the limit are not even checked."""
    server, _ = serving

    def status(number):
        form = {"email": f"nobody{number}@example.org", "password": "a wrong password"}
        headers = {"X-Forwarded-For": "10.1.1.1"}
        return httpx2.post(f"{server.url}/sign-in", data=form, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(30) as together:
        statuses = Counter(together.map(status, range(30)))
    assert statuses[429] == 20
    assert statuses[401] + statuses[503] == 10  # on a crowded machine some wait in vain for their turn
    assert statuses[401] >= 4  # so many are checked at once


def test_more_browsers_than_files_are_allowed_at_first_keep_their_connections(tmp_path, empty_folder):
    """A reader looks longer at an image than servers usually wait: no new connection for each answer."""
    shutil.copytree(empty_folder, tmp_path / "data")
    server = Server(tmp_path / "data", under=("prlimit", "--nofile=128:1024"))
    server.start()
    lines, sockets = (
        [http.client.HTTPConnection("127.0.0.1", server.port, timeout=30) for _ in range(200)],
        [],
    )
    try:
        for pause in (0, 6):
            time.sleep(pause)
            for line in lines:
                line.request("GET", "/healthz")
                assert line.getresponse().read()
            sockets.append([line.sock for line in lines])
    finally:
        for line in lines:
            line.close()
        server.stop()
    assert None not in sockets[0]
    assert sockets[0] == sockets[1]
