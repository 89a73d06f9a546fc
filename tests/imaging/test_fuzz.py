"""Random damage to good files: every one is kept or refused with a sentence, and hardly any needs a new child."""

import io
import os
import random

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from app.imaging.importer import Decoded, ImportSettings, decode_all
from app.imaging.sources import Source
from tests.factories_dicom import write_slice

ROUNDS = 50_000 if os.environ.get("SOAK_TESTS") else 500  # of each kind
PIXELS = np.add.outer(np.arange(40), np.arange(40)).astype(np.uint16)
SYNTAXES = (
    ExplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGLSLossless,
    JPEG2000Lossless,
)


def mutate(data, chance):
    """A few bytes changed, inserted, taken out or repeated, or the end cut off; often in the header."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        if len(data) < 20:
            break
        end = min(len(data), 600) if chance.random() < 0.6 else len(data)
        place, kind = chance.randrange(end), chance.randrange(10)
        if kind < 5:
            data[place] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        elif kind < 7:
            data[place : place + 4] = chance.choice([b"\xff" * 4, bytes(4), b"\xfe\xff\xff\x7f", b"\0\0\1\0"])
        elif kind == 7:
            del data[place : place + chance.randint(1, 20)]
        elif kind == 8:
            data[place:place] = data[place : place + chance.randint(1, 40)]
        else:
            del data[max(place, 16) :]
    return bytes(data)


def originals(tmp_path):
    out = io.BytesIO()
    Image.fromarray(PIXELS.astype(np.uint8)).save(out, format="PNG")
    yield "png", [out.getvalue()]
    yield (
        "dicom",
        [write_slice(tmp_path / "a", PIXELS, transfer_syntax=syntax).read_bytes() for syntax in SYNTAXES],
    )


@pytest.mark.parametrize("kind", ["png", "dicom"])
def test_damaged_files(tmp_path, kind):
    chance, seeds = random.Random(20261123), dict(originals(tmp_path))[kind]

    def damaged():
        for place in range(1, ROUNDS + 1):
            path = tmp_path / "damaged"
            path.write_bytes(mutate(seeds[place % len(seeds)], chance))
            yield Source(place, path)

    seen, kept, broken = set(), 0, 0
    for outcome in decode_all(damaged(), ImportSettings(), tmp_path / "staging"):
        seen.add(outcome.place)
        if isinstance(outcome, Decoded):
            assert outcome.pixels.dtype == np.uint8
            assert 0 < outcome.pixels.size <= 2**25
            kept += 1
        else:
            assert outcome.reason.endswith(".")
            broken += "broke" in outcome.reason or "too long" in outcome.reason
    assert seen == set(range(1, ROUNDS + 1))
    assert kept > 0
    assert broken <= ROUNDS / 50
