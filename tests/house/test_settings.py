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
        ("BASE_URL", "https://", "name a host"),
        ("ALLOWED_HOSTS", "vtt.example.org:8000", "without ports"),
        ("ALLOWED_HOSTS", "*", "without ports"),
        ("DATADIR", "x", "Unknown setting"),
        ("UPLOAD_LIMIT_MB", "-1", "whole number"),
        ("SMTP_HOST", "mail.example.org", "SMTP_FROM must be"),
        ("SMTP_USER", "study", "SMTP_USER needs BLINDREAD_SMTP_HOST"),
    ],
)
def test_a_setting_that_cannot_be_used_gets_a_sentence(tmp_path, name, value, word):
    with pytest.raises(InvalidError, match=word):
        load_settings({"BLINDREAD_DATA_DIR": str(tmp_path), f"BLINDREAD_{name}": value})


def test_it_answers_to_its_own_names_and_to_those_that_are_given(tmp_path):
    def names(**given):
        environ = {f"BLINDREAD_{name}": value for name, value in given.items()}
        found = load_settings({"BLINDREAD_DATA_DIR": str(tmp_path), **environ}).trusted_hosts
        return found - {"localhost", "127.0.0.1", "::1"}

    assert names() == names(HOST="0.0.0.0") == names(HOST="::") == set()
    assert names(HOST="10.1.2.3") == {"10.1.2.3"}
    assert names(BASE_URL="https://VTT.example.org:8443/x") == {"vtt.example.org"}
    assert names(ALLOWED_HOSTS="a.example, B.example [fe80::1]") == {"a.example", "b.example", "fe80::1"}


MAIL = {
    "BASE_URL": "https://vtt.example.org",
    "SMTP_HOST": "mail.example.org",
    "SMTP_FROM": "Reader study <study@example.org>",
}


def with_mail(folder, **changes):
    named = {f"BLINDREAD_{name}": value for name, value in (MAIL | changes).items()}
    return load_settings({"BLINDREAD_DATA_DIR": str(folder), **named})


@pytest.mark.parametrize(("tls", "port"), [("", 587), ("starttls", 587), ("TLS", 465), ("none", 25)])
def test_a_mail_server_is_asked_at_its_usual_port(tmp_path, tls, port):
    relay = with_mail(tmp_path, SMTP_TLS=tls).relay
    assert (relay.host, relay.port) == ("mail.example.org", port)
    assert relay.sender.addr_spec == "study@example.org"
    assert with_mail(tmp_path, SMTP_PORT="2525").relay.port == 2525
    assert "the password" not in repr(with_mail(tmp_path, SMTP_PASSWORD="the password"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SMTP_TLS": "ssl"}, "starttls, tls or none"),
        ({"SMTP_PORT": "0"}, "SMTP_PORT must be"),
        ({"SMTP_TLS": "none", "SMTP_PASSWORD": "x"}, "sent in clear"),
        ({"SMTP_FROM": "nobody"}, "SMTP_FROM must be"),
        ({"SMTP_FROM": "Ann <a@b\nBcc: c@d.org>"}, "SMTP_FROM must be"),
        ({"SMTP_FROM": "Änn <änn@example.org>"}, "SMTP_FROM must be"),
        ({"BASE_URL": ""}, "needs BLINDREAD_BASE_URL"),
    ],
)
def test_a_mail_server_that_cannot_be_used_gets_a_sentence(tmp_path, changes, words):
    with pytest.raises(InvalidError, match=words):
        with_mail(tmp_path, **changes)


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
