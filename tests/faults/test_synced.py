"""No answer is acknowledged before its commit is on the disk, as the system's own calls show."""

import random
import re
import shutil
import subprocess
import threading

import pytest

from tests.faults import readers
from tests.servers import Server
from tests.web.conftest import ident, opened

CALLS = "trace=fsync,fdatasync,recvfrom,sendto"
AT_ONCE = 4
SOCKET = re.compile(r"\w+:\[[^\]]+\]")
CALL = re.compile(r"^(?P<thread>\d+) +(?:<\.\.\. )?(?P<name>[a-z]+)(?P<resumed> resumed>)?(?P<rest>.*)$")


def may_trace():
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode
        == 0
    )


pytestmark = pytest.mark.skipif(not may_trace(), reason="strace is not installed, or may not trace here")


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "calls"


@pytest.fixture
def server(furnished, trace):
    under = ("strace", "-D", "-f", "-y", "-s", "40", "-e", CALLS, "-o", str(trace))
    made = Server(furnished.settings.data_dir, under=under)
    made.start()
    yield made
    made.kill()


def happened(trace):
    """What the server did, in its order, each with the connection: "asked" (an answer came in), "synced" (SQLite's log; None), "told" (a 200 began to go out)."""
    begun = {}
    for line in trace.read_text(errors="replace").splitlines():
        call = CALL.match(line)
        if call is None:
            continue
        text = begun.pop(call["thread"], "") + call["rest"] if call["resumed"] else call["rest"]
        if call["name"] == "sendto" and not call["resumed"] and '"HTTP/1.1 200' in text:
            yield "told", SOCKET.search(text)[0]
        elif text.endswith("<unfinished ...>"):
            begun[call["thread"]] = text
        elif call["name"] == "recvfrom" and '"POST /read/ratings' in text:
            yield "asked", SOCKET.search(text)[0]
        elif call["name"].endswith("sync") and "-wal>" in text and text.endswith("= 0"):
            yield "synced", None


def rated(trace, before):
    """For each answer that came in, whether the log was synced before it was acknowledged on its connection."""
    steps = list(happened(trace))[before:]
    for place, (step, connection) in enumerate(steps):
        if step == "asked":
            told = steps.index(("told", connection), place)
            yield ("synced", None) in steps[place:told]


def rate_all(server, cookie):
    """Every image rated; the answers to looks before and after are no acknowledgements."""
    with readers.client(server.url, cookie) as web:
        current, count = web.get("/read/state").json()["current"], 0
        while current:
            answer = web.post("/read/ratings", json=readers.answered(current))
            assert answer.status_code == 200
            current, count = answer.json()["current"], count + 1
    return count


def test_the_log_is_synced_between_each_answer_and_its_acknowledgement(
    server, trace, furnished, owner, known
):
    [cookie] = readers.invited(furnished, ident(opened(furnished, owner, known)), 1)
    before = len(list(happened(trace)))
    count = rate_all(server, cookie)
    server.kill()
    synced = list(rated(trace, before))
    assert len(synced) == count == 8
    assert all(synced)


def test_answers_at_once_are_synced_before_each_acknowledgement(server, trace, furnished, owner, known):
    cookies = readers.invited(furnished, ident(opened(furnished, owner, known)), AT_ONCE)
    before = len(list(happened(trace)))
    book, rng = readers.Book(), random.Random(1)
    threads = [
        threading.Thread(target=readers.read, args=(server, book, cookie, rng, 0)) for cookie in cookies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.kill()
    assert readers.check(furnished, book) == 8 * AT_ONCE
    synced = list(rated(trace, before))
    assert len(synced) == 8 * AT_ONCE
    assert all(synced)
