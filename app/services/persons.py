"""Persons without their names: the keyed fingerprint of an e-mail address, the same wherever the address comes up."""

import hashlib
import hmac
import re
import unicodedata

from app.errors import InvalidError

LONGEST_ADDRESS = 254
_ID_LENGTH = 32
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_USE = b"blindread: the address of a person\0"  # the key serves the audit trail, too: no value of one use is one of the other


def address(text: str) -> str:
    """The address as typed, if mail can be sent to it; raises InvalidError."""
    text = text.strip()
    if not is_address(text):
        raise InvalidError("That is no e-mail address of plain letters and one @.")
    return text


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: plain letters and digits, one @, a domain with a dot."""
    return bool(_ADDRESS.fullmatch(text)) and len(text) <= LONGEST_ADDRESS and ".." not in text


def fingerprint(key: bytes, email: str) -> str:
    """HMAC-SHA-256 of the address in small letters without a “+tag”, under the installation's key: 64 hex digits."""
    local, _, domain = unicodedata.normalize("NFKC", email.strip()).casefold().rpartition("@")
    plain = f"{local.partition('+')[0] or local}@{domain}"
    return hmac.new(key, _USE + plain.encode(), hashlib.sha256).hexdigest()


def opt_out_token(key: bytes, reading_id: str) -> str:
    """What stands in the link by which a reader ends reminders: good for nothing else, and for ever."""
    return reading_id + _opt_out_mac(key, reading_id)


def opting_out(key: bytes, token: str) -> str | None:
    """The reading whose token this is; None where it is nobody's."""
    reading_id = token[:_ID_LENGTH]
    return reading_id if hmac.compare_digest(token, opt_out_token(key, reading_id)) else None


def _opt_out_mac(key: bytes, reading_id: str) -> str:
    return hmac.new(key, b"blindread: no reminders\0" + reading_id.encode(), hashlib.sha256).hexdigest()[:32]
