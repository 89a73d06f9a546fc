"""Users, as an admin handles them."""

import re

import pytest
from sqlalchemy import select

from app.services import people
from app.tables.audit import AuditEvent
from tests.web.conftest import ADMIN, OTHER, OWNER, PASSWORD, text
from tests.web.test_account import NEW, enrol, sign_in

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


@pytest.mark.parametrize("act", ["role", "disable", "password", "enable", "second-factor/off"])
def test_nobody_does_this_to_themselves_so_one_admin_is_always_left(site, admin, act):
    answer = admin.post(f"/admin/users/{id_of(site, ADMIN)}/{act}", data={"role": "researcher"})
    assert answer.status_code == 409
    assert "ask another admin" in answer.text
    assert sign_in(site, PASSWORD, ADMIN)[1].status_code == 303
