"""Random names that open something: shown once, kept as a hash."""

import hashlib
import secrets


def new() -> str:
    """A token of 256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def identifier() -> str:
    """A new primary key: 128 random bits as 32 hex digits."""
    return secrets.token_hex(16)
