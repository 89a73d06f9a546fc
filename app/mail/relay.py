"""The mail server of this installation: the only address that the program ever connects to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import parseaddr

from app.errors import InvalidError
from app.typed import whole_number

NAMES = ("SMTP_HOST", "SMTP_PORT", "SMTP_TLS", "SMTP_USER", "SMTP_PASSWORD", "SMTP_FROM")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over; `tls` is starttls (a line that is then encrypted), tls (from the first byte on) or none."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    sender: Address

    @classmethod
    def load(cls, environ: Mapping[str, str], prefix: str) -> "Relay | None":
        """The server that the environment names, if it names one; raises InvalidError naming what cannot be used."""
        given = {name: environ.get(prefix + name, "").strip() for name in NAMES}
        if not given["SMTP_HOST"]:
            if stray := next((name for name, text in given.items() if text), ""):
                raise InvalidError(f"{prefix}{stray} needs {prefix}SMTP_HOST, too.")
            return None
        tls = given["SMTP_TLS"].lower() or "starttls"
        if tls not in _PORTS:
            raise InvalidError(f"{prefix}SMTP_TLS is starttls, tls or none, not “{given['SMTP_TLS']}”.")
        if tls == "none" and given["SMTP_PASSWORD"] and given["SMTP_HOST"] not in _LOOPBACK:
            raise InvalidError(f"{prefix}SMTP_PASSWORD would be sent in clear; set {prefix}SMTP_TLS.")
        port = whole_number(given["SMTP_PORT"] or str(_PORTS[tls]), 1, 65535)
        if port is None:
            raise InvalidError(f"{prefix}SMTP_PORT must be a whole number from 1 to 65535.")
        return cls(
            host=given["SMTP_HOST"],
            port=port,
            tls=tls,
            user=given["SMTP_USER"],
            password=given["SMTP_PASSWORD"],
            sender=_sender(given["SMTP_FROM"], prefix),
        )


def _sender(text: str, prefix: str) -> Address:
    """The address in From, such as “Reader study <study@example.org>”."""
    name, spec = parseaddr(text)
    try:
        found = Address(name, addr_spec=spec)
        SMTP.header_factory("From", str(found))
    except (ValueError, HeaderParseError, IndexError):
        found = Address()
    if not (found.username and found.domain and spec.isascii() and text.isprintable()):
        raise InvalidError(
            f"{prefix}SMTP_FROM must be the sender's address, such as Reader study <study@example.org>."
        )
    return found
