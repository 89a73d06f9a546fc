# ruff: noqa: F401, F811 - pytest finds fixtures by the names of arguments
"""Reminders: to those who stalled, seldom and few, never to who wants none; each with a link that ends them."""

import re
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from app.services import persons
from app.tables.audit import AuditEvent
from app.tables.jobs import Job
from app.worker import mails
from tests.web.conftest import OTHER, OWNER, create, opened, read_all
from tests.web.conftest import text as words
from tests.web.test_invitations import invite_list
from tests.web.test_mails import BASE, address, link_in, mailbox, posting, researcher

LISTED = "code,email,name,language\nR01,ann@example.org,,de\nR02,bo@example.org,,\nR03,,,\n"


def days_pass(site, days):
    """Let all that was done be so much longer ago."""
    columns = {
        "readings": ("invited_at", "opened_at", "started_at", "last_seen_at"),
        "vtt_sessions": ("opened_at",),
        "mails": ("created_at", "sent_at"),
        "audit_events": ("at",),
    }
    with site.parts.database.write() as db:
        for kept in ("vtt_sessions_state_update", "audit_events_append_update"):  # they fix when things were
            db.execute(text(f"DROP TRIGGER IF EXISTS {kept}"))
        for table, names in columns.items():
            for name in names:
                db.execute(text(f"UPDATE {table} SET {name} = datetime({name}, '-{days} days')"))


def begin(site, link):
    """Open a link and answer one image."""
    reader = site.browser()
    reader.post(link)
    reader.post("/read/start")
    item = reader.get("/read/state").json()["current"]
    body = {"item": item, "answer": "real", "likert": 4, "key": "k" * 16, "shown_ms": 1.0}
    assert reader.post("/read/ratings", json=body).status_code == 200
    return reader


def stalled(client, address, whom="all", days=7):
    """The page's readers: code → what it says of a reminder."""
    page = client.get(f"{address}/reminders", params={"whom": whom, "days": days}).text
    rows = re.findall(r'<th scope="row">(\w+)</th>.*?<span class="tag \w+">([^<]+)</span>', page, re.DOTALL)
    return dict(rows)


def remind(client, address, whom="all", days=7):
    page = client.get(f"{address}/reminders", params={"whom": whom, "days": days}).text
    readings = re.findall(r'name="reading" value="([0-9a-f]{32})"', page)
    return client.post(f"{address}/reminders", data={"reading": readings})


def invited(client, address):
    page = invite_list(client, address, LISTED)
    return re.findall(r"<code>[^<]*(/r/[^<]+)</code>", page.text)


def test_it_works(posting, researcher, address, mailbox):
    links = invited(researcher, address)
    begin(posting, links[0])
    assert stalled(researcher, address) == {}
    days_pass(posting, 8)
    assert stalled(researcher, address) == {
        "R01": "goes out",
        "R02": "goes out",
        "R03": "none: no e-mail address",
    }
    assert set(stalled(researcher, address, "begun")) == {"R01"}
    assert set(stalled(researcher, address, "not_begun")) == {"R02", "R03"}
    assert stalled(researcher, address, days=9) == {}
    assert remind(researcher, address, "begun").status_code == 303
    posting.work()
    (message,) = mailbox.messages
    assert message["Subject"] == "Erinnerung: Brain slices"
    assert "ann@example.org" in message["To"]
    assert posting.browser().post(link_in(message)).status_code == 303
    assert posting.browser().get(links[0]).status_code == 200  # what one had works on
    with posting.parts.database.read() as db:
        done = db.scalars(select(AuditEvent.action).where(AuditEvent.action.like("reminder%"))).all()
    assert done == ["reminders asked for", "reminder sent"]


def test_a_preview_has_codes_alone_and_changes_nothing(posting, researcher, address, mailbox):
    invited(researcher, address)
    days_pass(posting, 8)
    page = researcher.get(f"{address}/reminders")
    assert "example.org" not in page.text.replace(OWNER, "")
    posting.work()
    assert mailbox.messages == []


def test_nobody_is_reminded_who_is_done_or_out(posting, researcher, address, mailbox):
    done, out, _ = invited(researcher, address)
    read_all(posting, done, lambda *_: ("real", 4))
    begin(posting, out).post("/read/withdraw")
    days_pass(posting, 8)
    assert set(stalled(researcher, address)) == {"R03"}


def test_at_most_three_and_three_days_apart(posting, researcher, address, mailbox):
    invited(researcher, address)
    days_pass(posting, 8)
    for number in range(3):
        assert remind(researcher, address).status_code == 303
        assert remind(researcher, address).status_code == 409  # they are on their way
        posting.work()
        assert len(mailbox.messages) == 2 * (number + 1)
        days_pass(posting, 2)
        reason = "less than 3 days ago" if number < 2 else "3 times already"
        assert stalled(researcher, address, days=1)["R01"] == f"none: reminded {reason}"
        days_pass(posting, 2)
    assert stalled(researcher, address)["R01"] == "none: reminded 3 times already"
    assert remind(researcher, address).status_code == 409


def ending(message):
    """The opt-out link's path, as the header and the text have it."""
    link = message["List-Unsubscribe"].strip("<>")
    assert link in message.get_content()
    return link.removeprefix(BASE)


def test_who_wants_none_gets_none_any_more_of_any_session(posting, researcher, address, mailbox, known):
    invited(researcher, address)
    days_pass(posting, 8)
    remind(researcher, address)
    posting.work()
    (message,) = mailbox.to("bo@example.org")
    scanner = posting.browser()
    page = scanner.get(ending(message))
    assert page.status_code == 200
    assert "No more reminders</button>" in page.text
    days_pass(posting, 4)
    assert stalled(researcher, address)["R02"] == "goes out"  # opening the page alone does nothing
    assert scanner.post(ending(message)).status_code == 200
    assert scanner.post(ending(message)).status_code == 200
    assert stalled(researcher, address)["R02"] == "none: wants no reminders"
    assert posting.browser().get(link_in(message)).status_code == 200
    second = opened(posting, researcher, known)
    invite_list(researcher, second, "R77,Bo+vtt@example.org\nR78,cy@example.org")
    days_pass(posting, 8)
    assert stalled(researcher, second) == {"R77": "none: wants no reminders", "R78": "goes out"}
    with posting.parts.database.read() as db:
        said = db.scalars(select(AuditEvent.action).where(AuditEvent.action == "reminders refused")).all()
    assert len(said) == 1


def test_a_reminder_that_waits_does_not_go_out_after_the_reader_ended_them(
    posting, researcher, address, mailbox
):
    invited(researcher, address)
    days_pass(posting, 8)
    remind(researcher, address)
    posting.work()
    days_pass(posting, 4)
    remind(researcher, address)  # asked for, not sent yet
    (first,) = mailbox.to("bo@example.org")
    posting.browser().post(ending(first))
    posting.work()
    assert len(mailbox.to("bo@example.org")) == 1
    assert len(mailbox.to("ann@example.org")) == 2
    assert "wanted no more reminders" in words(researcher.get(f"{address}/invitations"))


def test_a_mail_program_can_end_them_for_its_reader(posting, researcher, address, mailbox):
    invited(researcher, address)
    days_pass(posting, 8)
    remind(researcher, address)
    posting.work()
    (message,) = mailbox.to("ann@example.org")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    done = posting.browser().post(ending(message), data={"List-Unsubscribe": "One-Click"})
    assert "no more reminders from here" in done.text
    german = posting.browser().get(ending(message) + "?language=de")
    assert "Keine Erinnerungen mehr" in german.text


def test_a_made_up_link_ends_nothing(posting, researcher, address):
    invited(researcher, address)
    with posting.parts.database.read() as db:
        reading = db.execute(text("SELECT id FROM readings")).scalars().first()
    unknown = persons.opt_out_token(posting.settings.secret_key, "0" * 32)
    for token in (reading, reading + "0" * 32, "x", unknown):
        assert posting.browser().get(f"/read/no-reminders/{token}").status_code == 404
        assert posting.browser().post(f"/read/no-reminders/{token}").status_code == 404


def test_without_a_mail_server_reminders_are_texts_and_count(furnished, owner, known):
    address = opened(furnished, owner, known)
    invited(owner, address)
    days_pass(furnished, 8)
    page = remind(owner, address)
    assert "3 mails to copy" in page.text
    assert "Erinnerung: Brain slices" in words(page)
    codeless = re.findall(r"http://testserver(/read/no-reminders/\w+)", words(page))[2]
    assert furnished.browser().post(codeless).status_code == 200
    days_pass(furnished, 4)
    assert stalled(owner, address) == {
        "R01": "goes out",
        "R02": "goes out",
        "R03": "none: wants no reminders",
    }
    assert "Needs a mail server" in words(owner.get(f"{address}/reminders"))


def test_automatic_reminders_are_off_until_set(posting, researcher, address, mailbox):
    invited(researcher, address)
    days_pass(posting, 8)
    mails.remind(posting.parts)
    posting.work()
    assert mailbox.messages == []
    assert researcher.post(f"{address}/reminders/automatic", data={"days": "5"}).status_code == 303
    assert researcher.post(f"{address}/reminders/automatic", data={"days": "6"}).status_code == 303
    assert 'value="6"' in researcher.get(f"{address}/reminders").text
    for _ in range(2):
        mails.remind(posting.parts)
        posting.work()
    assert sorted(mailbox.asked) == ["ann@example.org", "bo@example.org"]
    researcher.post(f"{address}/reminders/automatic", data={"days": "0"})
    researcher.post(f"{address}/reminders/automatic", data={"days": "0"})
    days_pass(posting, 8)
    mails.remind(posting.parts)
    posting.work()
    assert len(mailbox.messages) == 2
    with posting.parts.database.read() as db:
        asked = db.scalars(select(AuditEvent).where(AuditEvent.action == "reminders asked for")).all()
    assert [event.actor for event in asked] == ["timer"]


def test_nothing_goes_out_by_itself_without_a_mail_server(posting, researcher, address):
    invited(researcher, address)
    days_pass(posting, 8)
    researcher.post(f"{address}/reminders/automatic", data={"days": "5"})
    mails.remind(replace(posting.parts, settings=replace(posting.settings, relay=None)))
    with posting.parts.database.read() as db:
        assert db.scalars(select(Job.id).where(Job.kind == "mail")).all() == []


def test_nobody_is_idle_when_a_pause_or_a_closing_ends(posting, researcher, address, mailbox):
    invited(researcher, address)
    why = {"reason": "The scanner's images had to be looked at."}
    days_pass(posting, 8)
    researcher.post(f"{address}/pause", data=why)
    researcher.post(f"{address}/resume")
    assert stalled(researcher, address, days=1) == {}
    days_pass(posting, 8)
    assert set(stalled(researcher, address)) == {"R01", "R02", "R03"}
    researcher.post(f"{address}/close")
    researcher.post(f"{address}/reopen", data=why)
    researcher.post(f"{address}/reminders/automatic", data={"days": "1"})
    mails.remind(posting.parts)
    posting.work()
    assert mailbox.messages == []


@pytest.mark.parametrize(("act", "said"), [("pause", "was paused before"), ("close", "was closed before")])
def test_a_reminder_that_waits_does_not_go_out_while_nobody_can_rate(
    posting, researcher, address, mailbox, act, said
):
    invited(researcher, address)
    days_pass(posting, 8)
    remind(researcher, address)
    researcher.post(f"{address}/{act}", data={"reason": "The scanner's images had to be looked at."})
    posting.work()
    assert mailbox.messages == []
    page = words(researcher.get(f"{address}/invitations"))
    assert page.count(said) == 2
    assert page.count(">not sent<") == 2


def test_a_reminder_that_a_pause_stopped_is_none_of_the_three(posting, researcher, address, mailbox):
    invited(researcher, address)
    days_pass(posting, 8)
    remind(researcher, address)
    researcher.post(f"{address}/pause", data={"reason": "The scanner's images had to be looked at."})
    posting.work()
    researcher.post(f"{address}/resume")
    days_pass(posting, 8)
    assert stalled(researcher, address)["R01"] == "goes out"


def test_readers_are_reminded_while_the_session_is_open(posting, researcher, address, known, mailbox):
    invited(researcher, address)
    days_pass(posting, 8)
    researcher.post(f"{address}/reminders/automatic", data={"days": "5"})
    researcher.post(f"{address}/close")
    assert "while the session is open" in words(researcher.get(f"{address}/reminders"))
    assert researcher.post(f"{address}/reminders", data={"reading": []}).status_code == 409
    mails.remind(posting.parts)
    posting.work()
    assert mailbox.messages == []


@pytest.mark.parametrize("days", ["0", "366", "x", ""])
def test_days_are_a_number(posting, researcher, address, days):
    refused = researcher.get(f"{address}/reminders", params={"days": days})
    assert refused.status_code == 422
    assert "from 1 to 365" in words(refused)


def test_reminders_are_the_researchers(posting, researcher, address):
    other = posting.browser(OTHER)
    assert other.get(f"{address}/reminders").status_code == 404
    assert other.post(f"{address}/reminders", data={"reading": ["x"]}).status_code == 404
    assert other.post(f"{address}/reminders/automatic", data={"days": "5"}).status_code == 404
