"""A reading with names in every place that has one, its erasure, and what is left in the files."""

import csv
import io
import re

import pytest

from app import audit_head
from app.services import verification
from tests.web.conftest import invite, opened
from tests.web.test_invitations import invite_list
from tests.web.test_reading_steps import QUESTIONS

CODE, EMAIL, NAME = "Kolibri7", "kolibri@example.org", "Dr. Kolibri Zaunkoenig"
SAID, TOLD = "Kolibri says that the sulci are odd", "I am Kolibri of ward seven"
REASON = "asked for by the reader in May"
CANARIES = [word.encode() for word in (CODE, EMAIL, NAME, SAID, TOLD)]


def link_of(page):
    return re.search(r"<code>[^<]*(/r/[^<]+)</code>", page.text)[1]


def rate_all(reader, remark):
    """Answer every image, each with a remark; returns how many."""
    state, count = reader.get("/read/state").json(), 0
    while state["current"]:
        body = {"item": state["current"], "answer": "real", "likert": 4, "key": f"key-{count:08d}"}
        answered = reader.post(
            "/read/ratings", json={**body, "shown_ms": 900.0, "remark": f"{remark} {count}"}
        )
        assert answered.status_code == 200, answered.text
        state, count = answered.json(), count + 1
    return count


def read_whole(site, link, remark=SAID, told=TOLD):
    """A whole reading, questionnaires and all; returns (browser, number of ratings)."""
    reader = site.browser()
    assert reader.post(link).status_code == 303
    reader.post("/read/questionnaire", data={"q1": "12", "q2": "radiology"})
    assert reader.post("/read/start").status_code == 303
    count = rate_all(reader, remark)
    reader.post("/read/questionnaire", data={"after": "true", "q3": told})
    return reader, count


@pytest.fixture
def study(furnished, owner, known):
    """(address, the erasable reader's browser, another reader's link): both have read, the report is made and cached."""
    address = opened(furnished, owner, known, remarks="true", **QUESTIONS)
    link = link_of(invite_list(owner, address, f"{CODE},{EMAIL},{NAME}"))
    reader, count = read_whole(furnished, link)
    assert count == 8
    other = invite(owner, address, "R02")
    read_whole(furnished, other, "Other words", "Other text")
    return address, reader, other


def reading_id(owner, address, code=CODE):
    page = owner.get(address).text
    row = page[page.index(f"<td>{code}</td>") :]
    return re.search(r"/readers/([0-9a-f]{32})/erase", row)[1]


def erase(owner, address, kind, reason=REASON, code=CODE):
    form = f"{address}/readers/{reading_id(owner, address, code)}/erase"
    assert owner.get(form).status_code == 200
    return owner.post(form, data={"kind": kind, "reason": reason})


def close_and_report(site, owner, address):
    owner.post(f"{address}/close")
    owner.post(f"{address}/unblinding")
    site.work()


def rows(owner, address, name="ratings.csv"):
    return list(csv.DictReader(io.StringIO(owner.get(f"{address}/export/{name}").text)))


def left(folder) -> list[str]:
    """Files of the data folder in which a canary stands, the database's own files and free pages among them."""
    return [
        f"{path.name}: {word}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for word in CANARIES
        if word in path.read_bytes()
    ]


def trail_is_whole(site):
    key = site.settings.secret_key
    kept = audit_head.read(site.settings.data_dir, key)
    with site.parts.database.read() as db:
        return verification.audit_trail(db, key, kept) > 0
