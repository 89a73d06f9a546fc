"""Names of another's things in what is sent, not in the address: refused as names of nothing are, and nothing is done."""

import re
import shutil
from dataclasses import dataclass

import pytest

from tests.web.api.conftest import Program, program
from tests.web.conftest import FORM, OTHER, OWNER, Site, create, ident, made, open_site
from tests.web.test_roles import dump
from tests.web.walk import MISSING, furnish

_NAMES = {  # what a field of this name holds the name of
    "real_set_id": "set_id",
    "image_set_id": "synthetic_id",
    "synthetic_set_id": "synthetic_id",
    "experiments": "experiment_id",
    "baseline": "experiment_id",
    "images": "image_id",
    "image": "image_id",
    "readings": "reading_id",
    "follows": "session_id",
    "template": "template_id",
    "session": "session_id",
}
_IN_PAGES = (  # every form and page whose contents name a thing: (method, path, what is sent)
    ("POST", "/sessions", ("real_set_id", "synthetic_set_id", "follows")),
    ("POST", "/sessions/{session_id}/design", ("real_set_id", "synthetic_set_id")),
    ("POST", "/experiments/comparisons", ("experiments",)),
    ("POST", "/checkpoints/{checkpoint_id}/neighbours", ("real_set_id",)),
    ("POST", "/image-sets/{set_id}/distances", ("real_set_id",)),
    ("POST", "/image-sets/{set_id}/writing/take-out", ("image",)),
    ("GET", "/sessions/new", ("template",)),
    ("GET", "/sessions/new", ("session",)),
    ("GET", "/sessions/new", ("follows",)),
)


@dataclass(frozen=True, slots=True)
class House:
    """A site with things of the owner's and of another researcher's, whose program asks."""

    site: Site
    foreign: dict[str, str]
    own: dict[str, str]
    other: Program


@pytest.fixture(scope="module")
def house(tmp_path_factory, furnished_folder, generator_files):
    folder, known = furnished_folder
    copy = tmp_path_factory.mktemp("foreign") / "data"
    shutil.copytree(folder, copy)
    for site in open_site(copy):
        owner, other = site.browser(OWNER), site.browser(OTHER)
        theirs = made(site, other, generator_files["plain"])
        foreign = furnish(owner, site, known) | {"synthetic_id": ident(known.synthetic_set)}
        own = furnish(other, site, theirs) | {"synthetic_id": ident(theirs.synthetic_set)}
        draft = {"session_id": ident(create(other, theirs).headers["location"])}
        assert not [name for name in _NAMES.values() if foreign[name] == own[name]]
        yield House(site, foreign, own | {"draft": draft["session_id"]}, program(site, OTHER))


def places(body, at=()):
    """Where a request's contents name a thing."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name in _NAMES and isinstance(value, str | list):
                yield (*at, name)
            else:
                yield from places(value, (*at, name))
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from places(value, (*at, number))


def put(body, place, name: str):
    """The same contents with this name in that place."""
    if not place:
        return [name] if isinstance(body, list) else name
    if isinstance(body, dict):
        return {key: put(value, place[1:], name) if key == place[0] else value for key, value in body.items()}
    return [put(value, place[1:], name) if key == place[0] else value for key, value in enumerate(body)]


def address_of(house: House, path: str) -> str:
    """The other's own thing; a session's design is changed while it is a draft."""
    ids = house.own | ({"session_id": house.own["draft"]} if "/design" in path else {})
    if "/distances" in path or "/writing" in path:
        ids["set_id"] = ids["synthetic_id" if "/distances" in path else "set_id"]
    return re.sub(r"{(\w+)}", lambda match: ids[match[1]], path)


def answers(house: House, place, ask):
    """What the name of an owner's thing gets, and that of nothing, with the names taken out."""
    found = []
    for names in (house.foreign, dict.fromkeys(house.foreign, MISSING)):
        name = names[_NAMES[next(part for part in reversed(place) if isinstance(part, str))]]
        answer = ask(name)
        found.append((answer.status_code, answer.text.replace(name, "…")))
    return found


def test_by_the_api(house):
    described = house.site.browser().get("/api/v1/openapi.json").json()
    shapes = described["components"]["schemas"]
    tried, missed, wrong = 0, 0, []
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            contents = about.get("requestBody", {}).get("content", {}).get("application/json")
            if contents is None:
                continue
            shape = shapes[contents["schema"]["$ref"].rpartition("/")[2]]
            (example,) = shape["examples"]
            body = {
                **example,
                **{name: "" for name in ("follows", "template", "baseline") if name in shape["properties"]},
            }
            good = body
            for place in places(body):
                if body is not None and place[-1] not in {"follows", "template", "baseline"}:
                    good = put(good, place, house.own[_NAMES[place[-1]]])
            for place in places(good):
                sent = {
                    name: value
                    for name, value in good.items()
                    if name != "protocol" or place != ("template",)
                }
                address = address_of(house, path.removeprefix("/api/v1"))
                before = dump(house.site)
                foreign, missing = answers(
                    house,
                    place,
                    lambda name, sent=sent, place=place, method=method, address=address: house.other.ask(
                        method.upper(), address, put(sent, place, name)
                    ),
                )
                tried += 1
                missed += foreign[0] in {404, 422}
                if foreign != missing or dump(house.site) != before:
                    wrong.append((method, path, place, foreign, missing))
    assert not wrong
    assert tried >= 12
    assert (
        missed >= tried - 2
    )  # images that wait for nobody's look, and readers without an address, are passed over


@pytest.mark.parametrize(("method", "path", "fields"), _IN_PAGES)
def test_by_the_pages(house, method, path, fields):
    browser = house.site.browser(OTHER)
    good = {name: house.own[_NAMES[name]] for name in fields if name not in {"follows", "baseline"}}
    form = {**(FORM if "sessions" in path else {}), **good}
    wrong = []
    for field in fields:
        before = dump(house.site)
        foreign, missing = answers(
            house,
            (field,),
            lambda name, field=field: browser.request(
                method,
                address_of(house, path),
                **({"params": {field: name}} if method == "GET" else {"data": {**form, field: name}}),
            ),
        )
        if foreign != missing or foreign[0] not in {404, 422} or dump(house.site) != before:
            wrong.append((field, foreign[0], missing[0], foreign[1] == missing[1]))
    assert not wrong
