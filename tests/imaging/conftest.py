"""Files decoded as an import does it: in the child process, into a staging folder that must be gone afterwards."""

import pytest

from app.imaging import sources
from app.imaging.importer import ImportSettings, decode_all


@pytest.fixture
def decode(tmp_path):
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
