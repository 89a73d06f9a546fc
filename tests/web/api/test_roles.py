"""Every route of the API by everybody's tokens: own, a colleague's, another's, an admin's; reading, revoked, expired and forged ones."""

import functools
import re
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.services import administration, api_tokens, people
from app.tables.api import ApiToken
from tests.web.api.conftest import Program, program
from tests.web.conftest import ADMIN, COLLEAGUE, OTHER, OWNER, PASSWORD, Site, open_site, png
from tests.web.test_roles import dump
from tests.web.walk import MISSING, furnish

USER, MINE, OWN, SHARED = "whoever has a token", "its owner alone", "its owner", "its owner and colleagues"
RULES = (  # the first pattern that fits says who
    (
        r"\w+ /sessions/{session_id}/(design|design/next|audit/copies|colleagues|readers/{reading_id}/erase(/person)?)",
        OWN,
    ),
    (r"DELETE /sessions/{session_id}", OWN),
    (r"\w+ /sessions/{session_id}(/.*)?", SHARED),
    (r"\w+ /(image-sets/drafts|templates)/{.*", MINE),
    (r"\w+ /(image-sets|checkpoints|experiments|experiments/comparisons|jobs)/{.*", OWN),
    (
        r"\w+ /(me|plan|templates|sessions|image-sets|image-sets/drafts|checkpoints|checkpoints/experiments|experiments|experiments/comparisons)",
        USER,
    ),
)
GUESTS = ("none", "forged", "revoked", "expired", "shut out", "admin no more", "a cookie's value")
USERS = ("owner", "colleague", "other", "admin")
ALLOWED = {
    USER: USERS,
    MINE: ("owner",),
    OWN: ("owner", "admin"),
    SHARED: ("owner", "colleague", "admin"),
}


@dataclass(frozen=True, slots=True)
class House:
    """A site with things of the owner's, everybody's programs, and what the API says of itself."""

    site: Site
    ids: dict[str, str]
    programs: dict[str, Program]
    routes: dict[tuple[str, str], dict]
    schemas: dict[str, dict]

    @property
    def nothing(self) -> dict[str, str]:
        return {**dict.fromkeys(self.ids, MISSING), "name": self.ids["name"], "kind": self.ids["kind"]}

    def call(self, who: str, method: str, path: str, ids: dict[str, str]):
        """Ask with contents that would do: the example that the API gives of them."""
        address = re.sub(r"{(\w+)}", lambda match: ids[match[1]], path)
        contents = self.routes[method, path].get("requestBody", {}).get("content", {})
        if "multipart/form-data" in contents:
            field = "file" if path == "/checkpoints" else "files"
            name = "stats.jsonl" if path == "/experiments" else "a.png"
            return self.programs[who].ask(method, address, data={"name": "n"}, files={field: (name, png(1))})
        body = None
        if "application/json" in contents:
            name = contents["application/json"]["schema"]["$ref"].rpartition("/")[2]
            (body,) = self.schemas[name]["examples"]
        return self.programs[who].ask(method, address, body)


@pytest.fixture(scope="module")
def house(tmp_path_factory, furnished_folder):
    folder, known = furnished_folder
    copy = tmp_path_factory.mktemp("api") / "data"
    shutil.copytree(folder, copy)
    for site in open_site(copy):
        owner = site.browser(OWNER)
        ids = furnish(owner, site, known)
        told = site.browser().get("/api/v1/openapi.json").json()
        routes = {
            (method.upper(), path.removeprefix("/api/v1")): about
            for path, methods in told["paths"].items()
            for method, about in methods.items()
        }
        cookie = owner.cookies["blindread_login"]
        yield House(site, ids, _programs(site, cookie), routes, told["components"]["schemas"])


def _programs(site: Site, cookie: str) -> dict[str, Program]:
    emails = zip(USERS, (OWNER, COLLEAGUE, OTHER, ADMIN), strict=True)
    made = {name: program(site, email) for name, email in emails}
    made |= {"reading": program(site, read_only=True), "revoked": program(site), "expired": program(site)}
    now = clock.now()
    acts = {
        "shut out": administration.disable,
        "admin no more": functools.partial(administration.set_role, role="researcher"),
    }
    with site.parts.database.write() as db:
        for number in range(len(acts)):
            people.add(db, f"{number}@example.org", "admin", PASSWORD, now)
    for number, name in enumerate(acts):
        made[name] = program(site, f"{number}@example.org")
    with site.parts.database.write() as db:
        admin, key = people.by_email(db, ADMIN), site.settings.secret_key
        for number, act in enumerate(acts.values()):
            act(db, admin, people.by_email(db, f"{number}@example.org").id, key=key, now=now)
        owner, ids = people.by_email(db, OWNER), {}
        for name in ("revoked", "expired"):
            ids[name] = api_tokens.who(db, made[name].token, now).row.id
        api_tokens.revoke(db, owner, ids["revoked"], site.settings.secret_key, now)
        ended = {"expires_at": now - timedelta(seconds=1)}
        db.execute(update(ApiToken).where(ApiToken.id == ids["expired"]).values(ended))
    for name, token in (
        ("none", ""),
        ("forged", made["owner"].token[:-1] + "x"),
        ("a cookie's value", cookie),
    ):
        made[name] = replace(made["owner"], token=token)
    return made


def rule_of(method: str, path: str) -> str:
    found = next((rule for pattern, rule in RULES if re.fullmatch(pattern, f"{method} {path}")), None)
    assert found, f"say in RULES who may ask for {method} {path}"
    return found


@pytest.fixture(autouse=True)
def unlimited(house, monkeypatch):
    """So many wrong tokens are tried here that the limit, which has a test of its own, would answer instead."""
    limiter = house.site.app.app.state.context.limiter
    monkeypatch.setattr(limiter, "hit", lambda *_args, **_more: True)


@pytest.mark.parametrize("named", ["the owner's things", "nothing"])
@pytest.mark.parametrize("actors", [GUESTS, USERS], ids=["guests", "users"])
def test_nobody_gets_what_is_not_theirs(house, actors, named):
    ids = house.ids if named == "the owner's things" else house.nothing
    before, let_in, tried = dump(house.site), [], 0
    for method, path in house.routes:
        for actor in actors:
            if actor in ALLOWED[rule_of(method, path)]:
                continue
            tried += 1
            status = house.call(actor, method, path, ids).status_code
            wanted = {401} if actor in GUESTS else {403, 404}
            if status not in wanted:
                let_in.append((actor, method, path, status))
    assert not let_in
    assert tried > 60
    assert dump(house.site) == before


def test_a_token_that_only_reads_changes_nothing(house):
    before, let_in = dump(house.site), []
    for method, path in house.routes:
        if (
            method != "GET" and path != "/image-sets/drafts/{draft_id}/preview"
        ):  # a draft's preview shows and keeps nothing
            status = house.call("reading", method, path, house.ids).status_code
            if status != 403:
                let_in.append((method, path, status))
    assert not let_in
    assert dump(house.site) == before


def test_what_is_another_s_and_what_is_not_there_answer_alike(house):
    differ = []
    for method, path in house.routes:
        if "{" in path:
            foreign, missing = (house.call("other", method, path, ids) for ids in (house.ids, house.nothing))
            if (foreign.status_code, foreign.json()) != (404, missing.json()) or missing.status_code != 404:
                differ.append((method, path, foreign.status_code, missing.status_code))
    assert not differ


def test_everybody_reads_what_is_theirs(house):
    missed, shown = [], 0
    for method, path in house.routes:
        for actor in ALLOWED[rule_of(method, path)]:
            if method != "GET":
                continue
            status = house.call(actor, method, path, house.ids).status_code
            shown += status == 200
            if status in {401, 403, 500} or (
                status == 404 and not re.search(r"{(name|number|kind|image_id)}|/design/next|/course", path)
            ):
                missed.append((actor, path, status))
    assert not missed
    assert shown > 60


def test_every_example_of_what_is_sent_would_do(house):
    """With the owner's token none is refused for its form."""
    refused = []
    for method, path in house.routes:
        if method == "POST" and "{" not in path:
            continue  # those make something new; the example of a study makes them
        if method != "GET":
            status = house.call("owner", method, path, house.nothing).status_code
            if status != 404:
                refused.append((method, path, status))
    assert not refused
