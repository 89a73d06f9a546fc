"""Seal bytes under a key so that nobody without it can read or change them.

A key stream of SHAKE-256 over key and nonce, each used once, and an HMAC over what came of it (encrypt, then authenticate).
"""

import hashlib
import hmac
import secrets

_NONCE, _MAC = 16, 32


def seal(key: bytes, data: bytes) -> bytes:
    """Nonce, sealed data, MAC."""
    nonce = secrets.token_bytes(_NONCE)
    hidden = nonce + _masked(key, nonce, data)
    return hidden + _mac(key, hidden)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """What was sealed; raises ValueError where the key is another one, or a byte was changed."""
    hidden, mac = sealed[:-_MAC], sealed[-_MAC:]
    if not hmac.compare_digest(mac, _mac(key, hidden)):
        raise ValueError("this was not sealed with this key")
    return _masked(key, hidden[:_NONCE], hidden[_NONCE:])


def _masked(key: bytes, nonce: bytes, data: bytes) -> bytes:
    stream = hashlib.shake_256(b"stream" + key + nonce).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, stream, strict=True))


def _mac(key: bytes, hidden: bytes) -> bytes:
    return hmac.new(key, b"mac" + hidden, hashlib.sha256).digest()
