"""Where the settings require a second factor: who has none sets it up, and can do nothing else, by page, token or command."""

import os
import subprocess
import sys

import pytest

from app.errors import InvalidError
from app.settings import load_settings
from tests.web.api.conftest import program
from tests.web.conftest import ADMIN, OWNER, open_site
from tests.web.test_account import code_at, enrol, with_code
from tests.web.test_roles import ADMINS, MINE, OWN, SHARED, USER, dump, rule_of
from tests.web.walk import SAFE, call, furnish, routes

ACCOUNT = {"/account", "/account/password", "/account/browsers"}


@pytest.fixture
def strict(furnished):
    """The same data folder behind a server that requires it of everybody."""
    yield from open_site(furnished.settings.data_dir, require_second_factor="all")


def sent_to_the_account(answer):
    return answer.is_redirect and answer.headers["location"] == "/account#second-factor"


def test_it_works(strict):
    browser = strict.browser(OWNER)
    assert sent_to_the_account(browser.get("/"))
    assert "requires a second factor of you" in browser.get("/account").text
    secret, _ = enrol(browser)
    assert browser.get("/").status_code == 200
    assert "so it stays on" in browser.get("/account").text
    again, answer = with_code(strict, code_at(secret, 1))
    assert answer.status_code == 303
    assert again.get("/").status_code == 200


@pytest.mark.parametrize("email", [OWNER, ADMIN])
def test_who_has_none_gets_to_nothing_but_the_account(furnished, strict, known, email):
    ids = furnish(furnished.browser(OWNER), furnished, known)
    browser, wrong, tried = strict.browser(email), [], 0
    before = dump(strict)
    for method, path in routes(strict.app.app):
        if rule_of(method, path) not in {USER, MINE, OWN, SHARED, ADMINS}:
            continue
        if path in ACCOUNT or path.startswith("/account/second-factor"):
            continue
        tried += 1
        answer = call(browser, method, path, ids)
        if not sent_to_the_account(answer):
            wrong.append((method, path, answer.status_code))
    assert not wrong
    assert tried > 80
    assert dump(strict) == before
    refused = browser.get("/", headers={"accept": "application/json"})
    assert (refused.status_code, "second factor" in refused.json()["error"]) == (403, True)


def test_tokens_of_who_has_none_do_nothing(furnished, strict):
    me = program(furnished)
    assert me.ask("GET", "/me").status_code == 200
    headers = {"Authorization": f"Bearer {me.token}"}
    for method, path in routes(strict.app.app):
        if not path.startswith("/api/v1/") or path.endswith("openapi.json"):
            continue
        answer = strict.app.request(method, path, headers=headers, json=None if method in SAFE else {})
        assert answer.status_code == 403, (method, path, answer.text)
        assert "second factor" in answer.json()["error"]
    enrol(strict.browser(OWNER))
    assert strict.app.get("/api/v1/me", headers=headers).status_code == 401
    assert program(strict).ask("GET", "/me").status_code == 200


def test_it_is_not_switched_off_where_it_is_required(strict):
    browser = strict.browser(OWNER)
    enrol(browser)
    refused = browser.post("/account/second-factor/off", data={"present": "a long enough password"})
    assert (refused.status_code, "so it stays on" in refused.text) == (409, True)
    assert browser.get("/").status_code == 200


def test_it_may_be_required_of_admins_alone(furnished):
    for site in open_site(furnished.settings.data_dir, require_second_factor="admins"):
        assert site.browser(OWNER).get("/").status_code == 200
        assert sent_to_the_account(site.browser(ADMIN).get("/admin"))


def test_an_admin_who_takes_it_away_sends_the_user_back(strict):
    admin, owner = strict.browser(ADMIN), strict.browser(OWNER)
    enrol(admin)
    enrol(owner)
    page = admin.get("/admin/users").text
    mine = page[page.index(OWNER) :]
    action = mine[mine.index("/admin/users/") :].split("/")[3]
    assert admin.post(f"/admin/users/{action}/second-factor/off").status_code == 303
    assert sent_to_the_account(strict.browser(OWNER).get("/"))


def test_the_command_makes_no_token_either(furnished):
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(furnished.settings.data_dir)}
    asked = [sys.executable, "-m", "app.cli", "token", "add", OWNER, "--name", "Script"]
    refused = subprocess.run(
        asked,
        env={**environ, "BLINDREAD_REQUIRE_SECOND_FACTOR": "all"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (refused.returncode, "requires a second factor" in refused.stderr) == (2, True), refused
    assert subprocess.run(asked, env=environ, check=False, capture_output=True).returncode == 0


def test_the_setting_takes_three_words(tmp_path):
    environ = {"BLINDREAD_DATA_DIR": str(tmp_path)}
    assert load_settings(environ).require_second_factor == "nobody"
    found = load_settings({**environ, "BLINDREAD_REQUIRE_SECOND_FACTOR": "Admins"})
    assert found.require_second_factor == "admins"
    with pytest.raises(InvalidError, match="nobody or admins or all"):
        load_settings({**environ, "BLINDREAD_REQUIRE_SECOND_FACTOR": "yes"})
