"""Protocols as files: what was written is read again, anything else gets a sentence."""

import json

import pytest

from app.errors import InvalidError
from app.protocol import exchange
from app.protocol.design import Protocol
from app.protocol.practice import Practice
from app.protocol.questions import Question

FULL = Protocol(
    consent="Do you agree?",
    questions=(Question("Which?", "choice", ("a", "ü")),),
    practice=Practice(2, 2, 1),
    block_size=10,
)


def test_a_written_protocol_is_read_again():
    assert exchange.read(exchange.written(FULL)) == FULL
    assert exchange.written(exchange.read(exchange.written(FULL))) == exchange.written(FULL)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b"[]",
        b"3",
        b"{}",
        b"[" * 100_000,
        b" " * 200_001,
        b"\xff\xfe",
        json.dumps({"blindread_protocol": 2}).encode(),
        json.dumps({"blindread_protocol": 1, "unknown": 3}).encode(),
        json.dumps({"blindread_protocol": 1, "margin": 0.9}).encode(),
    ],
)
def test_anything_else_gets_a_sentence(data):
    with pytest.raises(InvalidError, match=r"\.$"):
        exchange.read(data)
