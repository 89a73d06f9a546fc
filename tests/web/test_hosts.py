"""Requests under a name that is not this server's are refused before anything else; cookies belong to the name alone."""

import shutil

import pytest

from tests.web.conftest import OWNER, PASSWORD, open_site, opened

UNKNOWN = "This server is not known by this address. Please use the address that you were given."
LOGIN = {"email": OWNER, "password": PASSWORD}


@pytest.fixture
def known_as(tmp_path, empty_folder):
    """A site that is known as vtt.example.org and as other.example.org."""
    shutil.copytree(empty_folder, tmp_path / "known")
    names = {"base_url": "https://vtt.example.org", "allowed_hosts": ("other.example.org", "testserver")}
    yield from open_site(tmp_path / "known", secure_cookies=True, host="10.1.2.3", **names)


@pytest.mark.parametrize(
    "host",
    [
        "vtt.example.org",
        "VTT.example.org:443",
        "other.example.org",
        "localhost:8000",
        "127.0.0.1",
        "[::1]:8000",
        "10.1.2.3:8000",
    ],
)
def test_it_answers_to_its_own_names(known_as, host):
    assert known_as.browser().get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "vtt.example.org.evil.example",
        "evil.vtt.example.org",
        "vtt.example.org@evil.example",
        "evil.example#vtt.example.org",
        "vtt.example.org:80:80",
        "vtt.example.org:http",
        "vtt.example.org, evil.example",
        "0.0.0.0",
        "",
        " ",
        "é.example",
        "[1.2]",
        "[:::]",
    ],
)
@pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/r/unknown", "/static/css/base.css", "/nothing"])
def test_any_other_name_gets_a_sentence(known_as, host, path):
    answer = known_as.browser().get(path, headers={"Host": host.encode()})
    assert (answer.status_code, answer.text) == (400, UNKNOWN)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_two_names_are_none(known_as):
    headers = [("Host", "vtt.example.org"), ("Host", "vtt.example.org")]
    assert known_as.browser().get("/healthz", headers=headers).status_code == 400


def test_a_write_under_another_name_changes_nothing(known_as):
    answer = known_as.browser().post("/sign-in", data=LOGIN, headers={"Host": "evil.example"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (400, False)


@pytest.mark.parametrize("forwarded", ["http", "https"])
def test_the_public_address_is_where_writes_come_from_whatever_scheme_the_proxy_tells(known_as, forwarded):
    """A proxy ends TLS; who sits on the line can show a page by HTTP under the same name, and that is another site."""
    browser = known_as.browser()
    browser.base_url = f"{forwarded}://vtt.example.org"
    told = {"https://vtt.example.org": 401, "https://vtt.example.org:443": 401, "http://vtt.example.org": 403}
    for origin, status in told.items():
        wrong = browser.post("/sign-in", data={**LOGIN, "password": "x"}, headers={"Origin": origin})
        assert wrong.status_code == status, origin


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_under_another_name_the_scheme_is_the_one_that_was_asked_by(known_as, scheme):
    browser = known_as.browser()
    browser.base_url = f"{scheme}://other.example.org"
    for each in ("http", "https"):
        headers = {"Origin": f"{each}://other.example.org"}
        wrong = browser.post("/sign-in", data={**LOGIN, "password": "x"}, headers=headers)
        assert wrong.status_code == (401 if each == scheme else 403)


def test_scripts_and_readers_are_told_in_their_own_way(known_as):
    headers = {"Host": "evil.example", "Content-Type": "application/json"}
    answer = known_as.browser().post("/read/ratings", json={}, headers=headers)
    assert answer.json() == {"error": UNKNOWN}
    german = known_as.browser().get("/r/x", headers={"Host": "evil.example", "Accept-Language": "de"})
    assert german.text.startswith("Dieser Server ")


def test_links_begin_with_the_configured_address_whatever_name_was_asked(tmp_path, furnished_folder):
    folder, known = furnished_folder
    shutil.copytree(folder, tmp_path / "data")
    for site in open_site(tmp_path / "data", base_url="https://vtt.example.org"):
        owner = site.browser(OWNER)
        address = opened(site, owner, known)
        headers = {"Host": "localhost", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        page = owner.post(f"{address}/readers", headers=headers).text
        assert "https://vtt.example.org/r/" in page
        assert "http://localhost" not in page
        assert "evil.example" not in page


@pytest.fixture
def secure(known_as):
    """A browser at the site's own address, by HTTPS."""
    browser = known_as.browser()
    browser.base_url = "https://vtt.example.org"
    return browser


def test_cookies_that_are_secure_have_a_name_that_no_other_host_can_set(secure):
    answer = secure.post("/sign-in", data=LOGIN)
    (cookie,) = answer.headers.get_list("set-cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-blindread_login=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {*attributes}
    assert not any(one.startswith("Domain") for one in attributes)
    assert secure.get("/").status_code == 200


def test_a_cookie_without_the_prefix_opens_nothing_there(secure):
    secure.post("/sign-in", data=LOGIN)
    value = secure.cookies["__Host-blindread_login"]
    secure.cookies.clear()
    secure.cookies["blindread_login"] = value
    assert secure.get("/").status_code == 303


def test_signing_out_takes_the_cookie_back(secure):
    secure.post("/sign-in", data=LOGIN)
    (cookie,) = secure.post("/sign-out").headers.get_list("set-cookie")
    assert cookie.startswith('__Host-blindread_login=""; ')
    assert "Max-Age=0" in cookie
    assert "Secure" in cookie
    assert secure.get("/").status_code == 303


def test_signing_in_again_ends_the_login_before(secure):
    secure.post("/sign-in", data=LOGIN)
    before = secure.cookies["__Host-blindread_login"]
    secure.post("/sign-in", data=LOGIN)
    assert secure.cookies["__Host-blindread_login"] != before
    secure.cookies.clear()
    secure.cookies["__Host-blindread_login"] = before
    assert secure.get("/").status_code == 303


def test_browsers_are_told_to_come_by_https_alone(secure, site):
    for path in ("/healthz", "/sign-in", "/static/css/base.css", "/nothing"):
        assert secure.get(path).headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert "strict-transport-security" not in site.browser().get(path).headers


def test_nothing_but_the_program_s_own_files_is_kept_by_browsers(secure):
    for path in ("/", "/sign-in", "/healthz", "/nothing"):
        assert secure.get(path).headers["cache-control"] == "no-store"
    assert secure.post("/sign-in", data=LOGIN).headers["cache-control"] == "no-store"
    assert "cache-control" not in secure.get("/static/css/base.css").headers
