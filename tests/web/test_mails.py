"""Invitations by mail: each reader once, in their language, with a link that works; and by texts to copy where there is no mail server."""

import re
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from app import worker
from app.errors import UnavailableError
from app.protocol.mail_wording import built_in
from app.services import outbox
from app.tables.audit import AuditEvent
from app.tables.jobs import Job
from app.worker import mails
from tests.mail.server import Mailbox, serving
from tests.web.conftest import OTHER, OWNER, Site, open_site, opened
from tests.web.conftest import text as words
from tests.web.test_invitations import everything, invite_list
from tests.web.test_reading_steps import HIDDEN

BASE = "https://vtt.example.org"
LISTED = """code,email,name,language
R01,ann@example.org,Ann Canary,de
R02,bo@example.org,,
R03,,,
"""


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def posting(furnished, mailbox):
    """The furnished site with a mail server."""
    with serving(mailbox) as relay:
        yield from open_site(furnished.settings.data_dir, relay=relay, base_url=BASE)


@pytest.fixture
def researcher(posting):
    return posting.browser(OWNER)


@pytest.fixture
def address(posting, researcher, known):
    return opened(posting, researcher, known)


def send(client, address):
    return client.post(f"{address}/invitations/mail")


def link_in(message):
    return re.search(rf"{BASE}(/r/\S+)", message.get_content())[1]


def go_on(site):
    """Let the rest after a put-off job be over, and work."""
    with site.parts.database.write() as db:
        db.execute(text("UPDATE jobs SET leased_until = NULL WHERE status = 'queued'"))
    site.work()


def test_it_works(posting, researcher, address, mailbox):
    invite_list(researcher, address, LISTED)
    assert "Send 2 invitations" in words(researcher.get(f"{address}/invitations"))
    assert send(researcher, address).status_code == 303
    assert "Waiting for the worker" in words(researcher.get(f"{address}/invitations"))
    posting.work()
    (german,), (english,) = mailbox.to("ann@example.org"), mailbox.to("bo@example.org")
    assert german["Subject"] == "Einladung: Brain slices"
    assert english["Subject"] == "Invitation: Brain slices"
    assert link_in(german).endswith("?language=de")
    assert english["Message-ID"] != german["Message-ID"]
    reader = posting.browser()
    assert reader.post(link_in(english)).status_code == 303
    assert reader.get("/read").status_code == 200
    assert words(researcher.get(f"{address}/invitations")).count(">sent<") == 2


def test_links_that_were_given_out_before_work_on_and_die_together(posting, researcher, address, mailbox):
    page = invite_list(researcher, address, LISTED)
    by_hand = re.findall(r"<code>[^<]*(/r/[^<]+)</code>", page.text)[1]
    send(researcher, address)
    posting.work()
    mailed = link_in(mailbox.to("bo@example.org")[0])
    assert [posting.browser().get(link).status_code for link in (by_hand, mailed)] == [200, 200]
    renew = re.findall(rf'"({address}/readers/[0-9a-f]+/renew)"', researcher.get(address).text)[1]
    fresh = "/r/" + researcher.post(renew).text.partition("/r/")[2].partition('"')[0]
    links = (by_hand, mailed, fresh)
    assert [posting.browser().get(link).status_code for link in links] == [404, 404, 200]


def test_who_has_an_invitation_gets_no_second_one(posting, researcher, address, mailbox):
    invite_list(researcher, address, LISTED)
    send(researcher, address)
    assert send(researcher, address).status_code == 409
    posting.work()
    assert send(researcher, address).status_code == 409
    invite_list(researcher, address, LISTED + "R04,cy@example.org,,\n")
    send(researcher, address)
    posting.work()
    assert sorted(mailbox.asked) == ["ann@example.org", "bo@example.org", "cy@example.org"]


def test_what_the_server_refuses_is_told_and_the_others_go(posting, researcher, address, mailbox):
    invite_list(researcher, address, LISTED + "R04,gone@example.org,,\nR05,spam@example.org,,\n")
    send(researcher, address)
    posting.work()
    assert len(mailbox.messages) == 2
    page = words(researcher.get(f"{address}/invitations"))
    assert "refused this address or message (code 550)" in page
    assert "refused this address or message (code 554)" in page
    assert send(researcher, address).status_code == 409


def test_what_the_server_puts_off_is_sent_later_and_the_rest_once(posting, researcher, address, mailbox):
    invite_list(researcher, address, LISTED + "R00,later@example.org,,\n")
    send(researcher, address)
    posting.work()
    assert len(mailbox.messages) == 2
    assert "put this off (code 451)" in words(researcher.get(f"{address}/invitations"))
    go_on(posting)
    assert [len(mailbox.to(f"{name}@example.org")) for name in ("ann", "bo", "later")] == [1, 1, 1]
    first, *others = (link_in(message) for message in mailbox.to("later@example.org"))
    assert others == []
    assert posting.browser().get(first).status_code == 200


def test_a_server_that_stays_away_fails_the_job_and_the_button_sends_the_rest(
    posting, researcher, address, mailbox
):
    invite_list(researcher, address, LISTED)
    away = replace(
        posting.parts, settings=replace(posting.settings, relay=replace(posting.settings.relay, port=9))
    )
    send(researcher, address)
    for _ in range(3):
        go_on(Site(posting.settings, posting.app, away))
    page = words(researcher.get(f"{address}/invitations"))
    assert "cannot be reached" in page
    assert "Send 2 invitations" in page
    send(researcher, address)
    posting.work()
    assert len(mailbox.messages) == 2
    assert "waiting" not in words(researcher.get(f"{address}/invitations"))


def test_a_worker_that_dies_sends_nothing_twice_that_was_acknowledged(
    posting, researcher, address, mailbox, monkeypatch
):
    """It dies while the second mail is written; the first one is ticked off."""
    invite_list(researcher, address, LISTED)
    send(researcher, address)
    real, done = outbox.write, []

    def dying(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return real(*arguments)

    monkeypatch.setattr(outbox, "write", dying)
    with pytest.raises(KeyboardInterrupt):
        posting.work()
    assert len(mailbox.messages) == 1
    monkeypatch.setattr(outbox, "write", real)
    with posting.parts.database.write() as db:
        db.execute(text("UPDATE jobs SET leased_until = '2020-01-01 00:00:00' WHERE status = 'running'"))
    posting.work()
    assert [len(mailbox.to(f"{name}@example.org")) for name in ("ann", "bo")] == [1, 1]


def test_a_database_that_is_away_for_a_moment_is_waited_for(posting, monkeypatch):
    """The mail is out: that must be written down, however often it takes."""
    tries = []

    def failing(_):
        tries.append(1)
        if len(tries) < 3:
            raise UnavailableError("busy")

    monkeypatch.setattr(mails, "_RETRY_SECONDS", 0.01)
    work = worker.Work(posting.parts, None, "w", threading.Event())
    mails._write_down(work, failing)
    assert len(tries) == 3
    tries.clear()
    work.stopping.set()
    with pytest.raises(UnavailableError):
        mails._write_down(work, failing)


def test_nobody_who_is_out_is_written_to(posting, researcher, address, mailbox):
    invite_list(researcher, address, LISTED + "R04,cy@example.org,,\n")
    send(researcher, address)
    page = researcher.get(f"{address}/invitations").text
    researcher.post(re.search(rf'"({address}/contacts/[0-9a-f]+/delete)"', page)[1])  # of R01
    revoke = re.findall(rf'"({address}/readers/[0-9a-f]+/revoke)"', researcher.get(address).text)
    researcher.post(revoke[1])  # of R02
    researcher.post(f"{address}/close")
    posting.work()
    assert mailbox.messages == []
    page = words(researcher.get(f"{address}/invitations"))
    assert "The address was deleted before" in page
    assert "was out, before the mail was sent" in page
    assert "The session was closed before" in page
    assert send(researcher, address).status_code == 409


def test_a_cancelled_job_leaves_the_rest_unsent(posting, researcher, address, mailbox):
    invite_list(researcher, address, LISTED)
    send(researcher, address)
    job = re.search(r'data-job="([0-9a-f]{32})"', researcher.get(f"{address}/invitations").text)[1]
    researcher.post(f"/jobs/{job}/cancel", data={"back": address})
    posting.work()
    assert mailbox.messages == []
    assert "Send 2 invitations" in words(researcher.get(f"{address}/invitations"))


def test_mail_leaves_no_address_in_jobs_log_or_trail(posting, researcher, address, mailbox, capfd):
    invite_list(researcher, address, LISTED + "R04,gone.canary@example.org,,\nR05,later@example.org,,\n")
    mailbox.deferrals = 9
    send(researcher, address)
    for _ in range(3):
        go_on(posting)
    holding = {name for name, rows in everything(posting).items() if "anary" in rows or "later@" in rows}
    assert holding == {"contacts"}
    with posting.parts.database.read() as db:
        assert [job.status for job in db.scalars(select(Job).where(Job.kind == "mail"))] == ["failed"]
        sent = db.scalars(select(AuditEvent).where(AuditEvent.action == "invitation sent")).all()
    assert len(sent) == 2
    said = capfd.readouterr()
    assert "put off" in said.out + said.err
    assert not re.search(r"anary|later@|/r/\w", said.out + said.err)


def test_links_in_mails_are_kept_as_hashes(posting, researcher, address, mailbox):
    invite_list(researcher, address, LISTED)
    send(researcher, address)
    posting.work()
    token = link_in(mailbox.to("bo@example.org")[0]).removeprefix("/r/")
    for path in posting.settings.data_dir.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_an_own_wording_goes_to_all_as_it_stands(posting, researcher, address, mailbox):
    own = {"kind": "invitation", "subject": "Reading {code}", "body": "For {name}, until {day}:\n{link}"}
    assert researcher.post(f"{address}/invitations/wording", data=own).status_code == 303
    invite_list(researcher, address, LISTED)
    send(researcher, address)
    posting.work()
    (message,) = mailbox.to("ann@example.org")
    assert message["Subject"] == "Reading R01"
    assert message.get_content().startswith("For Ann Canary, until")
    assert mailbox.to("bo@example.org")[0].get_content().startswith("For R02, until")
    assert "(your own)" in words(researcher.get(f"{address}/invitations"))
    plain = built_in("invitation")
    back = {"kind": "invitation", "subject": plain.subject, "body": plain.body.replace("\n", "\r\n")}
    researcher.post(f"{address}/invitations/wording", data=back)
    assert "(your own)" not in words(researcher.get(f"{address}/invitations"))


def test_a_wording_may_not_name_a_hidden_purpose(posting, researcher, known):
    address = opened(posting, researcher, known, **HIDDEN)
    own = {"kind": "invitation", "subject": "Are they real?", "body": "{link}"}
    refused = researcher.post(f"{address}/invitations/wording", data=own)
    assert refused.status_code == 422
    assert "“real”" in words(refused)
    assert posting.browser(OTHER).post(f"{address}/invitations/wording", data=own).status_code == 404


def test_without_a_mail_server_the_texts_are_shown_to_be_copied(furnished, owner, known):
    address = opened(furnished, owner, known)
    invite_list(owner, address, LISTED)
    assert "no mail server" in words(owner.get(f"{address}/invitations"))
    page = send(owner, address)
    assert "3 mails to copy" in page.text
    assert "Einladung: Brain slices" in words(page)
    assert 'href="mailto:ann%40example.org?subject=Einladung%3A%20Brain' in page.text
    links = re.findall(r"http://testserver(/r/[\w-]+(?:\?language=de)?)\n", words(page))
    assert [furnished.browser().get(link).status_code for link in links] == [200] * 3
    assert send(owner, address).status_code == 409
    assert words(owner.get(f"{address}/invitations")).count("text shown") == 3


def test_a_job_without_its_mail_server_says_so(posting, researcher, address):
    invite_list(researcher, address, LISTED)
    send(researcher, address)
    without = replace(posting.parts, settings=replace(posting.settings, relay=None))
    Site(posting.settings, posting.app, without).work()
    assert "no mail server any more" in words(researcher.get(f"{address}/invitations"))


def test_readers_are_invited_during_a_pause(posting, researcher, address, mailbox):
    reason = {"reason": "The display of the reading room is being calibrated."}
    assert researcher.post(f"{address}/pause", data=reason).status_code == 303
    invite_list(researcher, address, LISTED)
    assert "Send 2 invitations" in words(researcher.get(f"{address}/invitations"))
    send(researcher, address)
    posting.work()
    assert len(mailbox.messages) == 2
