"""What programs read: lists in pages, single things, errors in one shape."""

import hashlib

import pytest

from app.web.api import paging
from tests.web.api.conftest import design, opened_session
from tests.web.conftest import ident


def test_it_works(me, known):
    found = me.get("/image-sets")
    assert {row["id"] for row in found["items"]} == {ident(known.real_set), ident(known.synthetic_set)}
    assert found["next"] is None
    assert me.get(f"/image-sets/{ident(known.real_set)}")["count"] == 8
    assert me.get(f"/checkpoints/{ident(known.checkpoint)}")["ready"] is True


def pages(me, path: str, limit: int) -> list[list]:
    """All pages of a list."""
    found, cursor = [], ""
    while cursor is not None:
        page = me.get(f"{path}{'&' if '?' in path else '?'}limit={limit}&cursor={cursor}")
        found.append(page["items"])
        cursor = page["next"]
    return found


@pytest.mark.parametrize("limit", [1, 3, 8, 200])
def test_pages_hold_each_item_once_in_order(me, known, limit):
    whole = me.get(f"{known.real_set}/images")["items"]
    found = pages(me, f"{known.real_set}/images", limit)
    assert [image for page in found for image in page] == whole
    assert [image["place"] for image in whole] == list(range(1, 9))
    assert all(len(page) <= limit for page in found)


def test_pages_stay_as_they_were_while_rows_are_added(me, known):
    titles = [me.post("/sessions", design(known, title=f"{n}"), 201)["title"] for n in range(3)]
    first = me.get("/sessions?limit=2")
    me.post("/sessions", design(known, title="later"), 201)
    second = me.get(f"/sessions?limit=2&cursor={first['next']}")
    shown = [row["title"] for row in first["items"] + second["items"]]
    assert shown == titles[::-1]


def test_pages_go_on_where_an_image_was_taken_out(me, known):
    first = me.get(f"{known.real_set}/images?limit=2")
    me.post(f"{known.real_set}/writing/take-out", {"image": first["items"][1]["id"]})
    second = me.get(f"{known.real_set}/images?limit=2&cursor={first['next']}")
    assert [image["place"] for image in second["items"]] == [3, 4]


@pytest.mark.parametrize(
    "cursor",
    ["x", "!", "bnVsbA", "W10", "WzEsMl0", "W1tbW1s", "é", "W3RydWUsICJhIl0", "x" * 1001],
)
def test_a_broken_cursor_is_told(me, cursor):
    assert "cursor" in me.get(f"/sessions?cursor={cursor}", 422)["error"]


def test_a_cursor_of_another_list_is_told(me, known):
    cursor = me.get(f"{known.real_set}/images?limit=1")["next"]
    assert "cursor" in me.get(f"/image-sets?limit=1&cursor={cursor}", 422)["error"]


def test_a_cursor_that_somebody_made_up_is_told(me):
    of = hashlib.sha256(b"/api/v1/image-sets").hexdigest()[:8]
    for place in ((of,), (of, "a", "b"), (of, 1), (of, 1, "b", 2)):
        assert "cursor" in me.get(f"/image-sets?cursor={paging._written(place)}", 422)["error"]


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1"])
def test_a_limit_has_limits(me, limit):
    assert "limit" in me.get(f"/sessions?limit={limit}", 422)["error"]


def test_foreign_and_missing_things_answer_alike(me, other, known):
    session = me.post("/sessions", design(known), 201)["id"]
    for path in (
        f"/sessions/{session}",
        f"/sessions/{session}/readers",
        f"/sessions/{session}/report",
        known.real_set,
        known.checkpoint,
    ):
        foreign = other.ask("GET", path)
        missing = other.ask("GET", path.replace(path.split("/")[2], "0" * 32))
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json() == missing.json()


@pytest.mark.parametrize(
    "path", ["/nothing", "/sessions/a/b/c", "/jobs/%2F..%2Fx", "/sessions/a%00b", "/jobs/é"]
)
def test_what_is_not_there_is_json(me, path):
    assert set(me.get(path, 404)) == {"error"}


def test_other_methods_are_json(me):
    answer = me.ask("DELETE", "/sessions")
    assert answer.status_code == 405
    assert set(answer.json()) == {"error"}


def test_without_a_token_one_is_told_how(furnished):
    answer = furnished.browser().get("/api/v1/sessions")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization" in answer.json()["error"]


def test_images_and_pictures(me, known):
    image = me.get(f"{known.real_set}/images")["items"][0]["id"]
    for path in (f"{known.real_set}/images/{image}.png", f"{known.real_set}/writing/{image}.png"):
        assert me.ask("GET", path).content.startswith(b"\x89PNG")
    picture = me.get(known.checkpoint)["pictures"][0]
    assert me.ask("GET", picture["address"].removeprefix("/api/v1")).content.startswith(b"\x89PNG")


def test_a_frozen_session_names_no_image(me, known):
    path = opened_session(me, known)
    images = [
        one["id"] for key in (known.real_set, known.synthetic_set) for one in me.get(f"{key}/images")["items"]
    ]
    for part in (
        "",
        "/design/next",
        "/audit",
        "/readers",
        "/progress",
        "/report",
        "/manifest.json",
        "/protocol.json",
    ):
        text = me.ask("GET", path + part).text
        assert not [one for one in images if one in text], part


def test_kinds_of_sets(me, known):
    assert [row["kind"] for row in me.get("/image-sets?kind=synthetic")["items"]] == ["synthetic"]
    me.get("/image-sets?kind=odd", 422)
