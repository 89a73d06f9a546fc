"""The settings: environment variables with the prefix BLINDREAD_, read once and passed in."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app import logs
from app.errors import InvalidError
from app.mail import relay
from app.mail.relay import Relay
from app.typed import whole_number

PREFIX = "BLINDREAD_"
OWN_EXTRACTOR = "efficientnet-lite0"
"""The network of features that comes with the worker."""
_DEFAULT_SECRETS = {"changeme", "change-me", "secret", "default", "password", "blindread"}
_SHORTEST_SECRET = 16
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on
_EXTRACTOR = re.compile(r"\s*([a-z0-9][a-z0-9._-]{0,59})=([0-9a-f]{64}):(.*\S)\s*", re.IGNORECASE)
_HOST_NAME = re.compile("[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")
_KNOWN = {
    "DATA_DIR",
    "DATABASE_URL",
    "HOST",
    "PORT",
    "BASE_URL",
    "ALLOWED_HOSTS",
    "SECRET_KEY",
    "SECURE_COOKIES",
    "UPLOAD_LIMIT_MB",
    "DRAFTS_LIMIT_MB",
    "KEEP_CONTACTS_DAYS",
    "KEEP_FINGERPRINTS_DAYS",
    "FORWARDED_ALLOW_IPS",
    "LOG_FORMAT",
    "LOG_REQUESTS",
    "METRICS_TOKEN",
    "REQUIRE_SECOND_FACTOR",
    "EXTRACTORS",
    *relay.NAMES,
}


@dataclass(frozen=True, slots=True)
class ExtractorFile:
    """A network of features that this server's operator vouches for: its name, its file, and the SHA-256 that the file must have."""

    name: str
    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations."""

    data_dir: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    secret_key: bytes = b""
    secure_cookies: bool = False
    upload_limit_mb: int = 2048
    drafts_limit_mb: int = 8192
    keep_contacts_days: int = 0
    keep_fingerprints_days: int = 0
    forwarded_allow_ips: str = "127.0.0.1"
    relay: Relay | None = None
    log_format: str = "text"
    log_requests: bool = True
    metrics_token: bytes = b""
    require_second_factor: str = "nobody"
    extractors: tuple[ExtractorFile, ...] = ()

    @property
    def public_url(self) -> str:
        """Where readers' links point to, without a slash at the end."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """The names, without ports, under which this server answers."""
        bound = () if self.host in _ANY_ADDRESS else (self.host,)
        public = urlsplit(self.base_url).hostname or "localhost"
        return frozenset(name.lower() for name in (*_LOOPBACK, *bound, public, *self.allowed_hosts))

    @property
    def extractor_names(self) -> tuple[str, ...]:
        """The networks of features that the worker can measure distances by."""
        return (OWN_EXTRACTOR, *(each.name for each in self.extractors))

    @property
    def staging_dir(self) -> Path:
        """Uploads on their way; wiped after each import and at the worker's start."""
        return self.data_dir / "staging"


def keep_private() -> None:
    """Let what this process writes be its own account's alone: the data folder holds the truth, and for a time originals."""
    os.umask(0o077)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raises InvalidError naming the variable that cannot be used."""
    unknown = sorted(k for k in environ if k.startswith(PREFIX) and k.removeprefix(PREFIX) not in _KNOWN)
    if unknown:
        raise InvalidError(f"Unknown setting {unknown[0]}; see docs/settings.md for the names that exist.")
    data_dir = Path(environ.get(PREFIX + "DATA_DIR") or "var").resolve()
    base_url = environ.get(PREFIX + "BASE_URL", "").rstrip("/")
    if base_url and (urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname):
        raise InvalidError("BLINDREAD_BASE_URL must start with http:// or https:// and name a host.")
    mail_server = Relay.load(environ, PREFIX)
    if mail_server and not base_url:
        raise InvalidError(
            "BLINDREAD_SMTP_HOST needs BLINDREAD_BASE_URL, the address that links in mails begin with."
        )
    return Settings(
        data_dir=data_dir,
        database_url=environ.get(PREFIX + "DATABASE_URL") or f"sqlite:///{data_dir / 'blindread.db'}",
        host=environ.get(PREFIX + "HOST") or "127.0.0.1",
        port=_whole_number(environ, "PORT", 8000, 1, 65535),
        base_url=base_url,
        allowed_hosts=_hosts(environ.get(PREFIX + "ALLOWED_HOSTS", "")),
        secret_key=_secret(environ, data_dir),
        secure_cookies=_flag(environ, "SECURE_COOKIES", default=base_url.startswith("https://")),
        upload_limit_mb=_whole_number(environ, "UPLOAD_LIMIT_MB", 2048, 1, 1_000_000),
        drafts_limit_mb=_whole_number(environ, "DRAFTS_LIMIT_MB", 8192, 1, 1_000_000),
        keep_contacts_days=_whole_number(environ, "KEEP_CONTACTS_DAYS", 0, 0, 36_500),
        keep_fingerprints_days=_whole_number(environ, "KEEP_FINGERPRINTS_DAYS", 0, 0, 36_500),
        forwarded_allow_ips=environ.get(PREFIX + "FORWARDED_ALLOW_IPS") or "127.0.0.1",
        relay=mail_server,
        log_format=_one_of(environ, "LOG_FORMAT", logs.FORMATS),
        log_requests=_flag(environ, "LOG_REQUESTS", default=True),
        metrics_token=_token(environ, "METRICS_TOKEN"),
        require_second_factor=_one_of(environ, "REQUIRE_SECOND_FACTOR", ("nobody", "admins", "all")),
        extractors=_extractors(environ.get(PREFIX + "EXTRACTORS", "")),
    )


def _extractors(text: str) -> tuple[ExtractorFile, ...]:
    """NAME=SHA256:FILE, set apart by semicolons; a name stands once, and none has that of the network that comes with the worker."""
    found: dict[str, ExtractorFile] = {}
    for each in filter(str.strip, text.split(";")):
        match = _EXTRACTOR.fullmatch(each)
        if match is None:
            raise InvalidError(
                f"BLINDREAD_EXTRACTORS takes NAME=SHA256:FILE, set apart by semicolons, not “{each.strip()}”."
            )
        name = match[1].lower()
        if name == OWN_EXTRACTOR or name in found:
            raise InvalidError(f"BLINDREAD_EXTRACTORS names {name}, which there is already.")
        found[name] = ExtractorFile(name, Path(match[3]), match[2].lower())
    return tuple(found.values())


def _hosts(text: str) -> tuple[str, ...]:
    """Names of hosts, set apart by commas or spaces; an IPv6 address may stand in brackets."""
    names = tuple(name.strip("[]").lower() for name in text.replace(",", " ").split())
    if wrong := next((name for name in names if not _HOST_NAME.fullmatch(name)), ""):
        raise InvalidError(f"BLINDREAD_ALLOWED_HOSTS takes names of hosts without ports, not “{wrong}”.")
    return names


def _whole_number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(PREFIX + name) or str(default)
    number = whole_number(text, low, high)
    if number is None:
        raise InvalidError(f"{PREFIX}{name} must be a whole number from {low} to {high}, not “{text}”.")
    return number


def _one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = environ.get(PREFIX + name, "").lower() or choices[0]
    if text not in choices:
        raise InvalidError(f"{PREFIX}{name} must be {' or '.join(choices)}, not “{text}”.")
    return text


def _token(environ: Mapping[str, str], name: str) -> bytes:
    """A secret that opens something small; empty where it is not to be opened."""
    given = environ.get(PREFIX + name, "")
    if given and (given.lower() in _DEFAULT_SECRETS or len(given) < _SHORTEST_SECRET):
        raise InvalidError(f"{PREFIX}{name} is a default or too short; use at least 16 random characters.")
    return given.encode()


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environ.get(PREFIX + name, "").lower()
    if text not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise InvalidError(f"{PREFIX}{name} must be yes or no, not “{text}”.")
    return text in {"1", "true", "yes"} if text else default


def _secret(environ: Mapping[str, str], data_dir: Path) -> bytes:
    """The key of the audit trail and the reading orders: given, or made once and kept beside the database."""
    given = environ.get(PREFIX + "SECRET_KEY", "")
    if given:
        if given.lower() in _DEFAULT_SECRETS or len(given) < _SHORTEST_SECRET:
            raise InvalidError(
                "BLINDREAD_SECRET_KEY is a default or too short; use at least 16 random characters."
            )
        return given.encode()
    return _kept_secret(data_dir / "secret.key")


def _kept_secret(file: Path) -> bytes:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidError(f"The data folder {file.parent} cannot be made: {error.strerror}.") from error
    try:
        with file.open("x") as handle:
            file.chmod(0o600)
            handle.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    key = file.read_text().strip()
    if len(key) < _SHORTEST_SECRET:
        raise InvalidError(f"{file} holds no usable key; restore it from a backup.")
    return key.encode()
