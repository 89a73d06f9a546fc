"""What many requests take is given back: files, connections and child processes of a real server."""

import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.servers import Server
from tests.web.conftest import OWNER, PASSWORD, png

FEW = 6
MANY = 40


@pytest.fixture
def server(tmp_path, furnished_folder):
    shutil.copytree(furnished_folder[0], tmp_path / "data")
    made = Server(tmp_path / "data", BLINDREAD_UPLOAD_LIMIT_MB="1")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(server):
    with httpx2.Client(base_url=server.url, timeout=120) as made:
        made.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
        yield made


def opened_by(server) -> int:
    """The files, sockets and pipes that the server has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def children_of(server) -> list[str]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = stat.read_text().rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        if int(rest.split()[1]) == server.process.pid:
            found.append(stat.parent.name)
    return found


def draft(client, *contents):
    files = [("files", (f"{n}.png", content)) for n, content in enumerate(contents)]
    return client.post("/image-sets/drafts", data={"name": "n"}, files=files).headers["location"]


def use(client, server, known):
    """Pages, images, a preview of what is no image, uploads that are refused, broken off and discarded, wrong links."""
    for path in ("/", "/image-sets", known.real_set, known.checkpoint, "/no/such/place", "/r/unknown"):
        client.get(path)
    client.post("/image-sets", data={"name": "n"}, files={"files": ("a", b"x" * 2**21)})
    address = draft(client, png(1), b"no image")
    assert client.post(f"{address}/preview", data={}).status_code == 200
    client.post(f"{address}/discard")
    with socket.create_connection(("127.0.0.1", server.port)) as hasty:
        hasty.sendall(
            b"POST /checkpoints HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nbroken off"
        )


def test_open_files_and_child_processes_stay_as_few_as_they_were(server, client, known):
    for _ in range(FEW):
        use(client, server, known)
    before = opened_by(server)
    for _ in range(MANY):
        use(client, server, known)
    deadline = time.monotonic() + 30
    while opened_by(server) > before + FEW or children_of(server):
        assert time.monotonic() < deadline, (before, opened_by(server), children_of(server))
        time.sleep(0.1)


def test_previews_are_made_one_at_a_time_and_other_pages_go_on(server, client):
    """However many are asked for at once, one child process at a time decodes."""
    addresses = [draft(client, *(png(seed) for seed in range(3))) for _ in range(5)]
    most, ending = [0], threading.Event()

    def watch():
        while not ending.is_set():
            most[0] = max(most[0], len(children_of(server)))

    def look(address):
        with httpx2.Client(base_url=server.url, cookies=client.cookies, timeout=120) as mine:
            return mine.post(f"{address}/preview", data={}).status_code

    watching = threading.Thread(target=watch)
    watching.start()
    with ThreadPoolExecutor(5) as together:
        looking = [together.submit(look, address) for address in addresses]
        assert client.get("/image-sets").status_code == 200
        assert not all(each.done() for each in looking)
        assert {each.result() for each in looking} == {200}
    ending.set()
    watching.join()
    assert most == [1]
