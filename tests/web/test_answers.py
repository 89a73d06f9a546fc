"""What every answer is and is not, whoever asks; and passwords, from the field to the hash."""

import json
import os
import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from app import clock
from app.services import people
from app.tables.people import User
from tests.web import walk
from tests.web.conftest import OWNER, PASSWORD, open_site, text

BEGINNINGS = {
    "text/html": b"<",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/svg+xml": b"<",
    "application/zip": b"PK",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory, furnished_folder):
    """The answers of all routes to what reads, for nobody, a reader and the owner; then of those that write."""
    folder, known = furnished_folder
    copied = tmp_path_factory.mktemp("answers") / "data"
    shutil.copytree(folder, copied)
    for site in open_site(copied):
        owner, reader = site.browser(OWNER), site.browser()
        ids = walk.furnish(owner, site, known)
        reader.post(f"/r/{ids['token']}")
        routes = walk.routes(site.app.app)
        asked = [
            (who, each) for who in (site.browser(), reader, owner) for each in routes if each[0] == "GET"
        ]
        asked += [(who, each) for who in (site.browser(), owner) for each in routes if each[0] == "POST"]
        yield [(*each, walk.call(who, *each, ids, {"Origin": "http://testserver"})) for who, each in asked]


def test_every_answer_says_what_it_is(answers):
    kinds = set()
    for method, path, answer in answers:
        kind, _, charset = answer.headers.get("content-type", "").partition("; ")
        kinds.add(kind)
        if not answer.content:
            continue
        assert kind, (method, path)
        assert charset == "charset=utf-8" or not kind.startswith("text/"), (method, path)
        assert answer.content.lstrip().startswith(BEGINNINGS.get(kind, b"")), (method, path, kind)
        if kind == "application/json":
            json.loads(answer.content)
    assert {"text/html", "image/png", "application/json"} <= kinds


def test_no_other_site_may_read_an_answer(answers, site):
    for method, path, answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")], (method, path)
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = site.browser().options("/sessions", headers=asking)
    assert (preflight.status_code, "access-control-allow-origin" in preflight.headers) == (405, False)


def test_no_answer_leads_to_another_site(answers):
    leading = [(path, answer.headers["location"]) for _, path, answer in answers if answer.is_redirect]
    assert len(leading) > 30
    for path, location in leading:
        assert re.match(r"/(?![/\\])", location), (path, location)


def test_a_path_with_a_slash_too_many_stays_here(site):
    owner = site.browser(OWNER)
    for path in ("/sessions/", "//evil.example/", "//evil.example/sessions/", "/\\evil.example/"):
        there = urlsplit(owner.get(path).headers.get("location", ""))
        assert there.netloc in {"", "testserver"}, path


def test_every_page_of_researchers_offers_to_sign_out(answers):
    pages = [
        (path, answer.text)
        for _, path, answer in answers
        if answer.is_success
        and "<html" in answer.text[:200]
        and not path.startswith(("/r/", "/read", "/sign-in"))
    ]
    assert len(pages) > 15
    assert [path for path, page in pages if 'action="/sign-out"' not in page] == []


def test_folders_are_not_listed(site):
    owner = site.browser(OWNER)
    for path in ("/static", "/static/", "/static/css/", "/static/js", "/.git/", "/.git/config"):
        assert owner.get(path).status_code in {307, 404}, path
        assert owner.get(path, follow_redirects=True).status_code == 404, path


def test_only_known_methods_are_taken(site):
    owner = site.browser(OWNER)
    for path in ("/", "/sign-in", "/sessions", "/healthz", "/read/ratings"):
        for method in ("TRACE", "TRACK", "PUT", "PATCH", "OPTIONS", "CONNECT", "PROPFIND"):
            assert owner.request(method, path).status_code == 405, (method, path)


def test_a_crash_shows_a_sentence_and_nothing_of_the_inside(furnished, known):
    """A table that is gone is nothing that the program can foresee."""
    with furnished.parts.database.write() as db:
        db.connection().exec_driver_sql("ALTER TABLE checkpoints RENAME TO gone")
    client = TestClient(furnished.app.app, raise_server_exceptions=False, follow_redirects=False)
    client.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
    answer = client.get(known.checkpoint)
    assert answer.status_code in {500, 503}
    for word in ("Traceback", "sqlalchemy", "SELECT", "no such table", "checkpoints.py", "site-packages"):
        assert word not in answer.text


def test_a_line_break_in_a_name_makes_no_line_of_the_log():
    event = "from app import logs; import structlog; logs.to_stderr(); structlog.get_logger().info('seen', name='a\\nb\\r\\x1b[31m')"
    done = subprocess.run([sys.executable, "-c", event], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert "\x1b" not in line
    assert "\\n" in line


def test_a_field_that_comes_twice_counts_once(site):
    answer = site.browser().post(
        "/sign-in", data={"email": ["nobody@example.org", OWNER], "password": ["wrong", PASSWORD]}
    )
    assert answer.status_code == 303
    query = site.browser().post(f"/sign-in?email={OWNER}", data={"password": PASSWORD})
    assert query.status_code == 422


def test_password_fields_are_masked_and_can_be_filled_by_managers(site):
    page = site.browser().get("/sign-in").text
    (field,) = re.findall(r'<input[^>]*name="password"[^>]*>', page)
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert "maxlength" not in field


def test_a_password_is_checked_as_it_is_typed(site):
    long = " Ünlike (any) other PASSWORD, 🔑 with spaces " * 4
    with site.parts.database.write() as db:
        people.add(db, "long@example.org", "researcher", long, clock.now())

    def status(password):
        return (
            site.browser()
            .post("/sign-in", data={"email": "long@example.org", "password": password})
            .status_code
        )

    assert status(long) == 303
    assert [status(wrong) for wrong in (long.strip(), long.lower(), long[:72], long[:-1])] == [401] * 4


def test_passwords_are_stored_by_argon2id(site):
    added = [sys.executable, "-m", "app.cli", "user", "add", "new@example.org", "--role", "researcher"]
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(site.settings.data_dir)}
    subprocess.run(added, env=environ, check=True, capture_output=True)
    with site.parts.database.read() as db:
        stored = db.query(User).filter_by(email="new@example.org").one().password_hash
    assert re.match(r"\$argon2id\$v=19\$m=65536,t=3,p=4\$", stored)


def test_an_empty_sign_in_says_what_is_missing(site):
    answer = site.browser().post("/sign-in", data={})
    assert answer.status_code == 422
    assert "email" in text(answer)
