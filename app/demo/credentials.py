"""How to sign in to a data folder's demonstration: random, kept in its demo.json."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from app.errors import ConflictError


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to sign in to this data folder's demonstration."""

    researcher_password: str
    admin_password: str
    link_token: str = ""


def credentials_of(data_dir: Path) -> Credentials:
    file = data_dir / "demo.json"
    if file.exists():
        try:
            return Credentials(**json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise ConflictError(
                f"{file} cannot be read; remove the data folder {data_dir} to start anew."
            ) from error
    return keep(data_dir, Credentials(secrets.token_urlsafe(15), secrets.token_urlsafe(15)))


def keep(data_dir: Path, credentials: Credentials) -> Credentials:
    partial = data_dir / "demo.json.part"
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(asdict(credentials)))
    partial.replace(data_dir / "demo.json")
    return credentials
