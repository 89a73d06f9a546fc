"""Letters on the wire: what a mail server gets, and what each of its answers becomes."""

import socket
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from app.errors import ConflictError, UnavailableError
from app.mail.message import Letter, written
from app.mail.post import Post, PutOffError, RefusedError
from tests.mail.server import SENDER, Mailbox, certificate, serving

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LETTER = Letter(
    identifier="a1" * 16,
    to="ann@example.org",
    name="Änn Exämple",
    subject="Einladung: Schädel, Schnitte",
    body="Grüße.\n\nhttps://vtt.example.org/r/abc_-\n\n日本語" + " und so weiter" * 20,
    language="de",
)


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("certificate"))


def send(relay, *letters):
    with closing(Post(relay)) as post:
        for letter in letters:
            post.send(letter, NOW)


def test_it_works(mailbox):
    with serving(mailbox) as relay:
        send(relay, LETTER, replace(LETTER, to="bo@example.org", name=""))
    first, second = mailbox.messages
    assert first["From"] == "Reader study <study@vtt.example.org>"
    assert first["To"].addresses[0].display_name == "Änn Exämple"
    assert first["Subject"] == LETTER.subject
    assert first["Message-ID"] == f"<{LETTER.identifier}@vtt.example.org>"
    assert parsedate_to_datetime(first["Date"]) == NOW
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Content-Language"] == "de"
    assert first["List-Unsubscribe"] is None
    assert (first.get_content_type(), first.get_content_charset()) == ("text/plain", "utf-8")
    assert first.get_content().replace("\r\n", "\n").strip() == LETTER.body
    assert second["To"] == "bo@example.org"


def test_what_repeats_can_be_ended():
    message = written(replace(LETTER, unsubscribe="https://vtt.example.org/read/no-reminders/x"), SENDER, NOW)
    assert message["List-Unsubscribe"] == "<https://vtt.example.org/read/no-reminders/x>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_no_header_can_be_smuggled_in():
    evil = "x\r\nBcc: all@example.org\n\nbody\x00"
    message = written(replace(LETTER, subject=evil, name=evil), SENDER, NOW)
    assert message["Bcc"] is None
    assert b"\nBcc:" not in message.as_bytes()
    assert message["Subject"] == "x Bcc: all@example.org body"


@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")  # by the server's own code
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_the_line_is_encrypted_and_the_server_verified(mailbox, files, monkeypatch, tls):
    with serving(mailbox, tls, files, sign_in=tls == "starttls") as relay:
        with pytest.raises(ConflictError, match="certificate cannot be verified"):
            send(relay, LETTER)
        assert mailbox.messages == []
        monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))
        send(relay, LETTER)
        assert len(mailbox.messages) == 1
        if relay.user:
            with pytest.raises(ConflictError, match="user and password"):
                send(replace(relay, password="another one"), LETTER)


def test_a_server_without_tls_gets_nothing(mailbox):
    with serving(mailbox) as relay, pytest.raises(ConflictError, match="does not offer"):
        send(replace(relay, tls="starttls"), LETTER)
    assert mailbox.messages == []


@pytest.mark.parametrize(
    ("to", "error", "code"),
    [
        ("gone@example.org", RefusedError, "550"),
        ("spam@example.org", RefusedError, "554"),
        ("later@example.org", PutOffError, "451"),
    ],
)
def test_answers_become_sentences_without_addresses(mailbox, to, error, code):
    with serving(mailbox) as relay, closing(Post(relay)) as post:
        with pytest.raises(error, match=code) as raised:
            post.send(replace(LETTER, to=to), NOW)
        assert "example.org" not in raised.value.sentence
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__
        post.send(LETTER, NOW)  # the line is still good
    assert len(mailbox.to("ann@example.org")) == 1


def test_a_sender_that_is_not_taken_stops_everything(mailbox):
    mailbox.refuses_sender = True
    with serving(mailbox) as relay, pytest.raises(ConflictError, match="nothing from this sender"):
        send(relay, LETTER)


def test_a_server_that_is_away_is_asked_again_later(mailbox):
    with serving(mailbox) as relay:
        pass
    with pytest.raises(UnavailableError, match="cannot be reached"):
        send(relay, LETTER)


def test_a_line_that_dropped_is_opened_again(mailbox):
    with serving(mailbox) as relay, closing(Post(relay)) as post:
        post.send(LETTER, NOW)
        post._open.sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(UnavailableError, match="dropped"):
            post.send(LETTER, NOW)
        post.send(LETTER, NOW)
    assert len(mailbox.messages) == 2


def test_a_server_that_is_not_ready_is_asked_again_later(mailbox):
    async def not_ready(*_):
        return "421 4.3.2 shutting down"

    mailbox.handle_MAIL = not_ready
    with serving(mailbox) as relay, pytest.raises(UnavailableError, match="not ready"):
        send(relay, LETTER)
