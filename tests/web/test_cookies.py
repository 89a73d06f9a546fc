"""All cookies of all routes, as browsers get them over HTTPS; and that a login ends, however much it is used."""

import re
import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.services import people
from app.tables.people import Login
from tests.web import walk
from tests.web.conftest import OWNER, PASSWORD, open_site

NAMES = {"blindread_login", "blindread_reader", "blindread_language"}


@pytest.fixture(scope="module")
def heard(tmp_path_factory, furnished_folder):
    """Every Set-Cookie of all routes over HTTPS, and the bodies that came: of nobody, a reader and the owner."""
    folder, known = furnished_folder
    copied = tmp_path_factory.mktemp("cookies") / "data"
    shutil.copytree(folder, copied)
    address = "https://vtt.example.org"
    lines, bodies = [], []
    for site in open_site(copied, base_url=address, secure_cookies=True):

        def browser(site=site):
            made = site.browser()
            made.base_url = address

            def hear(answer):
                answer.read()
                lines.extend(answer.headers.get_list("set-cookie"))
                bodies.append(answer.content)

            made.event_hooks = {"response": [hear]}
            return made

        owner, reader = browser(), browser()
        owner.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
        ids = walk.furnish(owner, site, known)
        assert reader.get(f"/r/{ids['token']}?language=de").status_code == 200
        assert reader.post(f"/r/{ids['token']}").status_code == 303
        for who in (browser(), reader, owner):
            for method, path in walk.routes(site.app.app):
                if method == "GET" or (who is owner and path != "/sign-out"):
                    walk.call(who, method, path, ids)
        owner.post("/sign-in", data={"email": OWNER, "password": PASSWORD})
        owner.post("/sign-out")
    return lines, b"\n".join(bodies)


def test_every_cookie_is_for_this_host_by_https_alone(heard):
    lines, _ = heard
    assert {line.partition("=")[0].removeprefix("__Host-") for line in lines} == NAMES
    for line in lines:
        name, *attributes = line.split("; ")
        assert name.startswith("__Host-"), line
        assert {"Secure", "Path=/", "SameSite=lax"} <= {*attributes}, line
        assert not [one for one in attributes if one.lower().startswith("domain")], line


def test_every_cookie_is_out_of_reach_of_scripts(heard):
    """Nor does what it holds come in any other way: a script that could read the page would have it from there."""
    lines, bodies = heard
    assert all("HttpOnly" in line.split("; ") for line in lines)
    values = {
        found[1]
        for line in lines
        if (found := re.match(r"__Host-blindread_(?:login|reader)=([\w-]{40,})", line))
    }
    assert len(values) >= 3
    assert [value for value in values if value.encode() in bodies] == []


def test_a_login_ends_after_twelve_hours_however_much_it_is_used(site):
    browser = site.browser(OWNER)
    with site.parts.database.read() as db:
        login = db.scalars(select(Login)).one()
    assert login.expires_at - login.created_at == people.LOGIN_LASTS == timedelta(hours=12)
    soon = clock.now() + timedelta(seconds=30)
    used = clock.now() - timedelta(hours=1)
    with site.parts.database.write() as db:
        db.execute(update(Login).values(expires_at=soon, used_at=used))
    assert browser.get("/").status_code == 200
    with site.parts.database.read() as db:
        assert db.scalar(select(Login.used_at)) > used
        assert db.scalar(select(Login.expires_at)) == soon
    with site.parts.database.write() as db:
        db.execute(update(Login).values(expires_at=clock.now() - timedelta(seconds=1), used_at=clock.now()))
    assert browser.get("/").headers["location"] == "/sign-in?next=/"
