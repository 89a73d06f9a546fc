"""Settings: what is missing has a default, what is wrong gets a sentence."""

import os
import stat
import subprocess
import sys

import pytest

from app.errors import InvalidError
from app.settings import load_settings


def test_defaults_work_and_keep_one_secret_for_each_data_folder(tmp_path):
    environ = {"BLINDREAD_DATA_DIR": str(tmp_path / "data")}
    first, second = load_settings(environ), load_settings(environ)
    assert first == second
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert first.public_url == "http://127.0.0.1:8000"
    assert load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "other")}).secret_key != first.secret_key


def test_https_addresses_make_cookies_secure(tmp_path):
    environ = {"BLINDREAD_DATA_DIR": str(tmp_path), "BLINDREAD_BASE_URL": "https://vtt.example.org/"}
    settings = load_settings(environ)
    assert settings.secure_cookies
    assert settings.public_url == "https://vtt.example.org"


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("SECRET_KEY", "changeme", "default"),
        ("SECRET_KEY", "short", "too short"),
        ("PORT", "http", "whole number"),
        ("PORT", "70000", "65535"),
        ("PORT", "８０", "whole number"),
        ("SECURE_COOKIES", "maybe", "yes or no"),
        ("BASE_URL", "vtt.example.org", "http"),
        ("DATADIR", "x", "Unknown setting"),
        ("UPLOAD_LIMIT_MB", "-1", "whole number"),
    ],
)
def test_a_setting_that_cannot_be_used_gets_a_sentence(tmp_path, name, value, word):
    with pytest.raises(InvalidError, match=word):
        load_settings({"BLINDREAD_DATA_DIR": str(tmp_path), f"BLINDREAD_{name}": value})


def test_a_data_folder_that_cannot_be_made_gets_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidError, match="cannot be made"):
        load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "file" / "data")})


def test_an_emptied_key_is_not_taken(tmp_path):
    (tmp_path / "secret.key").touch()
    with pytest.raises(InvalidError, match="no usable key"):
        load_settings({"BLINDREAD_DATA_DIR": str(tmp_path)})


def test_what_is_written_is_its_own_account_s_alone(tmp_path):
    data = tmp_path / "data"
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data)}
    subprocess.run([sys.executable, "-m", "app.cli", "migrate"], env=environ, check=True, umask=0o022)
    there = {path: stat.S_IMODE(path.stat().st_mode) for path in (data, *data.rglob("*"))}
    assert data / "blindread.db" in there
    assert [str(path) for path, mode in there.items() if mode & 0o077] == []
