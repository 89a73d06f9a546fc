"""Tokens for programs: made and shown once, listed, revoked, ended by whatever ends logins."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.services import audit
from app.tables.api import ApiToken
from app.tables.audit import AuditEvent
from tests.web.accounts import code_at, enrol
from tests.web.api.conftest import program
from tests.web.conftest import ADMIN, OTHER, OWNER, PASSWORD


def made(browser, **data) -> str:
    page = browser.post("/account/tokens", data={"name": "Script", "present": PASSWORD, **data})
    assert page.status_code == 200, page.text
    return re.search(r"blr_[\w-]{43}", page.text)[0]


def status(site, token: str, path: str = "/api/v1/me", method: str = "GET") -> int:
    return site.browser().request(method, path, headers={"Authorization": f"Bearer {token}"}).status_code


def test_it_works(site):
    owner = site.browser(OWNER)
    token = made(owner, name="Analysis", days="30")
    found = site.browser().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert found.json()["email"] == OWNER
    assert found.json()["token"] == "Analysis"
    page = owner.get("/account/tokens").text
    assert "Analysis" in page
    assert token not in page


def test_only_its_hash_is_kept(site):
    token = made(site.browser(OWNER))
    with site.parts.database.read() as db:
        row = db.scalars(select(ApiToken)).one()
        events = [str(event.details) for event in db.scalars(select(AuditEvent))]
        assert audit.first_break(db, site.settings.secret_key) is None
    assert token.removeprefix("blr_") not in repr(vars(row)) + repr(events)


def test_a_revoked_token_does_nothing(site):
    owner = site.browser(OWNER)
    token = made(owner)
    where = re.search(r"/account/tokens/\w{32}/revoke", owner.get("/account/tokens").text)[0]
    assert site.browser(OTHER).post(where).status_code == 404
    assert status(site, token) == 200
    assert owner.post(where).status_code == 303
    assert owner.post(where).status_code == 303
    assert status(site, token) == 401
    with site.parts.database.read() as db:
        assert [e.action for e in db.scalars(select(AuditEvent))].count("token revoked") == 1


def test_an_expired_token_does_nothing(site):
    token = made(site.browser(OWNER))
    with site.parts.database.write() as db:
        db.execute(update(ApiToken).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert status(site, token) == 401
    assert "works no more" in site.browser(OWNER).get("/account/tokens").text


def test_changing_the_password_revokes_all_tokens(site):
    owner = site.browser(OWNER)
    token = made(owner)
    new = "quite another long password"
    answer = owner.post("/account/password", data={"present": PASSWORD, "new": new, "again": new})
    assert answer.status_code in {200, 303}
    assert status(site, token) == 401


@pytest.mark.parametrize("act", ["disable", "role"])
def test_what_an_admin_changes_about_a_user_revokes_their_tokens(site, act):
    token = made(site.browser(OTHER))
    admin = site.browser(ADMIN)
    page = admin.get("/admin/users").text
    user = re.search(rf"{OTHER}.*?/admin/users/(\w{{32}})/", page, re.DOTALL)[1]
    assert admin.post(f"/admin/users/{user}/{act}", data={"role": "admin"}).status_code == 303
    assert status(site, token) == 401
    admin.post(f"/admin/users/{user}/enable")
    assert status(site, token) == 401


def test_a_token_that_only_reads_changes_nothing(furnished, owner, known):
    token = made(owner, read_only="true")
    assert status(furnished, token, "/api/v1/image-sets") == 200
    assert status(furnished, token, f"/api/v1{known.checkpoint}/experiment", "POST") == 403
    assert status(furnished, token, "/api/v1/image-sets", "POST") == 403
    assert status(furnished, token, "/api/v1/sessions/nothing/export/ratings.csv") == 403


def test_a_token_opens_no_page_and_a_cookie_no_api(site):
    owner = site.browser(OWNER)
    token = made(owner)
    assert owner.get("/api/v1/me").status_code == 401
    assert status(site, token, "/sessions") == 303
    for way in ({"X-Api-Key": token}, {"Authorization": f"Basic {token}"}, {"Authorization": token}):
        assert site.browser().get("/api/v1/me", headers=way).status_code == 401
    assert site.browser().get(f"/api/v1/me?token={token}").status_code == 401


def test_wrong_tokens_are_limited_and_right_ones_are_not(site):
    token = made(site.browser(OWNER))
    found = [status(site, f"blr_{'x' * 43}") for _ in range(31)]
    assert found == [401] * 30 + [429]
    assert status(site, token) == 200


def test_its_use_is_written_down_at_most_once_an_hour(site):
    token = made(site.browser(OWNER))
    times = []
    for _ in range(2):
        status(site, token)
        with site.parts.database.read() as db:
            times.append(db.scalar(select(ApiToken.used_at)))
    assert times[0] == times[1] is not None
    with site.parts.database.write() as db:
        db.execute(update(ApiToken).values(used_at=times[0] - timedelta(hours=2)))
    status(site, token)
    with site.parts.database.read() as db:
        assert db.scalar(select(ApiToken.used_at)) >= times[0]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": " "}, "Give a name"),
        ({"days": "31"}, "30, 90 or 365 days"),
        ({"days": "0"}, "how long"),
        ({"days": "for ever"}, "how long"),
    ],
)
def test_what_cannot_be_made_is_told(site, data, sentence):
    owner = site.browser(OWNER)
    page = owner.post("/account/tokens", data={"name": "Script", "present": PASSWORD, **data})
    assert page.status_code == 422
    assert sentence in page.text
    assert "There is no token yet" in page.text


def test_there_is_a_most(site):
    owner = site.browser(OWNER)
    for _ in range(50):
        program(site)
    assert owner.post("/account/tokens", data={"name": "one more", "present": PASSWORD}).status_code == 409


@pytest.mark.parametrize("given", [{}, {"present": "not the password"}])
def test_a_browser_left_open_makes_no_token(site, given):
    owner = site.browser(OWNER)
    page = owner.post("/account/tokens", data={"name": "Script", **given})
    assert page.status_code == 422
    assert "The present password is wrong" in page.text
    assert 'value="Script"' in page.text
    assert "There is no token yet." in owner.get("/account/tokens").text


def test_with_a_second_factor_a_token_needs_its_code_too(site):
    owner = site.browser(OWNER)
    secret, codes = enrol(owner)
    assert 'name="code"' in owner.get("/account/tokens").text
    for wrong in ("", code_at(secret)):  # the second was taken when it was switched on
        page = owner.post("/account/tokens", data={"name": "Script", "present": PASSWORD, "code": wrong})
        assert page.status_code == 422
        assert "This code is not right" in page.text
    assert status(site, made(owner, code=code_at(secret, 1))) == 200
    assert status(site, made(owner, code=codes[0])) == 200
    again = {"name": "Script", "present": PASSWORD, "code": codes[0]}
    assert owner.post("/account/tokens", data=again).status_code == 422


def test_codes_for_tokens_are_limited(site):
    owner = site.browser(OWNER)
    enrol(owner)
    ask = {"name": "Script", "present": PASSWORD, "code": "000000"}
    tried = [owner.post("/account/tokens", data=ask).status_code for _ in range(6)]
    assert tried == [422] * 5 + [429]
