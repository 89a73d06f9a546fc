"""Where one is sent after signing in: a path of this server, whatever the address said."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.web.signin import local_path

HERE = "https://vtt.example.org/sign-in"
PIECES = [
    *("/", "//", "\\", "/\\", ":", "@", ".", "..", "?", "#", "%2f", "%5c", "%09", ";", "&", "=", " "),
    *("\t", "\n", "\r", "\0", "\u2028", "\u200b", "／", "＼", "http:", "https://", "javascript:", "data:"),
    *("evil.example", "vtt.example.org", "sessions", "é", "[::1]", "0x7f.1"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text())
@example("/\t/evil.example")
@example("/.//evil.example")
@example("https:evil.example")
@example("/%5cevil.example")
def test_it_stays_on_this_host_as_python_and_as_browsers_read_it(target):
    path = local_path(target)
    as_browsers = path.replace("\\", "/").replace("\t", "").replace("\n", "").replace("\r", "").strip()
    for read in (path, as_browsers):
        assert read.startswith("/")
        assert not read.startswith("//")
        assert urlsplit(urljoin(HERE, read))[:2] == ("https", "vtt.example.org")


@pytest.mark.parametrize("path", ["/", "/sessions", "/image-sets?writing=2#writing", "/sessions/new?q=é"])
def test_paths_of_ours_are_kept(path):
    assert local_path(path) == path
