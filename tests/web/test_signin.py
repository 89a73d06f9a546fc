"""Signing in and out, and the overview."""

import shutil

import pytest

from tests.web.conftest import ADMIN, OWNER, PASSWORD, open_site, text

WRONG = "The e-mail address or the password is wrong."


def test_it_works(site):
    browser = site.browser()
    assert browser.get("/").headers["location"] == "/sign-in?next=/"
    answer = browser.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    overview = browser.get("/")
    assert overview.status_code == 200
    assert OWNER in overview.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site):
    cookie = (
        site.browser().post("/sign-in", data={"email": OWNER, "password": PASSWORD}).headers["set-cookie"]
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_for_https_alone_where_that_is_set(tmp_path, empty_folder):
    shutil.copytree(empty_folder, tmp_path / "data")
    for site in open_site(tmp_path / "data", secure_cookies=True):
        answer = site.browser().post("/sign-in", data={"email": OWNER, "password": PASSWORD})
        assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("email", "password"),
    [(OWNER, "a wrong password"), ("nobody@example.org", PASSWORD), ("", ""), (OWNER, "")],
)
def test_a_wrong_address_and_a_wrong_password_get_the_same_answer(site, email, password):
    browser = site.browser()
    answer = browser.post("/sign-in", data={"email": email or "x", "password": password or "x"})
    assert answer.status_code == 401
    assert WRONG in text(answer)
    assert "set-cookie" not in answer.headers
    assert browser.get("/").status_code == 303


def test_the_address_may_be_typed_in_any_case(site):
    answer = site.browser().post("/sign-in", data={"email": f" {OWNER.upper()} ", "password": PASSWORD})
    assert answer.status_code == 303


def test_what_was_typed_stays_but_the_password_does_not(site):
    answer = site.browser().post("/sign-in", data={"email": OWNER, "password": "my wrong secret"})
    assert f'value="{OWNER}"' in answer.text
    assert "my wrong secret" not in answer.text


def test_one_lands_where_one_wanted_to_go(site):
    browser = site.browser()
    assert browser.get("/image-sets").headers["location"] == "/sign-in?next=/image-sets"
    assert 'value="/image-sets"' in browser.get("/sign-in?next=/image-sets").text
    answer = browser.post("/sign-in", data={"email": OWNER, "password": PASSWORD, "next": "/image-sets"})
    assert answer.headers["location"] == "/image-sets"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/ok\\..\\evil",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/\t/evil.example",
        "/\n/evil.example",
    ],
)
def test_sign_in_never_leads_to_another_site(site, elsewhere):
    answer = site.browser().post("/sign-in", data={"email": OWNER, "password": PASSWORD, "next": elsewhere})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_many_attempts_from_one_address_have_to_wait(site):
    browser = site.browser()
    statuses = [
        browser.post("/sign-in", data={"email": f"u{i}@example.org", "password": "wrong"}).status_code
        for i in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    answer = browser.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
    assert answer.status_code == 429
    assert "wait" in text(answer)


def test_many_attempts_at_one_account_have_to_wait_wherever_they_come_from(tmp_path, empty_folder):
    shutil.copytree(empty_folder, tmp_path / "data")
    for site in open_site(tmp_path / "data"):
        statuses = []
        for i in range(11):
            browser = type(site.app)(site.app.app, follow_redirects=False, client=(f"10.0.0.{i}", 1))
            form = {"email": OWNER.upper() if i % 2 else OWNER, "password": "wrong"}
            statuses.append(browser.post("/sign-in", data=form).status_code)
        assert statuses == [401] * 10 + [429]


def test_signing_out_ends_the_login_on_the_server(site):
    browser = site.browser(OWNER)
    cookie = browser.cookies["blindread_login"]
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "blindread_login" not in browser.cookies
    stolen = site.browser()
    stolen.cookies["blindread_login"] = cookie
    assert stolen.get("/").status_code == 303


def test_signing_out_without_a_login_is_harmless(site):
    assert site.browser().post("/sign-out").status_code == 303


def test_an_invented_cookie_opens_nothing(site):
    browser = site.browser()
    browser.cookies["blindread_login"] = "x" * 43
    assert browser.get("/").headers["location"] == "/sign-in?next=/"


def test_a_script_is_told_instead_of_sent_elsewhere(site):
    answer = site.browser().get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()) == (401, {"error": "Please sign in."})


def test_an_empty_overview_says_what_to_do_first(site):
    page = site.browser(OWNER).get("/").text
    for address in ("/image-sets/new", "/checkpoints/new", "/sessions/new"):
        assert f'href="{address}"' in page


def test_the_overview_shows_an_admin_what_everybody_has(furnished):
    assert "Real slices" in furnished.browser(ADMIN).get("/").text
    assert "Real slices" in furnished.browser(OWNER).get("/").text
