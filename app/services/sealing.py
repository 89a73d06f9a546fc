"""Seal bytes under a key so that nobody without it can read or change them: AES-256-GCM, with a random nonce of 96 bits for each message."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY, _NONCE, _TAG = 32, 12, 16


def derived(secret: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose (HKDF with SHA-256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=purpose.encode()).derive(secret)


def seal(key: bytes, data: bytes, bound: bytes) -> bytes:
    """Nonce, sealed data, tag. It opens with the same `bound` alone, which says what the data belong to and is not stored in it."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, bound)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """What was sealed; raises ValueError where the key or `bound` is another one, or a byte was changed."""
    if len(sealed) < _NONCE + _TAG:
        raise ValueError("this was not sealed with this key")
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except InvalidTag:
        raise ValueError("this was not sealed with this key") from None
