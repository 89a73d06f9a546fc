# ruff: noqa: F401, F811 - pytest finds fixtures by the names of arguments
"""Invitations and reminders by API: sent by the worker where there is a mail server, else given as texts; once for each key."""

import re

import pytest

from tests.web.api.conftest import opened_session, program
from tests.web.conftest import OTHER, OWNER
from tests.web.test_invitations import invite_list
from tests.web.test_mails import LISTED, link_in, mailbox, posting
from tests.web.test_reminders import begin, days_pass, ending

KEY = "key-of-sixteen-or-more"


@pytest.fixture
def mine(posting):
    return program(posting)


@pytest.fixture
def path(mine, known):
    """An open session with three readers, two of whom have an address."""
    made = opened_session(mine, known)
    assert invite_list(mine.site.browser(OWNER), made, LISTED).status_code == 200
    return made


def remindable(me, path, **asked):
    """Code → why no reminder goes there, empty where one does."""
    found = me.get(f"{path}/reminders?" + "&".join(f"{name}={value}" for name, value in asked.items()))
    return {one["code"]: one["hindrance"] for one in found["items"]}


def ids(me, path):
    return [one["reading_id"] for one in me.get(f"{path}/reminders")["items"]]


def test_it_works(mine, path, mailbox):
    before = mine.get(f"{path}/mailing")
    assert (before["by_mail"], before["to_invite"], before["job"]) == (True, 2, None)
    sent = mine.post(f"{path}/invitations", status=202)
    assert (sent["letters"], sent["job"]["status"]) == ([], "queued")
    mine.site.work()
    assert sorted(mailbox.asked) == ["ann@example.org", "bo@example.org"]
    assert mine.get(f"{path}/mailing")["to_invite"] == 0
    assert [(one["kind"], one["status"]) for one in mine.get(f"{path}/mails")["items"]] == [
        ("invitation", "sent")
    ] * 2
    (message,) = mailbox.to("bo@example.org")
    assert mine.site.browser().post(link_in(message)).status_code == 303


def test_the_same_request_again_invites_nobody_twice(mine, path, mailbox):
    first = mine.ask("POST", f"{path}/invitations", key=KEY)
    mine.site.work()
    again = mine.ask("POST", f"{path}/invitations", key=KEY)
    assert (again.status_code, again.content) == (202, first.content)
    mine.site.work()
    assert len(mailbox.messages) == 2
    assert "error" in mine.post(f"{path}/invitations", status=409)


def test_who_stalled_is_reminded_and_who_wants_none_is_not(mine, path, mailbox):
    mine.post(f"{path}/invitations", status=202)
    mine.site.work()
    assert remindable(mine, path) == {}
    begin(mine.site, link_in(mailbox.to("bo@example.org")[0]))
    days_pass(mine.site, 8)
    assert {code for code, why in remindable(mine, path).items() if not why} == {"R01", "R02"}
    assert set(remindable(mine, path, whom="begun")) == {"R02"}
    assert remindable(mine, path, days=9) == {}
    sent = mine.post(f"{path}/reminders", {"readings": ids(mine, path)}, 202, key=KEY)
    assert mine.post(f"{path}/reminders", {"readings": ids(mine, path)}, 202, key=KEY) == sent
    mine.site.work()
    reminders = mailbox.messages[2:]
    assert len(reminders) == 2
    (bo,) = [one for one in reminders if "bo@example.org" in one["To"]]
    assert mine.site.browser().post(ending(bo)).status_code == 200
    days_pass(mine.site, 4)
    assert remindable(mine, path)["R02"] == "wants no reminders"
    mine.post(f"{path}/reminders", {"readings": ids(mine, path)}, 202)
    mine.site.work()
    assert [one["To"] for one in mailbox.messages[4:]] == [mailbox.to("ann@example.org")[0]["To"]]


def test_a_wording_of_one_s_own_goes_out_and_an_empty_one_goes_back(mine, path, mailbox):
    built_in = mine.get(f"{path}/mailing")["invitation"]
    body = f"Please read.\n{re.search(r'{link}', built_in['body'])[0]}"
    told = mine.post(f"{path}/mailing/wording", {"kind": "invitation", "subject": "Own words", "body": body})
    assert told["invitation"] == {"subject": "Own words", "body": body, "own": True}
    mine.post(f"{path}/invitations", status=202)
    mine.site.work()
    assert {one["Subject"] for one in mailbox.messages} == {"Own words"}
    back = mine.post(f"{path}/mailing/wording", {"kind": "invitation", "subject": "", "body": ""})
    assert back["invitation"] == built_in


def test_reminders_by_themselves_are_switched_on_and_off(mine, path):
    for days in (7, 0):
        answer = mine.ask("PUT", f"{path}/reminders/automatic", {"days": days})
        assert (answer.status_code, answer.json()["automatic_days"]) == (200, days)
    assert mine.ask("PUT", f"{path}/reminders/automatic", {"days": -1}).status_code == 422


def test_without_a_mail_server_texts_come_with_links_that_work(me, known):
    made = opened_session(me, known)
    invite_list(me.site.browser(OWNER), made, LISTED)
    told = me.post(f"{made}/invitations", status=202, key=KEY)
    assert me.post(f"{made}/invitations", status=202, key=KEY) == told
    assert (told["job"], {one["code"] for one in told["letters"]}) == (None, {"R01", "R02", "R03"})
    for letter in told["letters"]:
        link = re.search(r"(/r/\S+)", letter["body"])[1]
        assert me.site.browser().get(link).status_code == 200
    days_pass(me.site, 8)
    texts = me.post(f"{made}/reminders", {"readings": ids(me, made)}, 202)["letters"]
    assert {one["to"] for one in texts} >= {"ann@example.org", "bo@example.org"}


def test_others_and_tokens_that_only_read_send_nothing(mine, path, mailbox):
    other, reading = program(mine.site, OTHER), program(mine.site, read_only=True)
    for asking, status in ((other, 404), (reading, 403)):
        asking.post(f"{path}/invitations", status=status)
        asking.post(f"{path}/reminders", {"readings": ["0" * 32]}, status)
        asking.post(f"{path}/mailing/wording", {"kind": "reminder", "subject": "", "body": ""}, status)
        assert asking.ask("PUT", f"{path}/reminders/automatic", {"days": 3}).status_code == status
    other.get(f"{path}/mails", 404)
    other.get(f"{path}/reminders", 404)
    mine.site.work()
    assert mailbox.messages == []
