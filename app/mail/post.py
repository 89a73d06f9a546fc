"""Hand letters over to the mail server, one connection for many; say of each what became of it.

Errors of the SMTP library hold addresses and servers' replies repeat them, so none of them leaves this module: what is raised has a
code and a sentence of ours.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from app.errors import AppError, ConflictError, UnavailableError
from app.mail.message import Letter, written
from app.mail.relay import Relay

_SECONDS = 30.0
_TEMPORARY = range(400, 500)


class RefusedError(AppError):
    """The server will never take this letter."""


class PutOffError(UnavailableError):
    """The server may take this letter later."""


class Post:
    """A connection to the mail server, opened when it is first needed. Close it at the end."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._open: smtplib.SMTP | None = None

    def send(self, letter: Letter, now: datetime) -> None:
        """Return once the server has taken the letter over.

        Raises RefusedError where this letter is never taken, PutOffError where it may be later, UnavailableError where the line is down (also where it
        dropped before the server said what became of the letter), ConflictError where no letter is taken as the server is set here.
        """
        with self._understood():
            if self._open is None:
                self._open = self._connected()
            sender = self._relay.sender
            self._open.send_message(written(letter, sender, now), sender.addr_spec, [letter.to])

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        connection, self._open = self._open, None
        if connection:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        relay, verifying = self._relay, ssl.create_default_context()
        own_name = relay.sender.domain  # in EHLO; else the library asks the network for this machine's name
        connection = (
            smtplib.SMTP_SSL(relay.host, relay.port, own_name, timeout=_SECONDS, context=verifying)
            if relay.tls == "tls"
            else smtplib.SMTP(relay.host, relay.port, own_name, timeout=_SECONDS)
        )
        try:
            if relay.tls == "starttls":
                connection.starttls(context=verifying)
            if relay.user:
                connection.login(relay.user, relay.password)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """The library's errors as ours, without what they quote."""
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            raise _about_letter(next(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPDataError as error:
            raise _about_letter(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            self.close()
            raise ConflictError(
                "The mail server does not offer what the settings ask for (TLS or a sign-in)."
            ) from None
        except smtplib.SMTPResponseException as error:
            self.close()
            raise _about_server(error) from None
        except ssl.SSLCertVerificationError:
            self.close()
            raise ConflictError(
                "The mail server's certificate cannot be verified; nothing was sent."
            ) from None
        except (smtplib.SMTPException, OSError):
            self.close()
            raise UnavailableError("The mail server cannot be reached, or the line to it dropped.") from None


def _about_letter(code: int) -> AppError:
    if code in _TEMPORARY:
        return PutOffError(f"The mail server put this off (code {code}).")
    return RefusedError(f"The mail server refused this address or message (code {code}).")


def _about_server(error: smtplib.SMTPResponseException) -> AppError:
    """A reply to something other than a letter: the greeting, the sign-in, the sender."""
    if error.smtp_code in _TEMPORARY:
        return UnavailableError(f"The mail server is not ready (code {error.smtp_code}).")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return ConflictError(
            f"The mail server does not take this user and password (code {error.smtp_code})."
        )
    return ConflictError(f"The mail server takes nothing from this sender (code {error.smtp_code}).")
