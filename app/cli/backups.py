"""`backup` and `restore`: the whole installation as one file."""

from collections.abc import Mapping
from pathlib import Path

from app import clock
from app.cli.opened import opened
from app.services import backups
from app.settings import keep_private, load_settings


def backup(environ: Mapping[str, str], file: Path) -> None:
    """Make a backup while the server goes on."""
    with opened(environ) as (settings, database, _artifacts):
        made = backups.write(database, settings.data_dir, file, clock.now())
    print(
        f"{len(made.members)} files backed up to {file}. It holds the truth and all answers: keep it as you keep the server."
    )
    if backups.KEY not in made.members:
        print("The key is not in it, since it comes from BLINDREAD_SECRET_KEY: keep that, too.")


def restore(environ: Mapping[str, str], file: Path) -> None:
    """Put a backup into a data folder without a database."""
    keep_private()
    settings = load_settings(environ)
    put_back = backups.restore(settings.data_dir, settings.database_url, file)
    print(
        f"{len(put_back.members)} files restored, as they were on {put_back.made_at[:16].replace('T', ' ')} UTC."
    )
    print(
        "Readers who were erased since then are back: erase them again. Then run `blindread migrate` and `blindread verify`."
    )
