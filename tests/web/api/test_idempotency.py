"""The same request again with its idempotency key: the same answer, and nothing is done twice."""

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import clock, worker
from app.services import administration, people, sealing
from app.tables.api import RememberedAnswer
from app.tables.images import ImageSet
from app.tables.sessions import Reading, VttSession
from tests.web.api.conftest import design, opened_session, program
from tests.web.conftest import ADMIN, COLLEAGUE, png

KEY, SECOND = "key-of-sixteen-or-more", "another-key-as-long"


def count(site, column) -> int:
    with site.parts.database.read() as db:
        return db.scalar(select(func.count(column)))


def upload(me, key: str, *seeds: int, path: str = "/image-sets", **fields: str):
    files = [("files", (f"{seed}-{key}.png", png(seed), "image/png")) for seed in seeds]
    return me.ask("POST", path, key=key, data={"name": "Uploaded", **fields}, files=files)


def test_it_works(me, known):
    first = me.ask("POST", "/sessions", design(known), key=KEY)
    again = me.ask("POST", "/sessions", design(known), key=KEY)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert count(me.site, VttSession.id) == 1


def test_without_a_key_each_request_is_another_one(me, known):
    assert me.post("/sessions", design(known), 201)["id"] != me.post("/sessions", design(known), 201)["id"]


def test_another_request_with_the_same_key_is_refused(me, known):
    me.post("/sessions", design(known), 201, key=KEY)
    for path, what in (("/sessions", design(known, title="Another")), ("/sessions?x=1", design(known))):
        assert "idempotency key" in me.post(path, what, 422, key=KEY)["error"]
    assert count(me.site, VttSession.id) == 1


def test_keys_of_two_users_do_not_meet(me, other, known):
    me.post("/sessions", design(known), 201, key=KEY)
    assert "real_set" not in other.post("/sessions", design(known), 404, key=KEY)


def test_what_was_refused_did_nothing_and_may_be_asked_again(me, known):
    me.post("/sessions", design(known, n_real=4000), 422, key=KEY)
    assert me.post("/sessions", design(known), 201, key=KEY)["state"] == "draft"


def test_two_at_the_same_time_are_one(me, known):
    answers, together = [], threading.Barrier(4)

    def ask():
        together.wait()
        answers.append(me.ask("POST", "/sessions", design(known), key=KEY))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert count(me.site, VttSession.id) == 1


def test_links_come_again_and_stand_nowhere_in_clear(me, known):
    path = opened_session(me, known)
    first = me.post(f"{path}/readers", {"code": "R07"}, 201, key=KEY)
    assert me.post(f"{path}/readers", {"code": "R07"}, 201, key=KEY) == first
    assert count(me.site, Reading.id) == 1
    secret = first["link"].rpartition("/")[2].encode()
    with me.site.parts.database.read() as db:
        kept = db.scalars(select(RememberedAnswer)).one()
        assert secret not in kept.sealed
        assert KEY not in repr(vars(kept))
    assert not [file for file in me.site.settings.data_dir.glob("*.db*") if secret in file.read_bytes()]


def test_what_is_sealed_opens_by_its_key_alone():
    key = sealing.derived(b"secret", "purpose")
    sealed = sealing.seal(key, b"text", b"bound")
    assert sealing.unseal(key, sealed, b"bound") == b"text"
    assert sealing.seal(key, b"text", b"bound")[12:] != sealed[12:]
    for other in (sealing.derived(b"secret", "another"), sealing.derived(b"Secret", "purpose")):
        with pytest.raises(ValueError, match="not sealed"):
            sealing.unseal(other, sealed, b"bound")
    broken = [
        sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :] for place in range(len(sealed))
    ]
    for changed, bound in (*((each, b"bound") for each in (*broken, sealed[:-1], b"")), (sealed, b"other")):
        with pytest.raises(ValueError, match="not sealed"):
            sealing.unseal(key, changed, bound)


def test_the_cipher_is_the_one_of_the_published_vectors():
    """Test case 16 of McGrew and Viega's paper on GCM, and the third of RFC 5869's appendix A for the key."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    sealed = bytes.fromhex(
        "cafebabefacedbaddecaf888"
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    opened = sealing.unseal(key, sealed, bytes.fromhex("feedfacedeadbeef" * 2 + "abaddad2"))
    assert opened.hex().startswith("d9313225f88406e5a55909c5aff5269a")
    assert sealing.derived(b"\x0b" * 22, "").hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"sealed": b"sealed in another way, long enough for a nonce and a tag"},
        {"sealed": b""},
        {"status": 200},
    ],
)
def test_an_answer_that_cannot_be_opened_is_told_and_nothing_is_done_again(me, known, change):
    me.post("/sessions", design(known), 201, key=KEY)
    with me.site.parts.database.write() as db:
        db.execute(update(RememberedAnswer).values(change))
    for _ in range(2):
        assert "done before" in me.post("/sessions", design(known), 409, key=KEY)["error"]
    assert count(me.site, VttSession.id) == 1
    me.post("/sessions", design(known), 201, key=SECOND)
    assert count(me.site, VttSession.id) == 2


def test_an_answer_is_forgotten_after_a_day(me, known):
    me.post("/sessions", design(known), 201, key=KEY)
    for age, left in ((timedelta(hours=23), 1), (timedelta(hours=25), 0)):
        with me.site.parts.database.write() as db:
            db.execute(update(RememberedAnswer).values(made_at=clock.now() - age))
        worker.retain(me.site.parts)
        assert count(me.site, RememberedAnswer.key_hash) == left
    me.post("/sessions", design(known), 201, key=KEY)
    assert count(me.site, VttSession.id) == 2


def test_an_answer_older_than_a_day_is_none_also_before_the_worker_came(me, known):
    for key in (KEY, SECOND):
        me.post("/sessions", design(known), 201, key=key)
    with me.site.parts.database.write() as db:
        db.execute(update(RememberedAnswer).values(made_at=clock.now() - timedelta(hours=25)))
    again = me.post("/sessions", design(known), 201, key=KEY)
    assert me.post("/sessions", design(known), 201, key=KEY) == again
    assert count(me.site, VttSession.id) == 3
    assert count(me.site, RememberedAnswer.key_hash) == 2


@pytest.mark.parametrize("lost", ["shared no more", "no admin any more"])
def test_who_has_lost_access_is_not_told_again(me, known, owner, lost):
    path, email = opened_session(me, known), COLLEAGUE
    if lost == "shared no more":
        owner.post(f"{path}/colleagues", data={"email": COLLEAGUE})
    else:
        _set_role(me.site, COLLEAGUE, "admin")
    colleague = program(me.site, email)
    first = colleague.post(f"{path}/readers", {"code": "R07"}, 201, key=KEY)
    assert colleague.post(f"{path}/readers", {"code": "R07"}, 201, key=KEY) == first
    if lost == "shared no more":
        remove = re.search(rf'"({path}/colleagues/\w+/remove)"', owner.get(path).text)[1]
        assert owner.post(remove).status_code == 303
    else:
        _set_role(me.site, COLLEAGUE, "researcher")
        colleague = program(me.site, email)
    again = colleague.ask("POST", f"{path}/readers", {"code": "R07"}, key=KEY)
    assert again.status_code == 409
    assert "/r/" not in again.text
    assert colleague.ask("POST", f"{path}/readers", {"code": "R08"}, key=SECOND).status_code == 404


def _set_role(site, email: str, role: str) -> None:
    with site.parts.database.write() as db:
        admin, user = people.by_email(db, ADMIN), people.by_email(db, email)
        administration.set_role(db, admin, user.id, role, site.settings.secret_key, clock.now())


@pytest.mark.parametrize("key", ["short", "x" * 201, "with blanks between them", "with\ttabs-and-more-text"])
def test_a_key_that_cannot_be_used_is_told(me, known, key):
    assert "dempotency" in me.post("/sessions", design(known), 422, key=key)["error"]


def test_an_upload_is_known_by_its_contents(me):
    first = upload(me, KEY, 1, 2)
    assert first.status_code == 201, first.text
    before = sorted(me.site.settings.staging_dir.iterdir())
    again = upload(me, KEY, 1, 2)
    assert again.content == first.content
    assert sorted(me.site.settings.staging_dir.iterdir()) == before
    assert upload(me, KEY, 2, 1).status_code == 422
    assert upload(me, KEY, 1, 2, size="32").status_code == 422
    assert sorted(me.site.settings.staging_dir.iterdir()) == before
    assert upload(me, SECOND, 1, 2).json()["id"] != first.json()["id"]
    assert count(me.site, ImageSet.id) == 4


def test_a_draft_is_uploaded_and_imported_once(me):
    first = upload(me, KEY, 1, 2, path="/image-sets/drafts")
    assert upload(me, KEY, 1, 2, path="/image-sets/drafts").content == first.content
    path = f"/image-sets/drafts/{first.json()['id']}"
    assert me.get(path)["files"] == 2
    assert len(me.get("/image-sets/drafts")["items"]) == 1
    assert len(me.post(f"{path}/preview", {"size": "16"})["slices"]) == 2
    assert me.post(f"{path}/preview", {"size": "one"})["problem"]
    made = me.post(f"{path}/import", {"size": "16"}, 201, key=SECOND)
    assert me.post(f"{path}/import", {"size": "16"}, 201, key=SECOND) == made
    me.get(path, 404)
    me.site.work()
    assert me.get(f"/image-sets/{made['id']}")["count"] == 2
