"""A real server on a socket: whose address is believed, and where a request ends."""

import shutil
import socket
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
    assert statuses == {401: 10, 429: 20}
