"""`blindread token`: make, list, revoke; a token works for its user until it is revoked."""

import re

import pytest
from fastapi.testclient import TestClient

from app import clock, schema
from app.db import Database
from app.main import create_app
from app.services import people
from app.settings import load_settings
from app.tables.audit import AuditEvent

EMAIL, OTHER = "dr@example.org", "other@example.org"


@pytest.fixture
def settings(tmp_path):
    """A data folder with two users."""
    made = load_settings(
        {"BLINDREAD_DATA_DIR": str(tmp_path / "data"), "BLINDREAD_ALLOWED_HOSTS": "testserver"}
    )
    database = Database(made.database_url, folder=made.data_dir)
    schema.upgrade(database)
    with database.write() as db:
        for email in (EMAIL, OTHER):
            people.add(db, email, "researcher", "a long enough password", clock.now())
    database.close()
    return made


def status(settings, token, method="GET", path="/me"):
    with TestClient(create_app(settings)) as client:
        headers = {"Authorization": f"Bearer {token}"}
        return client.request(method, f"/api/v1{path}", headers=headers).status_code


def made(blindread, *more):
    """(id, token) of a new one."""
    told = blindread("token", "add", EMAIL, "--name", "Nightly export", *more)
    assert told.code == 0, told.err
    return re.search(r"^Token (\w+), until \d{4}-\d\d-\d\d; .*\n(blr_\S+)\n$", told.out).groups()


def test_it_works(blindread, settings):
    token_id, token = made(blindread)
    assert status(settings, token) == 200
    listed = blindread("token", "list", EMAIL).out
    assert re.fullmatch(rf"{token_id}  Nightly export  until \S+  used \d{{4}}-\d\d-\d\d\n", listed)
    assert blindread("token", "revoke", token_id).out == "The token is revoked.\n"
    assert status(settings, token) == 401
    assert "works no more" in blindread("token", "list", EMAIL).out


def test_a_token_is_shown_once_and_stored_nowhere(blindread, settings):
    _, token = made(blindread)
    assert token not in blindread("token", "list", EMAIL).out
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert not [path for path in files if token.encode() in path.read_bytes()]


def test_a_token_that_only_reads_changes_nothing(blindread, settings):
    _, token = made(blindread, "--read-only")
    assert "  only reads" in blindread("token", "list", EMAIL).out
    assert status(settings, token) == 200
    assert status(settings, token, "POST", f"/sessions/{'0' * 32}/close") == 403


def test_tokens_of_others_are_not_listed(blindread, settings):
    made(blindread)
    assert blindread("token", "list", OTHER).out == ""


def test_days_are_those_that_there_are(blindread, settings):
    soon, late = (made(blindread, "--days", days) for days in ("30", "365"))
    assert soon[0] != late[0]
    refused = blindread("token", "add", EMAIL, "--name", "x", "--days", "31")
    assert (refused.code, refused.err) == (2, "A token lasts 30, 90 or 365 days.\n")


def test_revoking_twice_is_once_and_what_is_not_there_is_told(blindread, settings):
    token_id, _ = made(blindread)
    for _ in range(2):
        assert blindread("token", "revoke", token_id).code == 0
    database = Database(settings.database_url)
    with database.read() as db:
        actions = [(event.actor, event.action) for event in db.query(AuditEvent)]
    database.close()
    assert actions == [("command line", "token made"), ("command line", "token revoked")]
    absent = blindread("token", "revoke", "0" * 32)
    assert (absent.code, absent.err) == (2, "There is no such token.\n")
    for command in (("add", "nobody@example.org", "--name", "x"), ("list", "nobody@example.org")):
        told = blindread("token", *command)
        assert (told.code, told.err) == (2, "There is no user nobody@example.org.\n")
