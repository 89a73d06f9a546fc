"""A walk over all routes of the application, with contents that would do and names of things that are there."""

import re

from fastapi.routing import iter_route_contexts

from tests.web.conftest import COLLEAGUE, FORM, PASSWORD, ident, invite, opened, png

MISSING = "0" * 32
SAFE = {"GET", "HEAD", "OPTIONS"}
_TOKENS = (
    ("/read/stimuli/", "stimulus"),
    ("/read/join/", "join"),
    ("/read/no-reminders/", "opt_out"),
    ("/password/", "password"),
)


def routes(app) -> list[tuple[str, str]]:
    """(method, path) of every route, those of included routers too."""
    found = [(route.path, route.methods) for route in iter_route_contexts(app.routes) if route.methods]
    return [(method, path) for path, methods in found for method in sorted(methods)]


_UPLOAD = {"data": {"name": "n"}, "files": {"files": ("a.png", png(1))}}
_DESIGN = {"data": {**FORM, "real_set_id": MISSING, "synthetic_set_id": MISSING}}
_FORMS = {
    "/image-sets": _UPLOAD,
    "/image-sets/drafts": _UPLOAD,
    "/checkpoints": _UPLOAD,
    "/experiments": {"data": {"name": "n"}, "files": {"files": ("stats.jsonl", b"{}")}},
    "/experiments/comparisons": {"data": {"experiments": MISSING}},
    "/read/ratings": {
        "json": {"item": MISSING, "answer": "real", "likert": 3, "key": "k" * 16, "shown_ms": 1.0}
    },
    "/read/exposures": {"json": {"item": MISSING, "seen_ms": 1.0, "running": False}},
    "/checkpoints/{checkpoint_id}/samples": {
        "data": {"name": "n", "seeds": "0-3", "psi": "1", "noise_mode": "const"}
    },
    "/sessions": _DESIGN,
    "/sessions/{session_id}/design": _DESIGN,
    "/sign-in": {"data": {"email": "nobody@example.org", "password": "wrong"}},
    "/sign-in/code": {"data": {"pending": f"{MISSING}.1.{MISSING}", "code": "123456"}},
    "/admin/users/{user_id}/role": {"data": {"role": "admin"}},
}


def form_of(path: str) -> dict:
    """A request's contents that would do, so that only who asks can be what is wrong."""
    return _FORMS.get(path, {"data": {"name": "n", "kind": "invitation", "mends": "clip"}})


def call(client, method: str, path: str, ids: dict[str, str], headers=None):
    token = next((ids[name] for start, name in _TOKENS if path.startswith(start)), ids["token"])
    address = re.sub(r"{(\w+)(:\w+)?}", lambda match: {**ids, "token": token}[match[1]], path)
    contents = form_of(path) if method not in SAFE else {}
    return client.request(method, address, headers=headers, **contents)


def furnish(owner, site, known) -> dict[str, str]:
    """Names of things of the owner's that are there, for every path; a session is open, with a reader who has not begun."""
    address = opened(site, owner, known)
    link = invite(owner, address)
    page = owner.get(address).text
    set_page = owner.get(known.real_set).text
    job = owner.post(f"{known.checkpoint}/samples", data={"name": "n", "seeds": "0-3", "psi": "1"}).headers[
        "location"
    ]
    owner.post(f"{address}/template", data={"name": "Kept"})
    owner.post(f"{address}/colleagues", data={"email": COLLEAGUE})
    colleague = re.search(r"/colleagues/([0-9a-f]{32})/remove", owner.get(address).text)[1]
    joining = re.search(r"/read/join/([\w-]+)", owner.post(f"{address}/open-link", data={"most": "5"}).text)[
        1
    ]
    owner.post("/account/tokens", data={"name": "Script", "present": PASSWORD})
    run = {"files": ("stats.jsonl", b'{"Progress/kimg": 4}')}
    experiment = owner.post("/experiments", data={"name": "n"}, files=run).headers["location"]
    asked = {"experiments": ident(experiment), "samples": "1"}
    comparison = owner.post("/experiments/comparisons", data=asked).headers["location"]
    draft = owner.post("/image-sets/drafts", data={"name": "n"}, files={"files": ("a.png", png(1))})
    return {
        "session_id": ident(address),
        "draft_id": ident(draft.headers["location"]),
        "template_id": re.search(r"/templates/([0-9a-f]{32})/", owner.get("/sessions/new").text)[1],
        "set_id": ident(known.real_set),
        "image_id": re.search(r"/images/([0-9a-f]{32})\.png", set_page)[1],
        "checkpoint_id": ident(known.checkpoint),
        "experiment_id": ident(experiment),
        "comparison_id": ident(comparison),
        "job_id": re.search(r'data-job="([0-9a-f]{32})"', owner.get(job).text)[1],
        "reading_id": re.search(r"/readers/([0-9a-f]{32})/", page)[1],
        "token": link.removeprefix("/r/"),
        "user_id": colleague,
        "token_id": re.search(r"/tokens/([0-9a-f]{32})/", owner.get("/account/tokens").text)[1],
        "stimulus": MISSING,
        "join": joining,
        "opt_out": MISSING,
        "password": MISSING,
        "name": "ratings.csv",
        "kind": "grid",
        "number": "1",
    }
