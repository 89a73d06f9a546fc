"""A whole reading on PostgreSQL: what each image asks of the database there; skipped where it is not installed."""

from contextlib import contextmanager

import pytest

from app import clock
from app.services import people
from tests.postgres import postgresql
from tests.web.conftest import OWNER, PASSWORD, invite, made, open_site, opened

MARK = {"cue": "texture", "x": 0.5, "y": 0.25, "width": 0.1, "height": 0.125}


@pytest.fixture
def furnished(tmp_path, generator_files):
    with postgresql() as address, contextmanager(open_site)(tmp_path / "data", database_url=address) as site:
        with site.parts.database.write() as db:
            people.add(db, OWNER, "researcher", PASSWORD, clock.now())
        yield site, made(site, site.browser(OWNER), generator_files["plain"])


def test_every_image_is_seen_and_answered(furnished):
    site, known = furnished
    owner, reader = site.browser(OWNER), site.browser()
    changes = {"allow_undo": "true", "exposure_ms": "2000", "cues": "texture", "remarks": "true"}
    reader.post(invite(owner, opened(site, owner, known, **changes)))
    reader.post("/read/start")
    state, answered = reader.get("/read/state").json(), []
    while current := state["current"]:
        for word in ({"seen_ms": 0.0, "running": True}, {"seen_ms": 600.0, "running": False}):
            assert reader.post("/read/exposures", json={"item": current, **word}).status_code == 200
        assert reader.get("/read/state").json()["seen"] == {"ms": 600.0, "running": False}
        for name in (current, *state["ahead"]):
            assert reader.get(f"/read/stimuli/{name}").content.startswith(b"\x89PNG")
        body = {
            "item": current,
            "answer": "real",
            "likert": 4,
            "shown_ms": 900.5,
            "marks": [MARK],
            "remark": "é",
        }
        first, again, changed = (
            reader.post("/read/ratings", json={**body, **more})
            for more in (
                {"key": f"first-{current}"},
                {"key": f"first-{current}"},
                {"key": f"second-{current}", "likert": 2, "revises": True},
            )
        )
        assert (first.status_code, again.status_code, changed.status_code) == (200, 200, 200), first.text
        assert first.json() == again.json()
        answered.append(current)
        state = changed.json()
    assert len(set(answered)) == len(answered) > 3
    assert state["finished"]
    given = reader.get("/read/state").json()["given"]
    assert (given["likert"], given["remark"], given["marks"]) == (2, "é", [MARK])
