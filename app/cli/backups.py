"""`backup` and `restore`: the whole installation as one file."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from app import clock, erasure_ledger, schema
from app.artifacts import Artifacts
from app.cli.opened import opened
from app.db import Database
from app.errors import InvalidError
from app.services import backups, erased_again
from app.services.erased_again import Again
from app.settings import PREFIX, keep_private, load_settings


def backup(environ: Mapping[str, str], file: Path) -> None:
    """Make a backup while the server goes on."""
    with opened(environ) as (settings, database, _artifacts):
        made = backups.write(database, settings.data_dir, file, clock.now())
    print(
        f"{len(made.members)} files backed up to {file}. It holds the truth and all answers: keep it as you keep the server."
    )
    if backups.KEY not in made.members:
        print("The key is not in it, since it comes from BLINDREAD_SECRET_KEY: keep that, too.")


def restore(environ: Mapping[str, str], file: Path, erasures: Path | None) -> None:
    """Put a backup into a data folder without a database; who was erased since is erased again before anything is in place."""
    keep_private()
    key = environ.get(f"{PREFIX}SECRET_KEY") or secrets.token_hex(
        32
    )  # a folder's own key is the backup's, and none is made here
    settings = load_settings({**environ, f"{PREFIX}SECRET_KEY": key})
    if erasures is not None and not erasures.is_file():
        raise InvalidError(f"There is no file {erasures}.")
    ledgers = [path for path in (settings.data_dir / erasure_ledger.NAME, erasures) if path and path.exists()]
    done: list[Again] = []

    def amend(folder: Path) -> None:
        if ledgers:
            done.append(_erase_again(environ, folder, ledgers))

    put_back = backups.restore(settings.data_dir, settings.database_url, file, amend)
    print(
        f"{len(put_back.members)} files restored, as they were on {put_back.made_at[:16].replace('T', ' ')} UTC."
    )
    print(_told(done[0]) if done else _UNTOLD)
    print("Then run `blindread migrate` and `blindread verify`.")


_UNTOLD = (
    "No erasures.jsonl was there, so readers and users who were erased since then are back: erase them again, or restore once more into "
    "an empty folder with --erasures."
)


def _told(again: Again) -> str:
    after = (
        f" {again.unknown} more are of readers or users who came after the backup." if again.unknown else ""
    )
    return f"{again.done} erasures since then were done again.{after}"


def _erase_again(environ: Mapping[str, str], folder: Path, ledgers: list[Path]) -> Again:
    """Bring what was unpacked to this program's schema and do what the ledgers list; the new folder has them all in its own."""
    own = {**environ, f"{PREFIX}DATA_DIR": str(folder), f"{PREFIX}DATABASE_URL": ""}
    settings = load_settings(own)  # with the backup's own key
    lines = [line for path in ledgers for line in erasure_ledger.read(path, settings.secret_key)]
    lines = list(dict.fromkeys(lines))
    database = Database(settings.database_url, folder=folder)
    try:
        schema.upgrade(database)
        erasure_ledger.add(folder, settings.secret_key, lines)
        artifacts = Artifacts(str(folder / "artifacts"))
        return erased_again.apply(database, artifacts, lines, settings.secret_key, clock.now())
    finally:
        database.close()
