"""Passwords and lost ones: how short, how shown, who has one from the start, and what a new one does not get around."""

import re

import pytest
from sqlalchemy import func, select

from app.services import passwords
from app.tables.people import User
from tests.house.source import ROOT
from tests.web.accounts import code_at, enrol
from tests.web.conftest import ADMIN, OTHER, OWNER, PASSWORD, open_site
from tests.web.test_account import NEW, actions, change, sign_in
from tests.web.test_users import id_of, link_in

ELEVEN, TWELVE = "Zq7!rVk2#mX", "Zq7!rVk2#mXw"
SECRET_NAMES = {"password", "present", "new", "again"}


def offered(site, email=OTHER):
    """The path of a link by which this user chooses a password."""
    return link_in(site.browser(ADMIN).post(f"/admin/users/{id_of(site, email)}/password"))


@pytest.mark.parametrize("way", ["account", "link"])
def test_eleven_characters_are_too_few_and_twelve_do(site, way):
    """Hard to guess, both: it is the length alone that is refused."""
    if way == "account":
        browser = site.browser(OTHER)
        short, enough = (change(browser, new=word, again=word) for word in (ELEVEN, TWELVE))
    else:
        browser, link = site.browser(), offered(site)
        short, enough = (browser.post(link, data={"new": word, "again": word}) for word in (ELEVEN, TWELVE))
    assert (short.status_code, "at least 12 characters" in short.text) == (422, True)
    assert enough.status_code == 303
    assert sign_in(site, ELEVEN, OTHER)[1].status_code == 401
    assert sign_in(site, TWELVE, OTHER)[1].status_code == 303


def inputs(html):
    """Each field's attributes."""
    return [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", html)]


def test_every_field_for_a_password_is_masked_and_can_be_filled_by_managers(site):
    owner = site.browser(OWNER)
    pages = {"/sign-in": site.browser().get("/sign-in").text, "link": site.browser().get(offered(site)).text}
    pages["without"] = owner.get("/account").text
    enrol(owner)
    pages["with"] = owner.get("/account").text
    pages["tokens"] = owner.get("/account/tokens").text
    found = [(name, each) for name, html in pages.items() for each in inputs(html)]
    secret = [(name, each) for name, each in found if SECRET_NAMES & {each.get("name")}]
    assert {name for name, _ in secret} >= {"/sign-in", "link", "without", "with"}
    for name, field in secret:
        assert field["type"] == "password", (name, field)
        assert field["autocomplete"] in {"current-password", "new-password"}, (name, field)
        assert int(field.get("maxlength", 1000)) >= passwords.LONGEST, (name, field)


def test_no_template_has_another_field_for_a_password():
    """Not one that a test does not come to, and none that keeps managers out."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        html = path.read_text()
        for field in inputs(html):
            named = field.get("name") in SECRET_NAMES
            filled = field.get("autocomplete") in {"current-password", "new-password"}
            assert (field.get("type") == "password") == named == filled, (path.name, field)
        labels = re.findall(r'<label for="([\w-]+)">([^<]*[Pp]assword[^<]*)</label>', html)
        masked = {field.get("id") for field in inputs(html) if field.get("type") == "password"}
        assert [label for label in labels if label[0] not in masked] == [], path.name


def test_no_script_hears_of_pasting():
    for path in sorted((ROOT / "static").rglob("*.js")):
        assert not re.search(r"[\"'`](paste|beforeinput)[\"'`]|onpaste|clipboardData", path.read_text()), (
            path.name
        )
    for path in sorted((ROOT / "templates").rglob("*.html")):
        assert "onpaste" not in path.read_text()


def test_a_new_installation_has_no_account(tmp_path):
    for site in open_site(tmp_path / "new"):
        with site.parts.database.read() as db:
            assert db.scalar(select(func.count()).select_from(User)) == 0
        for email in (
            "admin",
            "admin@example.org",
            "root",
            "sa",
            "admin@localhost",
            "researcher@demo.example",
        ):
            for password in ("", "admin", "password", "blindread", PASSWORD):
                fresh = type(site.app)(
                    site.app.app, follow_redirects=False, client=(f"{email} {password}", 1)
                )
                form = {"email": email, "password": password or " "}
                assert fresh.post("/sign-in", data=form).status_code in {401, 429}
        assert site.browser().get("/").status_code == 303


def test_a_forgotten_password_gets_nobody_around_the_second_factor(site):
    secret, _ = enrol(site.browser(OWNER))
    answer = site.browser().post(offered(site, OWNER), data={"new": NEW, "again": NEW})
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers or 'blindread_login=""' in answer.headers["set-cookie"]
    browser, page = sign_in(site, NEW)
    assert (page.status_code, "set-cookie" in page.headers) == (200, False)
    assert browser.get("/").status_code == 303
    pending = re.search(r'name="pending" value="([^"]+)"', page.text)[1]
    for code, status in (("000000", 401), (code_at(secret, 1), 303)):
        told = browser.post("/sign-in/code", data={"pending": pending, "code": code})
        assert told.status_code == status
    assert browser.get("/").status_code == 200


def test_a_lost_second_factor_is_switched_off_by_an_admin_alone_and_set_up_by_the_password(site):
    owner, other = site.browser(OWNER), site.browser(OTHER)
    secret, _ = enrol(owner)
    path = f"/admin/users/{id_of(site, OWNER)}/second-factor/off"
    assert (other.post(path).status_code, site.browser().post(path).status_code) == (403, 401)
    assert sign_in(site)[1].status_code == 200
    assert site.browser(ADMIN).post(path).status_code == 303
    assert actions(site)[-1][0] == "second factor off"
    assert owner.get("/").status_code == 303
    assert sign_in(site, "a wrong password")[1].status_code == 401
    again, _ = sign_in(site)
    assert again.post("/account/second-factor", data={"present": "wrong"}).status_code == 422
    assert again.post("/account/second-factor", data={"present": PASSWORD}).status_code == 303
    new = re.search(r"\b[A-Z2-7]{32}\b", again.get("/account").text)[0]
    assert new != secret
    shown = again.post("/account/second-factor/confirm", data={"code": code_at(new, 1)})
    assert shown.status_code == 200
    assert sign_in(site)[1].status_code == 200


def test_passwords_are_checked_a_few_at_a_time_and_who_waits_in_vain_is_told(site, monkeypatch):
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.05)
    taken = [passwords._turns.acquire(blocking=False) for _ in range(4)]
    try:
        assert taken == [True] * 4
        assert not passwords._turns.acquire(blocking=False)
        _, answer = sign_in(site)
        assert (answer.status_code, "Please try again in a moment" in answer.text) == (503, True)
        assert int(answer.headers["retry-after"]) > 0
    finally:
        for _ in taken:
            passwords._turns.release()
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 3600)
    places = [passwords._places.acquire(blocking=False) for _ in range(12)]
    try:
        assert all(places)
        assert sign_in(site)[1].status_code == 503  # at once: it does not even wait
    finally:
        for _ in places:
            passwords._places.release()
    assert sign_in(site)[1].status_code == 303
