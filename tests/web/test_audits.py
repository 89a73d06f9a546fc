"""The blinding audit: what it finds in a session, what it forbids, what it shows to whom, and that it leaves no trace in the study."""

import asyncio
import hashlib
import json
import os
import re
import shutil

import numpy as np
import pytest
from sqlalchemy import func, select

from app import audit_head
from app.blinding import mends
from app.imaging import stimulus
from app.services import verification
from app.tables.audit import AuditEvent
from app.tables.audits import Audit
from app.tables.images import Image
from app.tables.jobs import Job
from app.tables.people import Reader, ReaderLogin
from app.tables.sessions import Item, Presentation, Rating, Reading, VttSession
from tests.blinding import material
from tests.leaks import leaking
from tests.studies import EACH, frozen, heads
from tests.web.conftest import ADMIN, OTHER, OWNER, REASON, create, ident, invite, open_site, text

SOAK = bool(os.environ.get("SOAK_TESTS"))


@pytest.fixture(scope="module")
def planted_folder(tmp_path_factory, empty_folder):
    """A data folder with an audited session whose synthetic images have a constant frame."""
    folder = tmp_path_factory.mktemp("planted") / "data"
    shutil.copytree(empty_folder, folder)
    for site in open_site(folder):
        address = frozen(site, *heads(plant=material.border))
        site.work()
    return folder, address


@pytest.fixture
def planted(tmp_path, planted_folder):
    shutil.copytree(planted_folder[0], tmp_path / "data")
    yield from open_site(tmp_path / "data")


@pytest.fixture
def address(planted_folder):
    return planted_folder[1]


@pytest.fixture
def researcher(planted):
    return planted.browser(OWNER)


def events(site, action):
    with site.parts.database.read() as db:
        return list(
            db.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.number))
        )


def test_it_works(planted, researcher, address):
    page = text(researcher.get(f"{address}/audit"))
    assert "Outermost pixels" in page
    assert "one length in bytes, one set of headers and one layout" in page
    picture = re.search(rf'"({address}/audit/pictures/[a-z-]+\.svg)"', page)[1]
    drawn = researcher.get(picture)
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith("<?xml")
    assert "Why it is opened all the same" in text(researcher.get(address))
    for reason in ("", "because", "x" * 2001):
        refused = researcher.post(f"{address}/open", data={"reason": reason})
        assert refused.status_code == 422
        assert "write why" in text(refused)
    assert researcher.post(f"{address}/open", data={"reason": f"  {REASON} "}).status_code == 303
    (opened,) = events(planted, "session opened")
    assert opened.details["reason"] == REASON
    assert "Outermost pixels" in opened.details["findings"]
    assert opened.details["audit"] == events(planted, "session audited")[0].details["audit"]


def test_images_of_one_source_need_no_reason(site):
    address = frozen(site, *heads(seed=7))
    site.work()
    browser = site.browser(OWNER)
    page = text(browser.get(f"{address}/audit"))
    assert "Nothing that we measure tells the images apart at this number" in page
    assert "Not distinguishable at this n" in page
    assert "blind." not in page
    assert 'name="reason"' not in browser.get(address).text
    assert browser.post(f"{address}/open").status_code == 303


@pytest.mark.parametrize("cue", sorted(material.PLANTS) if SOAK else ["histogram comb", "spectrum"])
def test_what_is_planted_is_found_and_named(site, cue):
    address = frozen(site, *heads(seed=11, each=100 if SOAK else 30, plant=material.PLANTS[cue]))
    site.work()
    with site.parts.database.read() as db:
        (audit,) = db.scalars(select(Audit))
    assert cue in [found["cue"] for found in audit.result["pixels"]["findings"]]
    assert site.browser(OWNER).post(f"{address}/open").status_code == 422


def test_no_session_opens_before_its_audit_has_ended(site):
    address = frozen(site, *heads(each=3))
    browser = site.browser(OWNER)
    assert "Auditing the blinding" in text(browser.get(address))
    refused = browser.post(f"{address}/open", data={"reason": REASON})
    assert refused.status_code == 409
    assert "audit has not been finished" in text(refused)
    job = re.search(r'data-job="([0-9a-f]{32})"', browser.get(address).text)[1]
    browser.post(f"/jobs/{job}/cancel")
    assert browser.post(f"{address}/open", data={"reason": REASON}).status_code == 409
    assert "Run the audit" in text(browser.get(address))
    assert "have not been audited yet" in text(browser.get(f"{address}/audit"))
    assert browser.post(f"{address}/audit").headers["location"] == f"{address}/audit"
    site.work()
    assert browser.post(f"{address}/open", data={"reason": REASON}).status_code == 303


def test_a_draft_has_nothing_to_audit(furnished, owner, known):
    address = create(owner, known).headers["location"]
    assert "so freeze the session first" in text(owner.get(f"{address}/audit"))
    assert owner.post(f"{address}/audit").status_code == 409
    assert owner.post(f"{address}/audit/look").status_code == 409
    assert owner.get(f"{address}/audit/pictures/values.svg").status_code == 404
    assert owner.get(f"{address}/manifest.json").status_code == 409


def test_images_that_cannot_be_measured_need_a_reason(furnished, owner, known):
    address = create(owner, known).headers["location"]
    owner.post(f"{address}/freeze")
    furnished.work()
    assert "too small for the audit" in text(owner.get(f"{address}/audit"))
    assert owner.post(f"{address}/open").status_code == 422
    assert owner.get(f"{address}/audit/pictures/values.svg").status_code == 404


def test_a_single_image_of_a_kind_cannot_be_measured(site):
    images, synthetic = heads(each=2)
    first = int(np.flatnonzero(synthetic)[0])
    kept = ~synthetic | (np.arange(4) == first)
    frozen(site, images[kept], synthetic[kept])
    site.work()
    with site.parts.database.read() as db:
        (audit,) = db.scalars(select(Audit))
    assert "at least two images of each kind" in audit.result["unmeasured"]
    assert audit.result["looked_at"] == {"real": 2, "synthetic": 1}


def test_asking_while_it_works_starts_nothing_new(site):
    address = frozen(site, *heads(each=3))
    browser = site.browser(OWNER)
    for _ in range(2):
        browser.post(f"{address}/audit")
    with site.parts.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Job).where(Job.kind == "audit")) == 1
    site.work()
    browser.post(f"{address}/audit")
    site.work()
    with site.parts.database.read() as db:
        assert len(db.scalars(select(Audit).where(Audit.finished_at.is_not(None))).all()) == 2


def test_a_rehearsal_leaves_no_trace_in_the_study(planted, address):
    tables = (Reader, Reading, ReaderLogin, Presentation, Rating)
    with planted.parts.database.read() as db:
        assert [db.scalar(select(func.count()).select_from(table)) for table in tables] == [0] * 5
        state = db.get_one(VttSession, ident(address)).state
    assert state == "frozen"
    with planted.parts.database.read() as db:
        kept = audit_head.read(planted.settings.data_dir, planted.settings.secret_key)
        assert verification.audit_trail(db, planted.settings.secret_key, kept) == kept.number == 4


def test_a_header_that_tells_images_apart_forbids_opening(site, monkeypatch):
    async def tag(headers, body):
        headers["etag"] = str(len(set(body)))

    leaking(monkeypatch, tag)
    address = frozen(site, *heads(each=3))
    site.work()
    browser = site.browser(OWNER)
    assert "must not be opened" in text(browser.get(f"{address}/audit"))
    assert "The headers differ" in text(browser.get(address))
    refused = browser.post(f"{address}/open", data={"reason": REASON})
    assert refused.status_code == 409
    assert "forbids opening" in text(refused)


def test_slower_synthetic_images_forbid_opening_where_two_rehearsals_agree(site, monkeypatch):
    images, synthetic = heads(each=12)
    images[synthetic, 0, 0], images[~synthetic, 0, 0] = 255, 0

    async def wait(headers, body):
        await asyncio.sleep(0.04 if stimulus.decode(body)[0, 0] else 0)

    leaking(monkeypatch, wait)
    address = frozen(site, images, synthetic)
    site.work()
    refused = site.browser(OWNER).post(f"{address}/open", data={"reason": REASON})
    assert refused.status_code == 409
    assert "in two rehearsals of two" in text(refused)
    with site.parts.database.read() as db:
        (audit,) = db.scalars(select(Audit))
    assert len(audit.result["transport"]["runs"]) == 2


def test_other_bytes_than_the_frozen_ones_fail_the_audit(site):
    address = frozen(site, *heads(each=3))
    with site.parts.database.read() as db:
        digest = db.scalar(select(Item.stimulus_sha256).limit(1))
    file = site.parts.artifacts.local_path(f"stimuli/{digest[:2]}/{digest}.png")
    file.write_bytes(stimulus.encode(255 - stimulus.decode(file.read_bytes())))
    site.work()
    page = text(site.browser(OWNER).get(address))
    assert "does not reach a reader as it was frozen" in page
    assert "Run the audit" in page


def test_single_images_are_shown_after_a_logged_look_alone(planted, researcher, address):
    page = researcher.get(f"{address}/audit").text
    assert "See the images (this is logged)" in text(researcher.get(f"{address}/audit"))
    assert "/audit/images/" not in page
    assert ", synthetic<" not in page
    assert researcher.get(f"{address}/audit/images/1.png").status_code == 404
    assert events(planted, "truth seen") == []
    assert researcher.post(f"{address}/audit/look").status_code == 303
    (look,) = events(planted, "truth seen")
    page = researcher.get(f"{address}/audit").text
    assert ", synthetic<" in page
    assert ", real<" in page
    assert "the real ones nearest to them" in page
    image = researcher.get(re.search(rf'"({address}/audit/images/\d+\.png)"', page)[1])
    assert image.headers["content-type"] == "image/png"
    assert researcher.get(f"{address}/audit/images/999.png").status_code == 404
    admin = planted.browser(ADMIN)
    assert "/audit/images/" not in admin.get(f"{address}/audit").text
    assert look.actor not in admin.get(f"{address}/audit").text


def test_who_has_seen_the_truth_cannot_be_the_reader(planted, researcher, address):
    link = invite(researcher, address)
    researcher.post(f"{address}/audit/look")
    researcher.post(f"{address}/open", data={"reason": REASON})
    refused = researcher.post(link)
    assert refused.status_code == 403
    assert "cannot be its reader" in text(refused)
    assert planted.browser(ADMIN).post(link).status_code == 303
    reader = planted.browser()
    reader.cookies.set("blindread_login", "a login that has ended")
    assert reader.post(link).status_code == 303


def test_a_copy_remembers_who_has_seen_the_truth_of_its_images(planted, researcher, address):
    researcher.post(f"{address}/audit/look")
    made = researcher.post(f"{address}/audit/copies", data={"mends": ["border mask"]}).headers["location"]
    researcher.post(f"{made}/freeze")
    planted.work()
    refused = researcher.post(invite(researcher, made))
    assert refused.status_code == 403
    assert "cannot be its reader" in text(refused)


def test_running_it_again_cannot_change_what_the_pixels_say(planted, researcher, address, monkeypatch):
    async def wait(headers, body):
        await asyncio.sleep(0.04 if (stimulus.decode(body)[0] == 12).all() else 0)

    leaking(monkeypatch, wait)  # so it rehearses twice, which the first audit hardly ever does
    researcher.post(f"{address}/audit")
    planted.work()
    with planted.parts.database.read() as db:
        first, again = db.scalars(select(Audit).order_by(Audit.asked_at))
    assert len(again.result["transport"]["runs"]) == 2
    assert first.result["pixels"] == again.result["pixels"]


def test_nobody_looks_while_readers_are_at_work(planted, researcher, address):
    researcher.post(f"{address}/open", data={"reason": REASON})
    assert "See the images" not in text(researcher.get(f"{address}/audit"))
    assert researcher.post(f"{address}/audit/look").status_code == 409
    assert events(planted, "truth seen") == []


def test_another_researcher_sees_nothing_of_it(planted, address):
    other = planted.browser(OTHER)
    for path in ("/audit", "/audit/pictures/corner.svg", "/audit/images/1.png", "/manifest.json"):
        assert other.get(f"{address}{path}").status_code == 404
    for path in ("/audit", "/audit/look", "/audit/copies"):
        assert other.post(f"{address}{path}", data={"mends": "clip"}).status_code == 404


def test_a_mend_is_chosen_for_a_new_draft_and_both_kinds_get_it(planted, researcher, address):
    page = text(researcher.get(f"{address}/audit"))
    assert 'value="border mask"' in page
    for wrong in ({}, {"mends": ["sharpen"]}):
        assert researcher.post(f"{address}/audit/copies", data=wrong).status_code == 422
    made = researcher.post(f"{address}/audit/copies", data={"mends": ["border mask"]}).headers["location"]
    assert made != address
    assert "Planted, mended" in text(researcher.get(made))
    assert "border mask" in text(researcher.get(made))
    researcher.post(f"{made}/freeze")
    planted.work()
    with planted.parts.database.read() as db:
        for session_id, mended in ((ident(address), False), (ident(made), True)):
            query = select(Item).where(Item.session_id == session_id).order_by(Item.number)
            items = list(db.scalars(query))
            get = planted.parts.artifacts.get_content
            shown = [stimulus.decode(get("stimuli", item.stimulus_sha256, ".png")) for item in items]
            stored = [
                stimulus.decode(get("images", db.get_one(Image, item.image_id).sha256, ".png"))
                for item in items
            ]
            expected = mends.apply("border mask", np.stack(stored)) if mended else np.stack(stored)
            assert np.array_equal(np.stack(shown), expected)
            assert verification.session(db, planted.parts.artifacts, session_id) == 2 * EACH
    assert "Outermost pixels" not in text(researcher.get(f"{made}/audit"))
    manifest = researcher.get(f"{made}/manifest.json").json()
    assert manifest["mends"] == [{"name": "border mask", "seed": 0}]
    again = researcher.post(f"{made}/audit/copies", data={"mends": ["clip", "border mask"]}).headers[
        "location"
    ]
    page = text(researcher.get(again))
    assert "border mask, clip" in page
    assert "Planted, mended, mended" not in page


def test_the_manifest_can_be_published_before_the_study(planted, researcher, address):
    answer = researcher.get(f"{address}/manifest.json")
    shown = re.search(r"\b[0-9a-f]{64}\b", researcher.get(address).text)[0]
    assert hashlib.sha256(answer.content).hexdigest() == shown
    manifest = answer.json()
    assert len(manifest["stimuli"]) == 2 * EACH
    assert {key for line in manifest["stimuli"] for key in line} == {"number", "item", "kind", "sha256"}
    assert {line["kind"] for line in manifest["stimuli"]} == {"main"}
    assert manifest["wording"]["sentences"][1] == "The images may be mixed in any proportion."
    assert manifest["program"]["blindread"]
    with planted.parts.database.read() as db:
        assert db.get_one(VttSession, ident(address)).order_secret not in json.dumps(manifest)
