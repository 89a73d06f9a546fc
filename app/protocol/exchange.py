"""A protocol as a file that goes from one session to another, also between servers."""

import json

from app.errors import InvalidError
from app.protocol.design import Protocol

VERSION = 1
LONGEST = 200_000
_NOT_ONE = "This file holds no protocol that was exported here."


def written(protocol: Protocol) -> bytes:
    """The file of a protocol; the same protocol gives the same bytes."""
    return json.dumps(
        {"blindread_protocol": VERSION, **protocol.to_json()}, indent=1, ensure_ascii=False
    ).encode()


def read(data: bytes) -> Protocol:
    """The protocol of a file; raises InvalidError where it is none, or one that this version does not know."""
    if len(data) > LONGEST:
        raise InvalidError(_NOT_ONE)
    try:
        stored = json.loads(data)
        version = stored.pop("blindread_protocol")
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise InvalidError(_NOT_ONE) from error
    if version != VERSION:
        raise InvalidError("This protocol was exported by another version, and cannot be read here.")
    return Protocol.from_json(stored)
