"""Every route of the application: who gets in, whose things, from which site, with which headers."""

import re

import pytest
from fastapi.routing import iter_route_contexts

from tests.web.conftest import FORM, OTHER, ident, invite, opened, png

OPEN_TO_ALL = {
    ("GET", "/healthz"),
    ("GET", "/sign-in"),
    ("GET", "/r/{token}"),
}
MISSING = "0" * 32
SAFE = {"GET", "HEAD", "OPTIONS"}


def routes(app) -> list[tuple[str, str]]:
    """(method, path) of every route, those of included routers too."""
    found = [(route.path, route.methods) for route in iter_route_contexts(app.routes) if route.methods]
    return [(method, path) for path, methods in found for method in sorted(methods)]


def form_of(path: str) -> dict:
    """A request's contents that would do, so that only who asks can be what is wrong."""
    if path in {"/image-sets", "/image-sets/drafts", "/checkpoints"}:
        return {"data": {"name": "n"}, "files": {"files": ("a.png", png(1))}}
    if path == "/read/ratings":
        return {"json": {"item": MISSING, "answer": "real", "likert": 3, "key": "k" * 16, "shown_ms": 1.0}}
    if path.endswith("/samples"):
        return {"data": {"name": "n", "seeds": "0-3", "psi": "1", "noise_mode": "const"}}
    if path == "/sessions" or path.endswith("/design"):
        return {"data": {**FORM, "real_set_id": MISSING, "synthetic_set_id": MISSING}}
    if path == "/sign-in":
        return {"data": {"email": "nobody@example.org", "password": "wrong"}}
    return {"data": {"name": "n", "kind": "invitation", "mends": "clip"}}


def call(client, method: str, path: str, ids: dict[str, str], headers=None):
    address = re.sub(r"{(\w+)(:\w+)?}", lambda match: ids[match[1]], path)
    contents = form_of(path) if method not in SAFE else {}
    return client.request(method, address, headers=headers, **contents)


@pytest.fixture
def ids(furnished, owner, known):
    return things(furnished, owner, known)


def things(site, owner, known):
    """Names of things that are there, for every path."""
    address = opened(site, owner, known)
    link = invite(owner, address)
    page = owner.get(address).text
    set_page = owner.get(known.real_set).text
    job = owner.post(f"{known.checkpoint}/samples", data={"name": "n", "seeds": "0-3", "psi": "1"}).headers[
        "location"
    ]
    owner.post(f"{address}/template", data={"name": "Kept"})
    draft = owner.post("/image-sets/drafts", data={"name": "n"}, files={"files": ("a.png", png(1))})
    return {
        "session_id": ident(address),
        "draft_id": ident(draft.headers["location"]),
        "template_id": re.search(r"/templates/([0-9a-f]{32})/", owner.get("/sessions/new").text)[1],
        "set_id": ident(known.real_set),
        "image_id": re.search(r"/images/([0-9a-f]{32})\.png", set_page)[1],
        "checkpoint_id": ident(known.checkpoint),
        "job_id": re.search(r'data-job="([0-9a-f]{32})"', owner.get(job).text)[1],
        "reading_id": re.search(r"/readers/([0-9a-f]{32})/", page)[1],
        "token": link.removeprefix("/r/"),
        "name": "ratings.csv",
        "kind": "grid",
        "number": "1",
    }


def test_the_walk_finds_the_routes(site):
    found = routes(site.app.app)
    assert {("GET", "/"), ("POST", "/read/ratings"), ("GET", "/sessions/{session_id}/export/{name}")} <= {
        *found
    }
    assert len(found) == len({*found}) > 30


def test_without_a_sign_in_nothing_opens(furnished, ids):
    open_doors = set()
    for method, path in routes(furnished.app.app):
        answer = call(furnished.browser(), method, path, ids)
        if answer.is_success:
            open_doors.add((method, path))
        elif method != "GET" and path not in {
            "/sign-in",
            "/sign-out",
            "/r/{token}",
            "/read/no-reminders/{token}",
            "/read/join/{token}",
        }:
            assert answer.status_code == 401, (method, path, answer.status_code)
    assert open_doors == OPEN_TO_ALL


def test_without_a_sign_in_nothing_changes(furnished, owner, ids, known):
    session = f"/sessions/{ids['session_id']}"
    before = [owner.get(address).text for address in ("/", session, known.checkpoint)]
    for method, path in routes(furnished.app.app):
        if path != "/r/{token}":
            call(furnished.browser(), method, path, ids)
    assert [owner.get(address).text for address in ("/", session, known.checkpoint)] == before


def test_another_researcher_gets_404_for_whatever_is_not_theirs(furnished, ids):
    other = furnished.browser(OTHER)
    tried = 0
    for method, path in routes(furnished.app.app):
        if "{" not in path or path.startswith(("/r/", "/read/")):
            continue
        tried += 1
        foreign = call(other, method, path, ids)
        missing = call(
            other, method, path, {**dict.fromkeys(ids, MISSING), "name": ids["name"], "kind": ids["kind"]}
        )
        assert (foreign.status_code, missing.status_code) == (404, 404), (method, path)
        assert foreign.text == missing.text, (method, path)
    assert tried > 15


def test_another_researcher_s_tries_change_nothing(furnished, owner, ids):
    session = f"/sessions/{ids['session_id']}"
    before = [owner.get(address).text for address in ("/", session, f"/jobs/{ids['job_id']}")]
    other = furnished.browser(OTHER)
    for method, path in routes(furnished.app.app):
        if "{" in path and not path.startswith("/r/"):
            call(other, method, path, ids)
    assert [owner.get(address).text for address in ("/", session, f"/jobs/{ids['job_id']}")] == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:8001"},
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
    [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://testserver"}, {}],
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


def test_a_reader_s_cookie_opens_no_researcher_s_page(furnished, ids):
    reader = furnished.browser()
    reader.post(f"/r/{ids['token']}")
    cookie = reader.cookies["blindread_reader"]
    reader.cookies.clear()
    reader.cookies["blindread_login"] = cookie
    for method, path in routes(furnished.app.app):
        if path.startswith(("/r/", "/sign-", "/healthz")):
            continue
        assert not call(reader, method, path, ids).is_success, (method, path)


def test_a_researcher_s_cookie_opens_no_reader_s_page(owner):
    assert owner.get("/read").status_code == 401
    assert owner.get("/read/state").status_code == 401


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
