"""A session shown to its researcher as readers will see it: nothing of it is listed, analysed, or of the readers' items."""

import pytest

from app.services import audit
from app.tables.audit import AuditEvent
from app.tables.sessions import Item, Reading, VttSession
from tests.web.conftest import ADMIN, OTHER, create, ident, invite, opened, read_all, text
from tests.web.test_special_items import PRACTICE, Pupil


@pytest.fixture
def draft(owner, known):
    return create(owner, known).headers["location"]


class Previewer(Pupil):
    """A researcher in the preview, in the browser in which they are signed in."""

    def __init__(self, client, address):
        assert client.post(f"{address}/preview/enter").headers["location"] == "/read"
        self.client, self.taught = client, {}
        self.first_page = text(client.get("/read"))
        client.post("/read/start")
        self.state = client.get("/read/state").json()


def prepared(site, owner, address):
    assert owner.post(f"{address}/preview").status_code == 303
    site.work()


def actions(site, action):
    with site.parts.database.read() as db:
        return db.query(AuditEvent).filter_by(action=action).count()


def test_a_draft_is_read_as_its_readers_will(furnished, owner, draft):
    assert "Prepare a preview" in owner.get(draft).text
    assert owner.post(f"{draft}/preview/enter").status_code == 409
    prepared(furnished, owner, draft)
    assert "Preview as a reader" in owner.get(draft).text
    me = Previewer(owner, draft)
    assert "This is a preview" in me.first_page
    assert f'href="{draft}"' in owner.get("/read/rate").text
    me.finish()
    assert "Thank you" in text(owner.get("/read"))
    assert ">draft<" in owner.get(draft).text
    again = Previewer(owner, draft)
    assert again.state["position"] == 1
    assert actions(furnished, "previewed") == 2


def test_a_preview_is_no_session_of_its_own(furnished, owner, draft):
    before = owner.get("/sessions").text.count("/sessions/")
    prepared(furnished, owner, draft)
    with furnished.parts.database.read() as db:
        (preview,) = db.query(VttSession.id).filter_by(preview_of=ident(draft)).one()
    assert owner.get("/sessions").text.count("/sessions/") == before
    for page in ("", "/audit", "/report", "/export/ratings.csv", "/manifest.json", "/design", "/readers"):
        assert owner.get(f"/sessions/{preview}{page}").status_code == 404
    for act in ("close", "unblinding", "unblinding/early", "preview", "preview/enter", "discard"):
        data = {"reason": "Nobody should be able to."}
        assert owner.post(f"/sessions/{preview}/{act}", data=data).status_code == 404


def test_asking_twice_makes_one_and_a_changed_draft_another(furnished, owner, known, draft):
    owner.post(f"{draft}/preview")
    prepared(furnished, owner, draft)
    owner.post(f"{draft}/preview")
    with furnished.parts.database.read() as db:
        assert db.query(VttSession).filter_by(preview_of=ident(draft)).count() == 1
    create(owner, known, action=f"{draft}/design", instructions="Look at each image for a while.")
    assert owner.post(f"{draft}/preview/enter").status_code == 409
    prepared(furnished, owner, draft)
    assert "Look at each image for a while." in Previewer(owner, draft).first_page


def test_a_preview_changes_nothing_of_the_study(furnished, owner, known):
    session = opened(furnished, owner, known)
    read_all(furnished, invite(owner, session), lambda *_: ("real", 4))
    with furnished.parts.database.read() as db:
        items = {item.id for item in db.query(Item).filter_by(session_id=ident(session))}
    prepared(furnished, owner, session)
    Previewer(owner, session).finish()
    with furnished.parts.database.read() as db:
        assert {item.id for item in db.query(Item).filter_by(session_id=ident(session))} == items
        assert db.query(Reading).filter_by(session_id=ident(session)).count() == 1
    owner.post(f"{session}/close")
    owner.post(f"{session}/unblinding")
    furnished.work()
    rows = owner.get(f"{session}/export/ratings.csv").text.splitlines()[1:]
    assert {row.split(",")[0] for row in rows} == {"R01"}
    assert len(rows) == len(items)


def test_who_was_taught_by_a_previews_practice_cannot_be_a_reader(furnished, owner, known):
    session = opened(furnished, owner, known, **PRACTICE)
    link = invite(owner, session)
    prepared(furnished, owner, session)
    assert actions(furnished, audit.TRUTH_SEEN) == 0
    assert Previewer(owner, session).state["practising"]
    assert actions(furnished, audit.TRUTH_SEEN) == 1
    assert owner.post(link).status_code == 403


def test_a_previews_practice_ends_what_its_researcher_reads_elsewhere(furnished, owner, known):
    session = opened(furnished, owner, known, **PRACTICE)
    elsewhere = furnished.browser(ADMIN)
    elsewhere.post(invite(owner, session))
    prepared(furnished, owner, session)
    assert elsewhere.get("/read").status_code == 200
    Previewer(furnished.browser(ADMIN), session)
    assert elsewhere.get("/read").status_code == 401


def test_a_preview_is_its_researchers_alone(furnished, owner, draft):
    stranger = furnished.browser(OTHER)
    for act in ("preview", "preview/enter"):
        assert stranger.post(f"{draft}/{act}").status_code == 404
        asked = furnished.browser().post(f"{draft}/{act}")
        assert asked.headers.get("location", "").startswith("/sign-in") or asked.status_code == 401
