"""Who may not read a session: its owner, whoever has seen its truth, and, where the protocol says so, who has read its sets before."""

import re

import pytest

from app import clock
from app.services import audit, people
from tests.web.conftest import ADMIN, OTHER, OWNER, PASSWORD, Known, ident, invite, opened, png, sample
from tests.web.conftest import text as words
from tests.web.test_conduct import WHY
from tests.web.test_invitations import invite_list
from tests.web.test_reminders import begin

KNOWS = "owns or shares this session or has seen the truth about images of its sets"
HAS_READ = "Row 2: This person has already read images of this set. Nobody was invited."


def links_of(page):
    return re.findall(r"<code>[^<]*(/r/[^<]+)</code>", page.text)


def look(site, address, email, action=audit.TRUTH_SEEN):
    """Write down that an account has seen a session's truth."""
    with site.parts.database.write() as db:
        who = people.by_email(db, email)
        subject = f"session:{address.rpartition('/')[2]}"
        key = site.settings.secret_key
        audit.record(db, key, now=clock.now(), actor=who.pseudonym, action=action, subject=subject)


def of_other_sets(site, owner, known):
    """A session of sets that no other session has."""
    files = [("files", (f"{i}.png", png(100 + i), "image/png")) for i in range(4)]
    real = owner.post("/image-sets", data={"name": "Others"}, files=files).headers["location"]
    synthetic = sample(owner, known.checkpoint, name="Others, sampled", seeds="100-103").headers["location"]
    site.work()
    return opened(site, owner, Known(real, known.checkpoint, synthetic))


def test_it_works(furnished, owner, known):
    address = opened(furnished, owner, known)
    assert len(links_of(invite_list(owner, address, f"R01,{OTHER}"))) == 1
    refused = invite_list(owner, address, f"R02,a@example.org\nR03,{OWNER.upper()}")
    assert refused.status_code == 422
    assert f"Row 2: This person {KNOWS}, and cannot be its reader." in words(refused)


@pytest.mark.parametrize("action", audit.LOOKS)
def test_who_has_seen_truth_is_not_invited(furnished, owner, known, action):
    address = opened(furnished, owner, known)
    look(furnished, address, ADMIN, action)
    assert KNOWS in words(invite_list(owner, address, f"R01,{ADMIN}"))


@pytest.mark.parametrize("action", audit.LOOKS)
def test_who_has_seen_truth_about_its_sets_in_another_session_is_no_reader(furnished, owner, known, action):
    first = opened(furnished, owner, known)
    look(furnished, first, ADMIN, action)
    assert 'value="Pilot"' in owner.get("/sessions/new", params={"session": ident(first)}).text
    copy = opened(furnished, owner, known)  # sent without a word of where it began
    assert KNOWS in words(invite_list(owner, copy, f"R01,{ADMIN}"))
    refused = furnished.browser(ADMIN).post(invite(owner, copy, "R02"))
    assert refused.status_code == 403
    assert len(links_of(invite_list(owner, of_other_sets(furnished, owner, known), f"R01,{ADMIN}"))) == 1


def test_who_sees_truth_after_the_invitation_cannot_open_the_link(furnished, owner, known):
    address = opened(furnished, owner, known)
    (link,) = links_of(invite_list(owner, address, f"R01,{OTHER}"))
    look(furnished, address, OTHER)
    refused = furnished.browser().post(link)
    assert refused.status_code == 403
    assert "cannot be its reader" in words(refused)
    assert "set-cookie" not in refused.headers


def test_who_has_read_a_set_is_not_invited_where_the_protocol_says_so(furnished, owner, known):
    first = opened(furnished, owner, known)
    read, unread = links_of(invite_list(owner, first, "R01,ann@example.org\nR02,bo@example.org"))
    begin(furnished, read)
    furnished.browser().post(unread)
    fresh = opened(furnished, owner, known, fresh_readers="true")
    refused = invite_list(owner, fresh, "R05,bo@example.org\nR06,Ann+two@example.org")
    assert refused.status_code == 422
    assert HAS_READ in words(refused)
    assert "R01" not in words(refused)
    assert "Pilot" not in words(refused).replace("Back to Pilot", "")
    assert len(links_of(invite_list(owner, fresh, "R05,bo@example.org"))) == 1
    assert "nobody who has read these sets before" in words(owner.get(fresh))
    anybody = opened(furnished, owner, known)
    assert len(links_of(invite_list(owner, anybody, "R06,ann@example.org"))) == 1


def test_a_name_that_was_deleted_is_recognised_all_the_same(furnished, owner, known):
    first = opened(furnished, owner, known)
    begin(furnished, links_of(invite_list(owner, first, "R01,ann@example.org"))[0])
    owner.post(f"{first}/close")
    owner.post(f"{first}/contacts/delete")
    fresh = opened(furnished, owner, known, fresh_readers="true")
    assert HAS_READ in words(invite_list(owner, fresh, "R05\nR06,ann@example.org"))


def test_the_same_list_again_is_no_reading_before(furnished, owner, known):
    fresh = opened(furnished, owner, known, fresh_readers="true")
    begin(furnished, links_of(invite_list(owner, fresh, "R01,ann@example.org"))[0])
    assert "no new reader" in words(invite_list(owner, fresh, "R01,ann@example.org"))


def sign_in(browser, email):
    assert browser.post("/sign-in", data={"email": email, "password": PASSWORD}).status_code == 303


def ends(reader, link):
    """Whether a reader's browser is out, cannot come back, and what it saved is counted."""
    out = reader.get("/read/state")
    assert out.status_code == 401
    assert "waits in this browser" in words(out)
    back = reader.post(link)
    return back.status_code == 403 and "has seen the answers" in words(back)


@pytest.mark.parametrize("first", ["the link", "the account"])
def test_a_look_ends_the_reading_in_the_same_browser_and_keeps_what_was_saved(furnished, owner, known, first):
    address = opened(furnished, owner, known)
    link = invite(owner, address)
    browser = furnished.browser(ADMIN if first == "the account" else None)
    browser.post(link)
    if first == "the link":
        sign_in(browser, ADMIN)
    browser.post("/read/start")
    item = browser.get("/read/state").json()["current"]
    body = {"item": item, "answer": "real", "likert": 4, "key": "k" * 16, "shown_ms": 1.0}
    assert browser.post("/read/ratings", json=body).status_code == 200
    elsewhere = begin(furnished, invite(owner, address, "R02"))
    assert browser.post(f"{address}/unblinding/early", data=WHY).status_code == 303
    assert browser.post("/read/ratings", json={**body, "key": "j" * 16}).status_code == 401
    assert ends(browser, link)
    browser.post("/sign-out")
    assert browser.get("/read/state").status_code == 401
    assert elsewhere.get("/read/state").status_code == 200
    assert "1 of 8" in words(owner.get(address))


def test_a_look_ends_the_readings_of_ones_own_address_in_every_browser(furnished, owner, known):
    address = opened(furnished, owner, known)
    (link,) = links_of(invite_list(owner, address, f"R01,{ADMIN}"))
    reader = begin(furnished, link)
    furnished.browser(ADMIN).post(f"{address}/unblinding/early", data=WHY)
    assert ends(reader, link)


def test_a_look_in_another_session_of_the_same_sets_ends_a_reading_too(furnished, owner, known):
    first, second = opened(furnished, owner, known), opened(furnished, owner, known)
    (link,) = links_of(invite_list(owner, second, f"R01,{ADMIN}"))
    reader = begin(furnished, link)
    furnished.browser(ADMIN).post(f"{first}/unblinding/early", data=WHY)
    assert ends(reader, link)


def test_who_has_looked_elsewhere_reads_on_in_no_browser_where_they_sign_in(furnished, owner, known):
    address = opened(furnished, owner, known)
    link = invite(owner, address)
    browser = begin(furnished, link)
    look(furnished, address, ADMIN)
    assert browser.get("/read/state").status_code == 200
    sign_in(browser, ADMIN)
    assert ends(browser, link)
    sign_in(browser, ADMIN)  # beside a reader's cookie that is nobody's any more


def test_who_reads_a_set_elsewhere_meanwhile_does_not_begin_here(furnished, owner, known):
    first = opened(furnished, owner, known)
    fresh = opened(furnished, owner, known, fresh_readers="true")
    begun = opened(furnished, owner, known, fresh_readers="true")
    by_link = [links_of(invite_list(owner, one, "R01,ann@example.org"))[0] for one in (first, fresh, begun)]
    waiting = furnished.browser()
    waiting.post(by_link[1])
    begin(furnished, by_link[2])
    begin(furnished, by_link[0])
    refused = waiting.post("/read/start")
    assert refused.status_code == 403
    assert "for readers who have not seen its images before" in words(refused)
    for told in ("Pilot", "R01", "ann@", "Brain slices"):
        assert told not in words(refused)
    assert waiting.get("/read/state").status_code == 409
    assert furnished.browser().post(by_link[1]).status_code == 403
    again = furnished.browser()  # who had begun goes on
    assert again.post(by_link[2]).status_code == 303
    assert again.post("/read/start").status_code == 303
