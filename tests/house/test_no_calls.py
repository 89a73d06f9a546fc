"""Nobody is called but the configured mail server: not by the program, and by nothing in the tests."""

import ast
import os
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.house.source import calls, imports

CALLERS = {
    "app/mail/post.py": {"smtplib", "ssl"},
    "app/demo/children.py": {"socket", "urllib.request", "urllib.error"},
    "app/cli/processes.py": {"socket"},
    "app/worker/__init__.py": {"socket"},
}
"""Who can open a connection: the mail's post; the demonstration asks its own server on loopback; `serve` listens; the worker has a name."""
NETWORK = {
    *("socket", "ssl", "smtplib", "poplib", "imaplib", "ftplib", "telnetlib", "http.client", "xmlrpc.client"),
    *(
        "urllib.request",
        "urllib.error",
        "urllib3",
        "requests",
        "httpx",
        "httpx2",
        "aiohttp",
        "websockets",
        "webbrowser",
    ),
    *("asyncio.open_connection", "paramiko", "boto3", "s3fs", "gcsfs", "torch.hub", "huggingface_hub"),
}
ELSEWHERE = "192.0.2.7"  # an address that is nobody's (RFC 5737)


def test_nothing_in_the_program_can_call_anybody_but_the_mail_server():
    found: dict[str, set[str]] = {}
    for path, name in imports("app", "models"):
        if name in NETWORK:
            found.setdefault(path, set()).add(name)
    assert found == CALLERS


def test_no_call_opens_a_connection_to_what_a_user_names():
    opening = (
        "urlopen",
        "create_connection",
        "open_connection",
        "load_state_dict_from_url",
        "url_to_fs",
        "get_mapper",
    )
    opened = {
        where.partition(":")[0]: ast.unparse(call.args[0])
        for where, called, call in calls("app", "models")
        if called.rpartition(".")[2] in opening
    }
    assert opened == {
        "app/demo/children.py": "f'http://{HOST}:{settings.port}/healthz'",  # its own server
        "app/artifacts.py": "root",  # the data folder
    }


@pytest.fixture
def tries(tmp_path, monkeypatch):
    """A file of this test's own for what is tried on purpose."""
    file = tmp_path / "tries"
    file.touch()
    monkeypatch.setenv("OUTBOUND_TRIES", str(file))
    return file


def test_the_watch_refuses_and_tells_what_this_process_tries(tries):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ELSEWHERE, 80), timeout=1)
    with pytest.raises(OSError, match="call nobody"):
        urllib.request.urlopen("http://example.org", timeout=1)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        pytest.raises(ConnectionRefusedError),
    ):
        datagrams.sendto(b"x", (ELSEWHERE, 9))
    assert [line.split(" by ")[0] for line in tries.read_text().splitlines()] == [
        f"socket.getaddrinfo to '{ELSEWHERE}'",
        "socket.getaddrinfo to 'example.org'",
        f"socket.sendto to '{ELSEWHERE}'",
    ]


def test_the_watch_sees_what_processes_try(tries):
    code = f"import socket; socket.socket().connect(('{ELSEWHERE}', 80))"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ}, capture_output=True, check=False)
    assert b"tests call nobody" in done.stderr
    assert ELSEWHERE in tries.read_text()


def test_this_machine_may_be_called(tries):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        socket.create_connection(listening.getsockname(), timeout=1).close()
    assert tries.read_text() == ""
