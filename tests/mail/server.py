"""A mail server on loopback: it takes mail, puts some off, refuses some, with or without TLS and a sign-in."""

import email
import socket
import ssl
import subprocess
from contextlib import contextmanager
from email.headerregistry import Address
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from app.mail.relay import Relay

SENDER = Address("Reader study", addr_spec="study@vtt.example.org")
PASSWORD = "a password of the server"


class Mailbox:
    """What the server was given. What it says to an address depends on the name before the @."""

    def __init__(self):
        self.messages, self.asked, self.deferrals = [], [], 1
        self.refuses_sender = False

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - the library looks for this name
        if self.refuses_sender:
            return "550 5.7.1 no mail from you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - the library looks for this name
        self.asked.append(address)
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}> does not live here"
        if address.startswith("later") and self.asked.count(address) <= self.deferrals:
            return f"451 4.7.1 <{address}> ask again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library looks for this name
        if envelope.rcpt_tos[0].startswith("spam"):
            return f"554 5.7.1 nothing like this for {envelope.rcpt_tos[0]}"
        self.messages.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    def to(self, address):
        return [one for one in self.messages if address in one["To"]]


def certificate(folder):
    """A certificate for localhost that signs itself: its key and itself, as files."""
    key, file = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*made, "-keyout", key, "-out", file, *subject], check=True, capture_output=True)
    return key, file


def _context(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    return context


def _right(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"study", PASSWORD.encode())
    return AuthResult(success=known, handled=known)


@contextmanager
def serving(mailbox, tls="none", files=None, sign_in=False, port=0):
    """The relay of a server that runs until the block ends."""
    options = {"require_starttls": True, "tls_context": _context(files)} if tls == "starttls" else {}
    if tls == "tls":
        options["ssl_context"] = _context(files)
    if sign_in:
        options |= {"authenticator": _right, "auth_required": True}
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, server_hostname="localhost", **options)
    controller.start()
    user, password = ("study", PASSWORD) if sign_in else ("", "")
    try:
        yield Relay(host="localhost", port=port, tls=tls, user=user, password=password, sender=SENDER)
    finally:
        controller.stop()
