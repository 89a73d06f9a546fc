"""The data folder that a command works on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from app import schema
from app.artifacts import Artifacts
from app.db import Database
from app.errors import ConflictError
from app.settings import Settings, keep_private, load_settings


@contextmanager
def opened(environ: Mapping[str, str]) -> Iterator[tuple[Settings, Database, Artifacts]]:
    """Its settings, database and artifacts; raises ConflictError where the database is not up to date."""
    keep_private()
    settings = load_settings(environ)
    database = Database(settings.database_url, folder=settings.data_dir)
    try:
        if not schema.is_current(database):
            raise ConflictError("The database is not up to date; run `blindread migrate` first.")
        yield settings, database, Artifacts(str(settings.data_dir / "artifacts"))
    finally:
        database.close()
