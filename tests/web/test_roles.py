"""Every route by everybody: who may ask for it is said once, in RULES, and nobody else gets anything, with names of others' things or of nothing."""

import functools
import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text, update

from app import clock
from app.db import Table
from app.services import administration, people
from app.tables.people import Login, ReaderLogin
from tests.web.accounts import enrol
from tests.web.conftest import (
    ADMIN,
    COLLEAGUE,
    OTHER,
    OWNER,
    PASSWORD,
    Known,
    Site,
    invite,
    open_site,
    opened,
)
from tests.web.walk import MISSING, SAFE, call, furnish, routes

ALL = "everybody"
LINK = "whoever has the link"
READER = "a reader, of their own reading"
USER = "whoever is signed in"
MINE = "its owner alone: uploads on their way, templates"
OWN = "its owner"
SHARED = "its owner, and colleagues with whom it is shared"
ADMINS = "admins"
TOKENS = "whoever has a token: tests/web/api/test_roles.py"
NOBODY = "nobody without the server's own token"

RULES: tuple[
    tuple[str, str], ...
] = (  # the first pattern that fits says who; a route that none fits fails the test
    (r"\w+ /(healthz|readyz|sign-in|sign-in/code|sign-out)", ALL),
    (r"GET /api/v1/openapi.json", ALL),
    (r"\w+ /api/v1/.*", TOKENS),
    (r"\w+ /metrics", NOBODY),
    (r"\w+ /(r|read/join|read/no-reminders|password)/{token}", LINK),
    (r"\w+ /read(/.*)?", READER),
    (r"\w+ /admin(/.*)?", ADMINS),
    (r"POST /account/tokens/{token_id}/revoke", MINE),
    (r"\w+ /account(/.*)?", USER),
    (r"\w+ /(sessions|image-sets|checkpoints|experiments)?(/new|/plan)?", USER),
    (r"POST /experiments/comparisons", USER),
    (r"POST /image-sets/drafts", USER),
    (r"\w+ /(sessions/templates|image-sets/drafts)/.*", MINE),
    (r"\w+ /sessions/{session_id}/(design|discard|audit/copies|colleagues)", OWN),
    (r"\w+ /sessions/{session_id}/readers/{reading_id}/erase(/person.json)?", OWN),
    (r"\w+ /sessions/{session_id}(/.*)?", SHARED),
    (r"\w+ /(image-sets|checkpoints|experiments|jobs)/.*", OWN),
)
GUESTS = (
    "nobody",
    "signed out",
    "expired",
    "idle",
    "shut out",
    "admin no more",
    "without the second step",
    "revoked reader",
    "expired reader",
)
READERS = ("reader", "reader of another session")
USERS = ("owner", "colleague", "other", "admin")
ALLOWED = {
    ALL: (*GUESTS, *READERS, *USERS),
    LINK: (*GUESTS, *READERS, *USERS),
    READER: READERS,
    USER: USERS,
    MINE: ("owner",),
    OWN: ("owner", "admin"),
    SHARED: ("owner", "colleague", "admin"),
    ADMINS: ("admin",),
    TOKENS: (),
    NOBODY: (),
}


@dataclass(frozen=True, slots=True)
class House:
    """A site with things of the owner's, and everybody's browser."""

    site: Site
    ids: dict[str, str]
    browsers: dict[str, TestClient]

    @property
    def nothing(self) -> dict[str, str]:
        """Names of nothing, of the same form."""
        return {**dict.fromkeys(self.ids, MISSING), "name": self.ids["name"], "kind": self.ids["kind"]}


@pytest.fixture(scope="module")
def house(tmp_path_factory, furnished_folder):
    folder, known = furnished_folder
    copy = tmp_path_factory.mktemp("roles") / "data"
    shutil.copytree(folder, copy)
    for site in open_site(copy):
        owner = site.browser(OWNER)
        ids = furnish(owner, site, known)
        yield House(site, ids, _everybody(site, owner, known, ids))


@pytest.fixture(autouse=True)
def unlimited(house, monkeypatch):
    """So many wrong ways in are tried here that the limits, which have tests of their own, would answer instead."""
    limiter = house.site.app.app.state.context.limiter
    for name in ("hit", "test"):
        monkeypatch.setattr(limiter, name, lambda *_args, **_more: True)


def _everybody(site: Site, owner: TestClient, known: Known, ids: dict[str, str]) -> dict[str, TestClient]:
    """A browser of each kind; those that may do nothing have a cookie that was good once."""
    users = {
        name: site.browser(email) for name, email in zip(USERS[1:], (COLLEAGUE, OTHER, ADMIN), strict=True)
    }
    past = {name: site.browser(OWNER) for name in ("signed out", "expired", "idle")}
    kept = past["signed out"].cookies["blindread_login"]
    past["signed out"].post("/sign-out")
    past["signed out"].cookies["blindread_login"] = kept
    past["shut out"] = site.browser(_added(site, "shut-out@example.org", "admin"))
    past["admin no more"] = site.browser(_added(site, "admin-no-more@example.org", "admin"))
    past["without the second step"] = _first_step(site, _added(site, "careful@example.org", "admin"))
    address = f"/sessions/{ids['session_id']}"
    seats = {
        "reader": _seated(site, f"/r/{ids['token']}"),
        "reader of another session": _seated(site, invite(owner, opened(site, owner, known))),
        "revoked reader": _seated(site, invite(owner, address, "R90")),
        "expired reader": _seated(site, invite(owner, address, "R91")),
    }
    _age(site, past, seats)
    page = seats["reader"].post("/read/start") and seats["reader"].get("/read/state").json()
    ids["stimulus"] = page["current"]
    revoked = re.search(r"/readers/(\w+)/revoke\"[^>]*R90", owner.get(address).text)[1]
    assert owner.post(f"{address}/readers/{revoked}/revoke").status_code == 303
    return {"nobody": site.browser(), "owner": owner, **users, **past, **seats}


def _added(site: Site, email: str, role: str) -> str:
    with site.parts.database.write() as db:
        people.add(db, email, role, PASSWORD, clock.now())
    return email


def _first_step(site: Site, email: str) -> TestClient:
    """Somebody who has a second factor, and a browser in which the password alone was right."""
    enrol(site.browser(email))
    browser = site.browser()
    assert "authenticator" in browser.post("/sign-in", data={"email": email, "password": PASSWORD}).text
    return browser


def _seated(site: Site, link: str) -> TestClient:
    reader = site.browser()
    assert reader.post(link).status_code == 303
    return reader


def _age(site: Site, past: dict[str, TestClient], seats: dict[str, TestClient]) -> None:
    """Let what has to be past be past, after everybody had come in."""
    now = clock.now()
    with site.parts.database.write() as db:
        for name, column, when in (
            ("expired", Login.expires_at, now - timedelta(seconds=1)),
            ("idle", Login.used_at, now - people.IDLE_LASTS - timedelta(seconds=1)),
        ):
            mine = Login.token_hash == _digest(past[name].cookies["blindread_login"])
            db.execute(update(Login).where(mine).values({column: when}))
        admin = people.by_email(db, ADMIN)
        for email, act in (
            ("shut-out@example.org", administration.disable),
            ("admin-no-more@example.org", functools.partial(administration.set_role, role="researcher")),
        ):
            act(db, admin, people.by_email(db, email).id, key=site.settings.secret_key, now=now)
        mine = ReaderLogin.token_hash == _digest(seats["expired reader"].cookies["blindread_reader"])
        db.execute(update(ReaderLogin).where(mine).values(expires_at=now - timedelta(seconds=1)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def rule_of(method: str, path: str) -> str:
    found = next((rule for pattern, rule in RULES if re.fullmatch(pattern, f"{method} {path}")), None)
    assert found, f"say in RULES who may ask for {method} {path}"
    return found


def refused(answer) -> bool:
    """Whether nothing was shown or done for want of a right; a way to the sign-in or to the reader's own page says that, too."""
    if answer.is_redirect:
        return re.match(r"/sign-in(\?|$)|/read(\?|$)", answer.headers["location"]) is not None
    return answer.status_code in {401, 403, 404}


def forbidden(house: House, actors: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(actor, method, path) of all that these may not do."""
    return [
        (actor, method, path)
        for method, path in routes(house.site.app.app)
        for actor in actors
        if actor not in ALLOWED[rule_of(method, path)]
    ]


def dump(site: Site) -> dict[str, str]:
    """What stands in every table and in files, as digests; of logins, seats and tokens only who has one, since their use is noted."""
    found = {}
    with site.parts.database.read() as db:
        for name in sorted(Table.metadata.tables):
            columns = "token_hash" if name in {"logins", "reader_logins", "api_tokens"} else "*"
            rows = sorted(map(repr, db.execute(text(f"SELECT {columns} FROM {name}")).all()))
            found[name] = _digest("\n".join(rows))
    for folder in ("artifacts", "staging"):
        for file in sorted((site.settings.data_dir / folder).rglob("*")):
            if file.is_file():
                found[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


@pytest.mark.parametrize("named", ["the owner's things", "nothing"])
@pytest.mark.parametrize("actors", [GUESTS, READERS, USERS], ids=["guests", "readers", "users"])
def test_nobody_gets_what_is_not_theirs(house, actors, named):
    ids = house.ids if named == "the owner's things" else house.nothing
    before, let_in = dump(house.site), []
    tries = forbidden(house, actors)
    for actor, method, path in tries:
        answer = call(house.browsers[actor], method, path, ids)
        if not refused(answer):
            let_in.append((actor, method, path, answer.status_code))
    assert not let_in
    assert len(tries) > 80
    assert dump(house.site) == before


def test_everybody_gets_what_is_theirs(house):
    """Pages that are there: so that a wrong name in the walk cannot make the tries above come to nothing."""
    missed, shown = [], 0
    for method, path in routes(house.site.app.app):
        rule = rule_of(method, path)
        if method != "GET" or rule in {ALL, LINK, NOBODY, READER, TOKENS}:
            continue
        for actor in ALLOWED[rule]:
            status = call(house.browsers[actor], method, path, house.ids).status_code
            shown += status in {200, 303}
            if status in {401, 403} or (
                status == 404 and not re.search(r"{(name|number|kind|image_id)}", path)
            ):
                missed.append((actor, path, status))
    assert not missed
    assert shown > 40


def test_what_is_another_s_and_what_is_not_there_answer_alike(house):
    other, differ = house.browsers["other"], []
    tried = 0
    for method, path in routes(house.site.app.app):
        if "{" not in path or rule_of(method, path) not in {MINE, OWN, SHARED}:
            continue
        tried += 1
        foreign, missing = (call(other, method, path, ids) for ids in (house.ids, house.nothing))
        if (foreign.status_code, missing.status_code) != (404, 404) or foreign.text != missing.text:
            differ.append((method, path, foreign.status_code, missing.status_code))
    assert not differ
    assert tried > 60


@pytest.mark.parametrize("reader", ["reader of another session", "revoked reader", "expired reader"])
def test_another_reader_s_image_is_not_there(house, reader):
    foreign, missing = (
        call(house.browsers[reader], "GET", "/read/stimuli/{token}", ids)
        for ids in (house.ids, house.nothing)
    )
    assert foreign.status_code == missing.status_code != 200
    assert foreign.text == missing.text
    assert call(house.browsers["reader"], "GET", "/read/stimuli/{token}", house.ids).status_code == 200


def test_cookies_of_one_kind_open_nothing_of_the_other(house):
    for taken, put, actor in (
        ("blindread_reader", "blindread_login", "reader"),
        ("blindread_login", "blindread_reader", "owner"),
    ):
        browser = house.site.browser()
        browser.cookies[put] = house.browsers[actor].cookies[taken]
        for method, path in routes(house.site.app.app):
            if method in SAFE and rule_of(method, path) not in {ALL, LINK}:
                assert refused(call(browser, method, path, house.ids)), (put, method, path)


def test_what_only_an_owner_does_tells_a_colleague_so(house):
    answer = call(house.browsers["colleague"], "POST", "/sessions/{session_id}/discard", house.ids)
    assert answer.status_code == 403
    assert "shared with you" in answer.text
