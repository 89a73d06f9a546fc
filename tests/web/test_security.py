"""Every route of the application: from which site, with which headers. Who gets in stands in test_roles.py."""

import re

import pytest

from tests.web.conftest import FORM, ident
from tests.web.walk import SAFE, call, furnish, routes


@pytest.fixture
def ids(furnished, owner, known):
    return furnish(owner, furnished, known)


def test_the_walk_finds_the_routes(site):
    found = routes(site.app.app)
    assert {("GET", "/"), ("POST", "/read/ratings"), ("GET", "/sessions/{session_id}/export/{name}")} <= {
        *found
    }
    assert len(found) == len({*found}) > 30


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:8001"},
        {"Origin": "https://testserver"},
        {"Origin": "http://testserver:port"},
    ],
)
def test_a_write_from_another_site_is_refused(furnished, owner, ids, headers):
    before = owner.get("/").text
    for method, path in routes(furnished.app.app):
        if method not in SAFE:
            assert call(owner, method, path, ids, headers).status_code == 403, (method, path)
    assert owner.get("/").text == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://testserver"},
        {"Origin": "http://TestServer:80"},
        {},
    ],
)
def test_a_write_from_our_own_pages_is_taken(furnished, owner, ids, headers):
    assert owner.post(f"/sessions/{ids['session_id']}/readers", headers=headers).status_code == 200


def test_every_answer_carries_the_security_headers(furnished, owner, ids):
    browsers = [furnished.browser(), owner]
    answers = [
        call(b, "GET", path, ids)
        for b in browsers
        for method, path in routes(furnished.app.app)
        if method == "GET"
    ]
    answers += [
        owner.get(address) for address in ("/nothing-here", "/static/css/base.css", "/static/nothing")
    ]
    answers.append(owner.post("/sessions", headers={"Sec-Fetch-Site": "cross-site"}))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_pages_are_never_cached(owner, ids, known):
    session = f"/sessions/{ids['session_id']}"
    for address in ("/", "/sessions", session, "/image-sets", known.real_set, known.checkpoint, "/missing"):
        assert owner.get(address).headers["cache-control"] == "no-store"


def test_no_page_has_inline_scripts_or_styles(owner, ids, known):
    session = f"/sessions/{ids['session_id']}"
    for address in (
        "/",
        "/sessions",
        "/sessions/new",
        session,
        "/image-sets/new",
        known.real_set,
        known.checkpoint,
    ):
        page = owner.get(address).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page), address


def test_readers_errors_carry_no_word_of_the_researchers_side(furnished):
    reader = furnished.browser()
    for address in ("/read", "/read/rate", "/r/unknown-link", "/read/stimuli/nothing", "/read/nothing-here"):
        page = reader.get(address).text.lower()
        assert "<html" in page
        for word in ("blindread", "synthetic", "session", "sign in", "stylegan", "checkpoint"):
            assert word not in page.replace("/static/", ""), (address, word)


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/static/../app/main.py", "/static/%2e%2e/pyproject.toml"]
)
def test_nothing_else_is_served(owner, path):
    assert owner.get(path).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/image-sets/a%00b",
        "/sessions/%F0%9F%92%A9",
        "/jobs/" + "x" * 5000,
        "/checkpoints/'; DROP TABLE users",
    ],
)
def test_odd_names_are_simply_not_found(owner, address):
    assert owner.get(address).status_code == 404


def test_wrong_methods_get_a_sentence(owner):
    answer = owner.delete("/sessions")
    assert answer.status_code == 405
    assert "does not take that" in answer.text


@pytest.mark.parametrize("path", ["/read/ratings", "/sign-in", "/sessions", "/nowhere"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_longer_than_any_form_is_refused_before_it_is_read(site, path, declared):
    """Without a sign-in: nobody can fill the memory or the disk of the server."""
    sent = []

    def pieces():
        for _ in range(4000):
            sent.append(1)
            yield b"x" * 65536

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if declared:
        headers["Content-Length"] = str(4000 * 65536)
    answer = site.browser().post(path, content=pieces(), headers=headers)
    assert answer.status_code in {404, 405, 413} if path == "/nowhere" else 413
    if declared:
        assert "longer than anything" in answer.text


def test_long_instructions_still_fit(furnished, owner, known):
    sets = {"real_set_id": ident(known.real_set), "synthetic_set_id": ident(known.synthetic_set)}
    answer = owner.post("/sessions", data={**FORM, **sets, "instructions": "ü" * 4_900})
    assert answer.status_code == 303


def test_what_scripts_send_is_refused_in_json(furnished):
    headers = {"Content-Type": "application/json"}
    client = furnished.browser()
    long = client.post("/read/ratings", content=b"x" * 300_000, headers=headers)
    assert (long.status_code, list(long.json())) == (413, ["error"])
