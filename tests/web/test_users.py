"""Users, as an admin handles them."""

import re

import pytest
from sqlalchemy import select

from app import clock
from app.cli import backups as restoring
from app.services import audit, backups, people
from app.tables.audit import AuditEvent
from tests.web.accounts import enrol
from tests.web.conftest import ADMIN, OTHER, OWNER, PASSWORD, png, text
from tests.web.test_account import NEW, sign_in

NEWCOMER = "new@example.org"


@pytest.fixture
def admin(site):
    return site.browser(ADMIN)


def id_of(site, email):
    with site.parts.database.read() as db:
        return people.by_email(db, email).id


def link_in(page):
    return "/password/" + re.search(r"/password/([\w-]{43})", page.text)[1]


def last_event(site):
    with site.parts.database.read() as db:
        event = db.scalars(select(AuditEvent).order_by(AuditEvent.number.desc())).first()
        return event.actor, event.action, event.subject, dict(event.details)


def test_it_works(site, admin):
    page = admin.post("/admin/users", data={"email": f" {NEWCOMER.upper()} ", "role": "researcher"})
    assert page.status_code == 200
    assert NEWCOMER in page.text
    listed = text(admin.get("/admin/users"))
    assert "link not used yet" in listed
    assert (OWNER in listed, ADMIN in listed) == (True, True)
    newcomer = site.browser()
    assert newcomer.post(link_in(page), data={"new": NEW, "again": NEW}).status_code == 303
    browser, answer = sign_in(site, NEW, NEWCOMER)
    assert answer.status_code == 303
    assert browser.get("/admin/users").status_code == 403
    assert "link not used yet" not in admin.get("/admin/users").text


def test_what_was_done_stands_in_the_trail_by_pseudonyms(site, admin):
    admin.post("/admin/users", data={"email": NEWCOMER, "role": "researcher"})
    who, newcomer = f"user:{id_of(site, ADMIN)}", id_of(site, NEWCOMER)
    assert last_event(site) == (who, "user added", f"user:{newcomer}", {"role": "researcher"})
    admin.post(f"/admin/users/{newcomer}/role", data={"role": "admin"})
    changed = {"old": "researcher", "new": "admin"}
    assert last_event(site) == (who, "role changed", f"user:{newcomer}", changed)
    with site.parts.database.read() as db:
        assert "@" not in "".join(f"{e.actor}{e.subject}{e.details}" for e in db.scalars(select(AuditEvent)))


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        ({"email": OWNER, "role": "researcher"}, 409, "There is a user owner@example.org already."),
        ({"email": "nobody", "role": "researcher"}, 422, "“nobody” is not an e-mail address."),
        ({"email": NEWCOMER, "role": "reader"}, 422, "The role is admin or researcher"),
    ],
)
def test_who_cannot_be_added(admin, data, status, sentence):
    answer = admin.post("/admin/users", data=data)
    assert answer.status_code == status
    assert sentence in text(answer)
    assert f'value="{data["email"]}"' in answer.text


def test_a_changed_role_holds_from_the_next_sign_in(site, admin):
    other = site.browser(OTHER)
    admin.post(f"/admin/users/{id_of(site, OTHER)}/role", data={"role": "admin"})
    assert other.get("/").status_code == 303
    assert site.browser(OTHER).get("/admin/users").status_code == 200


def test_who_is_shut_out_is_out_at_once_and_may_come_back(site, admin):
    other, key = site.browser(OTHER), id_of(site, OTHER)
    assert admin.post(f"/admin/users/{key}/disable").status_code == 303
    assert admin.post(f"/admin/users/{key}/disable").status_code == 303
    assert other.get("/").status_code == 303
    assert sign_in(site, email=OTHER)[1].status_code == 401
    assert admin.post(f"/admin/users/{key}/password").status_code == 409
    admin.post(f"/admin/users/{key}/enable")
    admin.post(f"/admin/users/{key}/enable")
    assert sign_in(site, email=OTHER)[1].status_code == 303
    assert other.get("/").status_code == 303


def test_a_forgotten_password_is_chosen_anew(site, admin):
    page = admin.post(f"/admin/users/{id_of(site, OTHER)}/password")
    assert sign_in(site, email=OTHER)[1].status_code == 303
    site.browser().post(link_in(page), data={"new": NEW, "again": NEW})
    assert sign_in(site, email=OTHER)[1].status_code == 401
    assert sign_in(site, NEW, OTHER)[1].status_code == 303


def test_a_lost_phone(site, admin):
    owner = site.browser(OWNER)
    enrol(owner)
    assert "second factor" in admin.get("/admin/users").text
    assert admin.post(f"/admin/users/{id_of(site, OWNER)}/second-factor/off").status_code == 303
    assert owner.get("/").status_code == 303
    assert sign_in(site)[1].status_code == 303


@pytest.mark.parametrize("act", ["role", "disable", "password", "enable", "erase", "second-factor/off"])
def test_nobody_does_this_to_themselves_so_one_admin_is_always_left(site, admin, act):
    answer = admin.post(f"/admin/users/{id_of(site, ADMIN)}/{act}", data={"role": "researcher"})
    assert answer.status_code == 409
    assert "ask another admin" in answer.text
    assert sign_in(site, PASSWORD, ADMIN)[1].status_code == 303


def test_who_is_shut_out_can_be_erased_and_what_they_made_stays(site, admin):
    other, user = site.browser(OTHER), id_of(site, OTHER)
    other.post("/account/tokens", data={"name": "Zaunkoenig", "present": PASSWORD})
    files = [("files", ("a.png", png(1), "image/png"))]
    made = other.post("/image-sets", data={"name": "Slices of theirs"}, files=files).headers["location"]
    early = admin.post(f"/admin/users/{user}/erase")
    assert (early.status_code, "Shut this user out first." in early.text) == (409, True)
    admin.post(f"/admin/users/{user}/disable")
    assert "/erase" in admin.get("/admin/users").text
    for _ in range(2):
        assert admin.post(f"/admin/users/{user}/erase").status_code == 303
    page = admin.get("/admin/users").text
    assert OTHER not in page
    assert re.search(r"erased-[0-9a-f]{8}", page)
    assert "Slices of theirs" in admin.get(made).text
    assert admin.post(f"/admin/users/{user}/enable").status_code == 409
    assert admin.post(f"/admin/users/{user}/password").status_code == 409
    assert sign_in(site, email=OTHER)[1].status_code == 401
    words = [OTHER.encode(), b"Zaunkoenig"]
    kept = [path for path in site.settings.data_dir.rglob("*") if path.is_file()]
    assert [path for path in kept if any(word in path.read_bytes() for word in words)] == []
    with site.parts.database.read() as db:
        assert [event.action for event in db.scalars(select(AuditEvent))].count("user erased") == 1
        assert audit.first_break(db, site.settings.secret_key) is None
    assert admin.post("/admin/users", data={"email": OTHER, "role": "researcher"}).status_code == 200


def test_an_older_backup_brings_no_erased_user_back(site, admin, tmp_path):
    backups.write(site.parts.database, site.settings.data_dir, tmp_path / "made.tar", clock.now())
    user = id_of(site, OTHER)
    admin.post(f"/admin/users/{user}/disable")
    admin.post(f"/admin/users/{user}/erase")
    ledger = site.settings.data_dir / "erasures.jsonl"
    environ = {"BLINDREAD_DATA_DIR": str(tmp_path / "new")}
    restoring.restore(environ, tmp_path / "made.tar", ledger)
    assert [
        path
        for path in (tmp_path / "new").rglob("*")
        if path.is_file() and OTHER.encode() in path.read_bytes()
    ] == []
    restored = site.settings.data_dir.parent / "again"
    restoring.restore({"BLINDREAD_DATA_DIR": str(restored)}, tmp_path / "made.tar", None)
    assert OTHER.encode() in (restored / "blindread.db").read_bytes()
