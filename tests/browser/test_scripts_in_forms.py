"""What is typed into any form or address comes back as text; and every text that the application takes is tried."""

import re
from urllib.parse import quote

import pytest

from app.report.cells import cell
from app.services.import_settings import FIELDS
from tests.browser import fields
from tests.browser.payloads import PAYLOADS, fitting
from tests.browser.test_scripts_in_texts import (
    signed_in,
)
from tests.browser.watched import watched
from tests.cli.test_report import STUDY, run
from tests.house.source import calls
from tests.web import walk
from tests.web.conftest import FORM

__all__ = ["run"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def typed(names, begin):
    return {name: " ~ ".join(fitting(230, begin + place)) for place, name in enumerate(names)}


def forms(app):
    """(path, names) of every form that names its fields, then of those that are read as a whole."""
    found: dict[str, list[str]] = {}
    for method, path, where, name in fields.text_fields(app):
        if method == "POST" and where == "body" and not path.startswith(("/read/ratings", fields.API)):
            found.setdefault(path, []).append(name)
    yield from found.items()
    yield (
        "/sessions",
        [*FORM, "consent", "debrief", "cues", "question", "question_text", "question_kind", "margin"],
    )
    yield "/sessions/{session_id}/readers/list", ["codes"]
    yield "/image-sets/drafts/{draft_id}/preview", FIELDS
    yield "/image-sets/drafts/{draft_id}/import", FIELDS
    yield "/read/display", ["window_width", "seen"]


def test_what_is_typed_into_any_form_comes_back_as_text(browser, server, furnished, owner, known):
    ids = walk.furnish(owner, furnished, known)
    with watched(browser, server.url) as guest:
        signed_in(guest)
        for begin, (path, names) in enumerate(forms(furnished.app.app)):
            address = re.sub(r"{(\w+)}", lambda match: ids[match[1]], path)
            if path != "/sign-in":
                guest.post(address, typed(names, 3 * begin))
        for method, path, where, name in fields.text_fields(furnished.app.app):
            if method == "GET" and where == "query" and not path.endswith(".png"):
                address = re.sub(r"{(\w+)}", lambda match: ids[match[1]], path)
                guest.visit(f"{address}?{name}={quote(' ~ '.join(PAYLOADS))}")
        guest.post("/sign-in", typed(["email", "password", "next"], 0))
        assert len(guest.visited) > 25
        assert "{{7*191}}" in guest.shown()


def test_every_field_that_takes_a_text_is_tried(site_app):
    found = {(path, name) for _, path, _, name in fields.text_fields(site_app)}
    named = {*fields.STUDY, *fields.NOT_SHOWN}
    unknown = {
        (path, name)
        for path, name in found - named
        if name not in fields.KEPT_BY_KIND and not path.startswith(fields.API)
    }
    assert unknown == set(), "give each a text in the study of payloads (fields.STUDY), or a reason"
    assert named <= found
    assert len(found) > 25


def test_every_form_that_is_read_as_a_whole_is_known():
    reading = {
        where.partition(":")[0]
        for where, called, _ in calls("app/web")
        if called.endswith((".form", ".receive"))
    }
    assert reading == set(fields.RAW)


@pytest.fixture
def site_app(furnished):
    return furnished.app.app


def test_a_spreadsheet_of_payloads_makes_a_harmless_report(browser, run, tmp_path):
    """report.html from the disk has no server's headers around it: what stood in it as markup would run."""
    quoted = ['"' + cell(each).replace('"', '""') + '"' for each in PAYLOADS]
    table = STUDY
    for place, old in enumerate(("A", "B")):
        table = table.replace(f"\n{old},", f"\n{quoted[place]},")
    rows = "".join(
        f"{quoted[n]},{quoted[-1]},{quoted[(7 * n) % len(quoted)]},synthetic,real,3,1\n"
        for n in range(2, len(quoted))
    )
    code, _, complaint, out = run(table + rows)
    assert code == 0, complaint
    with watched(browser) as guest:
        guest.page.goto((out / "report.html").as_uri())
        guest.look("report.html")
        shown = " ".join(guest.shown().split())
    assert [each for each in PAYLOADS if each not in shown] == []
