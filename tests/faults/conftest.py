"""The furnished data folder of the web tests, for tests that break things."""

from tests.web.conftest import empty_folder, furnished, furnished_folder, generator_files, known, owner, site

__all__ = ["empty_folder", "furnished", "furnished_folder", "generator_files", "known", "owner", "site"]
