"""The open link: off until made, limited in number and rate; each who joins gets a code and a personal link."""

import re

import pytest

from app.services import audit
from app.web import joining
from tests.web.conftest import OTHER, OWNER, create, opened, read_all, text
from tests.web.test_eligibility import look
from tests.web.test_invitations import invite_list


@pytest.fixture
def address(furnished, owner, known):
    return opened(furnished, owner, known)


def make(client, address, most="3"):
    """The open link's path, as the page shows it."""
    page = client.post(f"{address}/open-link", data={"most": most})
    assert page.status_code == 200, page.text
    return re.search(r"/read/join/[\w-]+", page.text)[0]


def join(site, link):
    browser = site.browser()
    return browser, browser.post(link)


def test_it_works(furnished, owner, address):
    assert "Off." in text(owner.get(f"{address}/invitations"))
    link = make(owner, address)
    assert link not in owner.get(f"{address}/invitations").text
    assert "Take part" in text(furnished.browser().get(link))
    browser, page = join(furnished, link)
    assert "You take part as R01." in text(page)
    personal = re.search(r"http://testserver(/r/[\w-]+)", page.text)[1]
    assert browser.post("/read/start").status_code == 303
    assert browser.get("/read/state").json()["total"] == 8
    assert read_all(furnished, personal, lambda *_: ("real", 4)) == 8  # on another device
    assert "1 of at most 3 readers" in text(owner.get(f"{address}/invitations"))


def test_a_browser_joins_once(furnished, owner, address):
    link = make(owner, address)
    browser, _ = join(furnished, link)
    assert browser.post(link).headers["location"] == "/read"
    assert browser.get(f"{link}?language=de").headers["location"] == "/read?language=de"
    assert "1 of at most 3" in text(owner.get(f"{address}/invitations"))
    browser.cookies.clear()
    browser.cookies.set("blindread_reader", "gone", path="/read")
    assert browser.get(link).status_code == 200


def test_opening_the_page_makes_nobody(furnished, owner, address):
    link = make(owner, address)
    page = furnished.browser().get(f"{link}?language=de")
    assert "Teilnehmen" in page.text
    assert "0 of at most 3" in text(owner.get(f"{address}/invitations"))


def test_no_more_join_than_are_wanted(furnished, owner, address):
    invite_list(owner, address, "R01\nR02")
    link = make(owner, address, "1")
    assert "as R03." in text(join(furnished, link)[1])
    refused = join(furnished, link)[1]
    assert refused.status_code == 423
    assert "all the readers that it needs" in text(refused)


def test_a_new_link_ends_the_old_one_and_closing_ends_all(furnished, owner, address):
    old = make(owner, address)
    joined, _ = join(furnished, old)
    new = make(owner, address)
    assert furnished.browser().get(old).status_code == 404
    assert furnished.browser().get(new).status_code == 200
    for _ in range(2):
        assert owner.post(f"{address}/open-link/close").status_code == 303
    assert join(furnished, new)[1].status_code == 404
    assert joined.get("/read").status_code == 200  # who has joined reads on
    assert "Off." in text(owner.get(f"{address}/invitations"))


def test_nobody_joins_a_session_that_is_not_open(furnished, owner, known):
    address = create(owner, known).headers["location"]
    assert owner.post(f"{address}/open-link", data={"most": "3"}).status_code == 409
    address = opened(furnished, owner, known)
    link = make(owner, address)
    owner.post(f"{address}/close")
    assert join(furnished, link)[1].status_code == 423


@pytest.mark.parametrize("most", ["", "0", "1001", "x"])
def test_a_number_of_readers_is_needed(owner, address, most):
    refused = owner.post(f"{address}/open-link", data={"most": most})
    assert refused.status_code == 422
    assert "from 1 to 1000" in text(refused)


def test_the_open_link_is_the_researchers(furnished, owner, address):
    other = furnished.browser(OTHER)
    assert other.post(f"{address}/open-link", data={"most": "3"}).status_code == 404
    assert other.post(f"{address}/open-link/close").status_code == 404
    refused = owner.post(f"{address}/open-link/close")
    assert refused.status_code == 409
    assert "no open link" in text(refused)


def test_joining_is_limited_by_rate(furnished, owner, address):
    link = make(owner, address, "100")
    for _ in range(joining.JOINS_BY_ADDRESS.amount):
        assert join(furnished, link)[1].status_code == 200
    refused = join(furnished, link)[1]
    assert refused.status_code == 429
    assert "Many people are joining" in text(refused)


def test_addresses_are_not_found_by_trying(furnished, owner, address):
    link = make(owner, address)
    for number in range(joining.WRONG.amount):
        assert furnished.browser().get(f"/read/join/{number}").status_code == 404
    assert furnished.browser().get(link).status_code == 429


def test_where_nobody_may_have_read_before_everybody_must_be_known(furnished, owner, known):
    address = opened(furnished, owner, known, fresh_readers="true")
    refused = owner.post(f"{address}/open-link", data={"most": "3"})
    assert refused.status_code == 409
    assert "by an open link nobody is known" in text(refused)


def test_who_has_seen_the_truth_does_not_join(furnished, owner, address):
    link = make(owner, address)
    look(furnished, address, OWNER, audit.TRUTH_SEEN)
    assert owner.post(link).status_code == 403
    assert "0 of at most 3" in text(owner.get(f"{address}/invitations"))
