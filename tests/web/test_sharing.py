"""A session shared with a colleague: they conduct it, its design stays its owner's."""

import re

import pytest

from tests.web.conftest import COLLEAGUE, OTHER, OWNER, REASON, create, ident, invite, opened, text
from tests.web.test_eligibility import KNOWS
from tests.web.test_invitations import invite_list


@pytest.fixture
def shared(furnished, owner, known):
    """(address of a draft that is shared, the colleague's browser)"""
    address = create(owner, known).headers["location"]
    assert owner.post(f"{address}/colleagues", data={"email": COLLEAGUE.upper()}).status_code == 303
    return address, furnished.browser(COLLEAGUE)


def test_it_works(furnished, owner, shared):
    address, colleague = shared
    assert f'{address}">Pilot</a>' in colleague.get("/sessions").text
    page = text(colleague.get(address))
    assert f"{OWNER} shares this session with you." in page
    assert "/image-sets/" not in page
    assert "Delete the draft" not in page
    colleague.post(f"{address}/freeze")
    job = re.search(r'data-job="(\w+)"', owner.get(address).text)[1]
    assert owner.get(f"/jobs/{job}").json()["kind"] == "freeze"
    furnished.work()
    assert colleague.post(f"{address}/open", data={"reason": REASON}).status_code == 303
    assert invite(colleague, address).startswith("/r/")
    assert colleague.post(f"{address}/close").status_code == 303
    assert colleague.post(f"{address}/unblinding").status_code == 303
    furnished.work()
    assert colleague.get(f"{address}/report").status_code == 200


def test_sharing_twice_is_once_and_ends_when_it_is_ended(furnished, owner, shared):
    address, colleague = shared
    owner.post(f"{address}/colleagues", data={"email": COLLEAGUE})
    page = owner.get(address).text
    assert page.count("Share no more") == 1
    remove = re.search(rf'"({address}/colleagues/\w+/remove)"', page)[1]
    assert furnished.browser(OTHER).post(remove).status_code == 404
    for _ in range(2):
        assert owner.post(remove).status_code == 303
    assert colleague.get(address).status_code == 404
    assert address not in colleague.get("/sessions").text


def test_a_colleague_may_leave_but_send_nobody_away_and_bring_nobody_in(furnished, owner, shared):
    address, colleague = shared
    owner.post(f"{address}/colleagues", data={"email": OTHER})
    page = owner.get(address).text
    ids = dict(re.findall(r"<td>([\w@.]+)</td>\s*<td[^>]*>\s*<form[^>]*/colleagues/(\w+)/remove", page))
    assert colleague.post(f"{address}/colleagues/{ids[OTHER]}/remove").status_code == 403
    assert colleague.post(f"{address}/colleagues", data={"email": "admin@example.org"}).status_code == 403
    left = colleague.post(f"{address}/colleagues/{ids[COLLEAGUE]}/remove")
    assert left.headers["location"] == "/sessions"
    assert colleague.get(address).status_code == 404
    assert furnished.browser(OTHER).get(address).status_code == 200


@pytest.mark.parametrize("email", ["nobody@example.org", "", OWNER])
def test_it_is_shared_with_users_alone(owner, shared, email):
    address, _ = shared
    assert owner.post(f"{address}/colleagues", data={"email": email}).status_code == 422


@pytest.mark.parametrize("act", ["design", "discard", "audit/copies"])
def test_what_stays_the_owner_s(owner, known, shared, act):
    address, colleague = shared
    answer = create(colleague, known, f"{address}/{act}", mends="clip", title="Mine")
    assert answer.status_code == 403
    assert "Pilot" in owner.get(address).text


def test_a_colleague_begins_no_session_from_it(shared):
    address, colleague = shared
    for how in ("session", "follows"):
        assert colleague.get("/sessions/new", params={how: ident(address)}).status_code == 403


def test_a_colleague_is_no_reader(furnished, owner, known):
    address = opened(furnished, owner, known)
    owner.post(f"{address}/colleagues", data={"email": COLLEAGUE})
    assert KNOWS in text(invite_list(owner, address, f"R01,{COLLEAGUE}"))
