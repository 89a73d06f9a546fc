"""Who may not read a session: its owner, whoever has seen its truth, and, where the protocol says so, who has read its sets before."""

import re

import pytest

from app import clock
from app.services import audit, people
from tests.web.conftest import ADMIN, OTHER, OWNER, opened
from tests.web.conftest import text as words
from tests.web.test_invitations import invite_list
from tests.web.test_reminders import begin

KNOWS = "owns this session or has seen its truth"
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
    other = opened(furnished, owner, known)
    assert len(links_of(invite_list(owner, other, f"R01,{ADMIN}"))) == 1


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
