"""One's own account: password, second factor, other browsers."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.services import passwords, people
from app.tables.audit import AuditEvent
from app.tables.people import Login, PasswordLink, User
from app.web import account, reauthentication
from tests.web.accounts import code_at, enrol
from tests.web.api.conftest import program
from tests.web.conftest import ADMIN, OWNER, PASSWORD, text

NEW = "another thing altogether, quite long"


def sign_in(site, password=PASSWORD, email=OWNER):
    browser = site.browser()
    return browser, browser.post("/sign-in", data={"email": email, "password": password})


def change(browser, present=PASSWORD, new=NEW, again=NEW):
    return browser.post("/account/password", data={"present": present, "new": new, "again": again})


def with_code(site, code, target="/"):
    """Sign in with the password and a code; returns (browser, answer)."""
    browser, page = sign_in(site)
    assert "set-cookie" not in page.headers
    pending = re.search(r'name="pending" value="([^"]+)"', page.text)[1]
    data = {"pending": pending, "code": code, "next": target}
    return browser, browser.post("/sign-in/code", data=data)


def actions(site):
    with site.parts.database.read() as db:
        return [(event.action, dict(event.details)) for event in db.scalars(select(AuditEvent))]


def test_it_works(site):
    browser, other = site.browser(OWNER), site.browser(OWNER)
    assert "In 2 browsers" in browser.get("/account").text
    answer = change(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
    page = browser.get("/account?done=password")
    assert "The password is changed." in page.text
    assert "In this browser alone." in page.text
    assert other.get("/").status_code == 303
    assert sign_in(site)[1].status_code == 401
    assert sign_in(site, NEW)[1].status_code == 303
    assert actions(site)[-1] == ("password changed", {"how": "by its user"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"present": "wrong"}, "The present password is wrong; nothing was changed."),
        ({"again": "something else"}, "The two new passwords differ."),
        ({"new": "short", "again": "short"}, "at least 12 characters"),
        ({"new": "password1234", "again": "password1234"}, "easily guessed"),
        ({"new": "owner@example.org!", "again": "owner@example.org!"}, "easily guessed"),
        ({"new": "x7!q" * 300, "again": "x7!q" * 300}, "The longest password has 1000 characters."),
    ],
)
def test_a_change_that_is_refused_changes_nothing(site, changes, sentence):
    browser = site.browser(OWNER)
    answer = change(browser, **changes)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert sign_in(site)[1].status_code == 303
    assert browser.get("/").status_code == 200


def test_attempts_at_the_present_password_are_limited(site):
    browser = site.browser(OWNER)
    for _ in range(reauthentication.PASSWORDS.amount):
        assert change(browser, present="wrong").status_code == 422
    assert change(browser).status_code == 429


def test_signing_in_again_ends_the_login_before(site):
    browser = site.browser(OWNER)
    before = browser.cookies["blindread_login"]
    browser.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
    stolen = site.browser()
    stolen.cookies["blindread_login"] = before
    assert stolen.get("/").status_code == 303
    assert browser.get("/").status_code == 200


def test_other_browsers_are_signed_out(site):
    browser, other = site.browser(OWNER), site.browser(OWNER)
    browser.post("/account/browsers")
    assert other.get("/").status_code == 303
    assert browser.get("/").status_code == 200


def test_a_login_that_nobody_uses_ends_and_use_keeps_it(site):
    browser = site.browser(OWNER)
    almost = clock.now() - people.IDLE_LASTS + timedelta(minutes=1)
    with site.parts.database.write() as db:
        db.execute(update(Login).values(used_at=almost))
    assert browser.get("/").status_code == 200
    with site.parts.database.read() as db:
        assert db.scalar(select(Login.used_at)) > almost + timedelta(hours=1)
    with site.parts.database.write() as db:
        db.execute(update(Login).values(used_at=clock.now() - people.IDLE_LASTS - timedelta(seconds=1)))
    assert browser.get("/").status_code == 303


def test_with_a_second_factor_the_password_alone_signs_nobody_in(site):
    browser = site.browser(OWNER)
    secret, codes = enrol(browser)
    assert len(codes) == 8
    page = sign_in(site)[1]
    assert page.status_code == 200
    assert "The six digits that your authenticator shows" in page.text
    inside, answer = with_code(site, code_at(secret, 1), "/sessions")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions")
    assert inside.get("/").status_code == 200
    assert "8 recovery codes are left" in inside.get("/account").text
    assert secret not in inside.get("/account").text


def test_its_secret_is_nowhere_in_the_database(site):
    secret, codes = enrol(site.browser(OWNER))
    with site.parts.database.read() as db:
        raw = db.connection().connection.driver_connection
        stored = "\n".join(raw.iterdump())
    assert not [word for word in (secret, *codes) if word in stored]


def test_a_code_is_taken_once(site):
    secret, _ = enrol(site.browser(OWNER))
    assert with_code(site, code_at(secret, 1))[1].status_code == 303
    browser, again = with_code(site, code_at(secret, 1))
    assert again.status_code == 401
    assert "was used before" in text(again)
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("code", ["", "000000", "12345", "１２３４５６", "0" * 40])
def test_a_wrong_code_signs_nobody_in(site, code):
    enrol(site.browser(OWNER))
    browser, answer = with_code(site, code)
    assert answer.status_code == 401
    assert browser.get("/").status_code == 303


def test_a_recovery_code_stands_in_once(site):
    _, codes = enrol(site.browser(OWNER))
    browser, answer = with_code(site, codes[0].upper().replace("-", " "))
    assert answer.status_code == 303
    assert "7 recovery codes are left" in browser.get("/account").text
    assert with_code(site, codes[0])[1].status_code == 401
    assert ("recovery code used", {}) in actions(site)


def test_codes_are_limited(site):
    enrol(site.browser(OWNER))
    for _ in range(reauthentication.CODES[0].amount):
        assert with_code(site, "000000")[1].status_code == 401
    assert with_code(site, "000000")[1].status_code == 429


@pytest.mark.parametrize("pending", ["", "x", "a.b.c", "..", f"{'0' * 32}.99999999999.{'0' * 64}", "é.1.é"])
def test_a_forged_first_step_signs_nobody_in(site, pending):
    browser = site.browser()
    answer = browser.post("/sign-in/code", data={"pending": pending, "code": "123456"})
    assert answer.status_code in {401, 422}
    assert browser.get("/").status_code == 303


def test_it_is_switched_off_by_the_password_and_a_code(site):
    browser = site.browser(OWNER)
    secret, codes = enrol(browser)
    for wrong in (
        {"present": "wrong", "code": code_at(secret, 1)},
        {"present": PASSWORD},
        {"present": PASSWORD, "code": "000000"},
    ):
        refused = browser.post("/account/second-factor/off", data=wrong)
        assert refused.status_code == 422
        assert "recovery codes are left" in refused.text
    off = browser.post("/account/second-factor/off", data={"present": PASSWORD, "code": codes[0]})
    assert off.status_code == 303
    assert "The second factor is off." in browser.get(off.headers["location"]).text
    assert sign_in(site)[1].status_code == 303
    assert [name for name, _ in actions(site)[-3:]] == [
        "second factor on",
        "recovery code used",
        "second factor off",
    ]


def test_switching_it_on_or_off_ends_what_was_opened_before(site):
    browser, other = site.browser(OWNER), site.browser(OWNER)
    token = {"Authorization": f"Bearer {program(site).token}"}
    secret, codes = enrol(browser)
    assert browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert site.browser().get("/api/v1/me", headers=token).status_code == 401
    other, _ = with_code(site, code_at(secret, 1))
    token = {"Authorization": f"Bearer {program(site).token}"}
    off = {"present": PASSWORD, "code": codes[0]}
    assert browser.post("/account/second-factor/off", data=off).is_redirect
    assert browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert site.browser().get("/api/v1/me", headers=token).status_code == 401


def test_it_begins_and_is_confirmed_once(site):
    browser = site.browser(OWNER)
    early = browser.post("/account/second-factor/confirm", data={"code": "123456"})
    assert early.status_code == 409
    assert browser.post("/account/second-factor", data={"present": "wrong"}).status_code == 422
    browser.post("/account/second-factor", data={"present": PASSWORD})
    wrong = browser.post("/account/second-factor/confirm", data={"code": "000000"})
    assert wrong.status_code == 422
    assert sign_in(site)[1].status_code == 303
    enrol(browser)
    assert browser.post("/account/second-factor", data={"present": PASSWORD}).status_code == 409


@pytest.fixture
def link(site):
    """A link by which the owner chooses a password."""
    with site.parts.database.write() as db:
        return "/password/" + passwords.offer(db, people.by_email(db, OWNER).id, clock.now())


def test_a_link_lets_its_user_choose_a_password_once(site, link):
    inside, browser = site.browser(OWNER), site.browser()
    assert OWNER in browser.get(link).text
    short = browser.post(link, data={"new": "short", "again": "short"})
    assert short.status_code == 422
    answer = browser.post(link, data={"new": NEW, "again": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert inside.get("/").status_code == 303
    assert sign_in(site, NEW)[1].status_code == 303
    assert browser.get(link).status_code == 404
    assert browser.post(link, data={"new": NEW, "again": NEW}).status_code == 404


@pytest.mark.parametrize("ended", ["expired", "user shut out", "another link made", "password changed"])
def test_a_link_that_has_ended_is_as_one_that_never_was(site, link, ended):
    owner = site.browser(OWNER)
    with site.parts.database.write() as db:
        user = people.by_email(db, OWNER)
        if ended == "expired":
            db.execute(update(PasswordLink).values(expires_at=clock.now() - timedelta(seconds=1)))
        elif ended == "user shut out":
            db.execute(update(User).where(User.id == user.id).values(disabled_at=clock.now()))
        elif ended == "another link made":
            passwords.offer(db, user.id, clock.now())
    if ended == "password changed":
        assert change(owner).status_code == 303
    browser = site.browser()
    gone, never = browser.get(link), browser.get("/password/never-made")
    assert (gone.status_code, never.status_code) == (404, 404)
    assert gone.text == never.text


def test_guesses_at_links_are_limited(site, link):
    browser = site.browser()
    for _ in range(account.LINKS.amount):
        assert browser.get("/password/guess").status_code == 404
    assert browser.get("/password/guess").status_code == 429
    assert browser.get(link).status_code == 429


def test_an_admin_has_an_account_page_too(site):
    assert ADMIN in site.browser(ADMIN).get("/account").text


def test_a_first_step_ends_with_its_password(site):
    browser = site.browser(OWNER)
    secret, _ = enrol(browser)
    waiting, page = sign_in(site)
    pending = re.search(r'name="pending" value="([^"]+)"', page.text)[1]
    change(browser)
    answer = waiting.post("/sign-in/code", data={"pending": pending, "code": code_at(secret, 1)})
    assert answer.status_code in {303, 401}
    assert "set-cookie" not in answer.headers
