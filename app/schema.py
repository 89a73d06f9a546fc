"""Bring a database to the program's schema (Alembic), and say whether it is there."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app import bundled
from app.db import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate to `revision`; nothing happens where it is already there."""
    if revision == "head" and is_current(database):
        return
    with database.rebuild() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Take migrations back down to `revision`."""
    with database.rebuild() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def is_current(database: Database) -> bool:
    """Whether the database has exactly the schema of this program."""
    with database.read() as db:
        found = MigrationContext.configure(db.connection()).get_current_revision()
    return found == _head()


def knows(revision: str) -> bool:
    """Whether this program has heard of that schema, so that it can migrate from it."""
    return any(
        script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def check(database: Database) -> None:
    """Raise alembic.util.CommandError where the tables in code and in the database differ."""
    with database.engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.check(config)


@cache
def _head() -> str | None:
    """The revision of this program's schema; all migrations are read for it, so once in a process."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(bundled.path("migrations")))
    return config
