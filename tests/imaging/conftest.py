"""Files decoded as an import does it: in the child process, into a staging folder that must be gone afterwards."""

import json
import logging
import shutil
import warnings

import pydicom.config
import pytest
from PIL import Image

from app import sandbox
from app.imaging import child, sources
from app.imaging.asking import CHILD, LIMITS, Asking
from app.imaging.importer import ImportSettings, decode_all, decode_by


@pytest.fixture
def decode(decode_in_child):
    return decode_in_child


@pytest.fixture
def decode_in_child(tmp_path):
    """Decode files, folders and zips; returns the outcomes in order."""

    def decode_paths(*paths, window=None, size=None, settings=None, masks=(), **limits):
        staging = tmp_path / "staging"
        found = sources.collect(paths, tmp_path / "unpacked")
        given = sources.collect(masks, tmp_path / "unpacked-masks")
        asked = settings or ImportSettings(window, size)
        outcomes = list(decode_all(found, asked, staging, mask_sources=given, **limits))
        assert not staging.exists()
        return outcomes

    return decode_paths


class Checked:
    """A child whose every answer must be that of this process, where coverage sees how it comes about."""

    def __init__(self, locked, here):
        self.locked, self.here = locked, here

    def ask(self, question, *limits):
        self.here.mkdir()
        told = self.locked.ask(question, *limits)
        assert told == json.loads(json.dumps(child.answer({**question, "staging": str(self.here)})))
        shutil.rmtree(self.here)
        return told


@pytest.fixture
def _as_the_child():
    kept = Image.MAX_IMAGE_PIXELS, pydicom.config.settings.reading_validation_mode
    with warnings.catch_warnings():
        child.set_up()
        yield
    Image.MAX_IMAGE_PIXELS, pydicom.config.settings.reading_validation_mode = kept
    logging.disable(logging.NOTSET)


@pytest.fixture
def decode_twice(tmp_path, _as_the_child):
    """As `decode_in_child`, with each answer of the child compared with this process's; for files that do no harm."""

    def decode_paths(*paths, window=None, size=None, settings=None, masks=()):
        staging = tmp_path / "staging"
        staging.mkdir()
        found = sources.collect(paths, tmp_path / "unpacked")
        given = sources.collect(masks, tmp_path / "unpacked-masks")
        with sandbox.spawn(CHILD, LIMITS, writable=staging) as locked:
            both = Checked(locked, tmp_path / "here")
            asking = Asking(both, LIMITS, settings or ImportSettings(window, size), staging)
            outcomes = list(decode_by(asking, found, given))
        staging.rmdir()
        return outcomes

    return decode_paths
