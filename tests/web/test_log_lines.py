"""What `blindread serve` writes to stderr: machines can read every line, in both forms."""

import json
import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from tests.servers import Server
from tests.web.conftest import OWNER, PASSWORD

PAIRS = re.compile(
    r"""timestamp='(?P<timestamp>[^']+)' level='(?P<level>\w+)' event=('[^']*'|"[^"]*")( \w+=('([^'\\]|\\.)*'|"([^"\\]|\\.)*"|[\w.+-]+))*"""
)


@pytest.fixture(params=["json", "text"])
def lines(request, tmp_path, empty_folder):
    """What a server wrote in each form while it was asked, refused somebody and crashed."""
    shutil.copytree(empty_folder, tmp_path / "data")
    log = tmp_path / "log"
    server = Server(tmp_path / "data", log, BLINDREAD_LOG_FORMAT=request.param)
    server.start()
    with httpx2.Client(base_url=server.url) as client:
        client.post("/sign-in", data={"email": OWNER, "password": "wrong"})
        client.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
        client.get("/", headers={"Host": "evil.example"})
        client.get("/no/such/place")
        database = sqlite3.connect(tmp_path / "data" / "blindread.db")
        database.execute("ALTER TABLE checkpoints RENAME TO gone")
        database.close()
        assert client.get("/checkpoints").status_code >= 500
    server.stop()
    return request.param, log.read_text().splitlines()


def test_every_line_is_read_by_a_machine_and_tells_its_time_in_utc(lines):
    form, written = lines
    if form == "json":
        events = [json.loads(line) for line in written]
    else:
        assert [line for line in written if not PAIRS.fullmatch(line)] == []
        events = [PAIRS.fullmatch(line).groupdict() for line in written]
    assert len(events) >= 5
    for event in events:
        moment = datetime.fromisoformat(event["timestamp"])
        assert moment.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)
    whole = "\n".join(written)
    for event in ("sign-in refused", "signed in", "refused host", "request"):
        assert event in whole
    assert "no such table" in whole or "OperationalError" in whole
