"""How the server does: for those who run it, without a word about who reads what."""

import io
import json
import logging
import re
import sys
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import update

from app import clock, logs
from app.errors import InvalidError
from app.services import operations
from app.settings import load_settings
from app.tables.jobs import Job
from app.web import measuring, signin
from tests.web.conftest import ADMIN, invite, open_site, opened, png, read_all, text

TOKEN = "a token of twenty letters"


@pytest.fixture
def measured(tmp_path):
    yield from open_site(tmp_path / "data", metrics_token=TOKEN.encode())


def metrics(site, token=TOKEN):
    return site.browser().get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_it_answers_and_is_ready(site):
    assert site.browser().get("/healthz").text == "ok"
    answer = site.browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "hindrances": []})


def test_a_full_disk_makes_it_unready(site, monkeypatch):
    monkeypatch.setattr(operations, "LEAST_FREE_BYTES", 2**62)
    answer = site.browser().get("/readyz")
    assert (answer.status_code, answer.json()["hindrances"]) == (503, ["disk nearly full"])
    assert "Disk nearly full" in site.browser(ADMIN).get("/admin").text


def test_a_database_that_is_gone_makes_it_unready(site):
    file = site.settings.data_dir / "blindread.db"
    site.app.app.state.context.database.close()
    for part in (file, *file.parent.glob("blindread.db-*")):
        part.rename(part.with_name(part.name + ".away"))
    file.mkdir()
    answer = site.browser().get("/readyz")
    assert (answer.status_code, answer.json()["hindrances"]) == (503, ["database"])
    assert site.browser().get("/healthz").status_code == 200


def test_metrics_count_by_route_and_never_by_address(measured):
    browser = measured.browser()
    browser.get("/r/a-secret-link")
    browser.get("/no/such/place")
    browser.get("/static/css/base.css")
    browser.request("INVENTED", "/")
    found = metrics(measured)
    assert found.headers["content-type"].startswith("text/plain")
    assert 'blindread_answers_total{method="GET",route="/r/{token}",status="404"} 1.0' in found.text
    assert 'blindread_answers_total{method="GET",route="/static",status="200"} 1.0' in found.text
    assert 'route="unknown"' in found.text
    assert "INVENTED" not in found.text
    assert "secret-link" not in found.text
    assert 'blindread_request_seconds_bucket{le="0.005",method="GET",route="/r/{token}"}' in found.text
    for name in ("blindread_ratings 0.0", 'blindread_jobs{status="queued"} 0.0', "blindread_free_bytes"):
        assert name in found.text


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x"])
def test_metrics_are_for_those_with_the_token(measured, token):
    assert metrics(measured, token).status_code == 404


def test_without_a_token_there_are_no_metrics(site):
    assert metrics(site, "").status_code == 404


def test_metrics_tell_of_work(furnished, owner, known):
    address = opened(furnished, owner, known)
    read_all(furnished, invite(owner, address), lambda *_: ("real", 4), 3)
    owner.post("/image-sets", data={"name": "More"}, files={"files": ("a.png", png(1))})
    with furnished.parts.database.read() as db:
        state = operations.state(db, furnished.settings.data_dir, clock.now())
    assert (state.ratings, state.readers_at_work, state.sessions) == (3, 1, {"open": 1})
    assert state.jobs["queued"] == 1
    assert not state.waits_long
    with furnished.parts.database.write() as db:
        earlier = clock.now() - timedelta(minutes=9)
        db.execute(update(Job).where(Job.status == "queued").values(created_at=earlier))
    assert "A job has waited for 9 minutes" in text(furnished.browser(ADMIN).get("/admin"))


def test_an_admin_sees_jobs_and_storage_and_stops_a_job(furnished, owner):
    owner.post("/image-sets", data={"name": "More"}, files={"files": ("a.png", png(1))})
    admin = furnished.browser(ADMIN)
    page = text(admin.get("/admin"))
    for words in ("import images", "owner@example.org", "1 waiting", "images", "database and keys"):
        assert words in page
    job = re.search(r"/jobs/(\w+)/cancel", page)[1]
    assert admin.post(f"/jobs/{job}/cancel", data={"back": "/admin"}).headers["location"] == "/admin"
    assert "cancelled" in admin.get("/admin").text


def test_very_many_files_are_counted_in_part(tmp_path, monkeypatch):
    (tmp_path / "artifacts" / "images").mkdir(parents=True)
    for number in range(5):
        (tmp_path / "artifacts" / "images" / f"{number}").write_bytes(b"1234")
    (whole,) = [part for part in operations.storage(tmp_path) if part.name == "images"]
    assert (whole.files, whole.bytes, whole.whole) == (5, 20, True)
    monkeypatch.setattr(operations, "_MOST_FILES", 3)
    (part,) = [part for part in operations.storage(tmp_path) if part.name == "images"]
    assert not part.whole


@pytest.fixture
def logged(monkeypatch):
    """Logging as `serve` sets it up, and as it was afterwards; without what the tests' own client logs."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.to_stderr("json")
    monkeypatch.setattr(measuring, "log", structlog.get_logger())
    monkeypatch.setattr(signin, "log", structlog.get_logger())
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    yield written
    root.handlers[:] = kept
    root.setLevel(level)
    structlog.reset_defaults()


def test_the_log_has_a_line_a_request_and_no_word_about_who(furnished, owner, known, logged):
    address = opened(furnished, owner, known)
    link = invite(owner, address, "SECRETCODE")
    read_all(furnished, link, lambda *_: ("real", 4), 2)
    furnished.browser().get(f"/no/such/place/{link}")
    furnished.browser("owner@example.org")
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert {"method", "route", "status", "ms", "timestamp", "level"} <= set(requests[0])
    routes = [line["route"] for line in requests]
    assert routes.count("/read/ratings") >= 2
    assert {"/r/{token}", "/sign-in", "unknown"} <= set(routes)
    furnished.browser().post("/sign-in", data={"email": "owner@example.org", "password": "a wrong password"})
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert {"signed in", "sign-in refused"} <= {line["event"] for line in lines}
    assert [line for line in requests if line["status"] == 404]
    written = json.dumps(lines)
    for word in (link.removeprefix("/r/"), "SECRETCODE", "owner@", "testclient", address.rpartition("/")[2]):
        assert word not in written


def test_settings_of_logs_and_metrics(tmp_path):
    given = {"BLINDREAD_DATA_DIR": str(tmp_path)}
    settings = load_settings({**given, "BLINDREAD_LOG_FORMAT": "JSON", "BLINDREAD_METRICS_TOKEN": TOKEN})
    assert (settings.log_format, settings.metrics_token) == ("json", TOKEN.encode())
    for name, value in (("LOG_FORMAT", "xml"), ("METRICS_TOKEN", "short"), ("METRICS_TOKEN", "changeme")):
        with pytest.raises(InvalidError, match=f"BLINDREAD_{name}"):
            load_settings({**given, f"BLINDREAD_{name}": value})
