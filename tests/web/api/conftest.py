"""Programs on a running site: by tokens, and as JSON."""

from dataclasses import dataclass
from typing import Any

import pytest

from app import clock
from app.services import api_tokens, people
from tests.web.conftest import FORM, OTHER, OWNER, REASON, Site, ident


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a token; its answers are JSON that fits the statuses."""

    site: Site
    token: str

    def ask(self, method: str, path: str, json: Any = None, *, key: str = "", **more: Any):
        headers = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {})}
        client = self.site.browser()
        body = {} if json is None else {"json": json}
        return client.request(
            method, f"/api/v1{path}", headers={**headers, **more.pop("headers", {})}, **body, **more
        )

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, json: Any = None, status: int = 200, **more: Any) -> Any:
        answer = self.ask("POST", path, json, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


def program(site: Site, email: str = OWNER, *, read_only: bool = False) -> Program:
    key, now = site.settings.secret_key, clock.now()
    with site.parts.database.write() as db:
        user = people.by_email(db, email)
        made = api_tokens.make(db, user, name="Script", days=30, read_only=read_only, key=key, now=now)
    return Program(site, made.token)


def design(known, **changes: Any) -> dict[str, Any]:
    """A design of the furnished sets."""
    return {
        "title": FORM["title"],
        "public_title": FORM["public_title"],
        "real_set_id": ident(known.real_set),
        "n_real": 4,
        "arms": [{"image_set_id": ident(known.synthetic_set), "n_synthetic": 4}],
        "protocol": {"instructions": FORM["instructions"], "show_progress": True},
        **changes,
    }


def opened_session(me: Program, known, **changes: Any) -> str:
    """The path of a session that readers may rate."""
    made = me.post("/sessions", design(known, **changes), 201)
    path = f"/sessions/{made['id']}"
    me.post(f"{path}/freeze", status=202)
    me.site.work()
    assert me.post(f"{path}/open", {"reason": REASON})["state"] == "open"
    return path


@pytest.fixture
def me(furnished) -> Program:
    """The owner's program on the furnished site."""
    return program(furnished)


@pytest.fixture
def other(furnished) -> Program:
    return program(furnished, OTHER)
