"""Alembic's entry: the connection comes from app.schema, or from BLINDREAD_* where `alembic` is called by hand."""

import os

from alembic import context

from app.db import Database, Table, UtcDateTime
from app.settings import load_settings
from app.tables import (
    audit,
    audits,
    checkpoints,
    contacts,
    images,
    jobs,
    mails,
    open_links,
    origins,
    people,
    sessions,
    templates,
)

TABLES = (
    audit,
    audits,
    checkpoints,
    contacts,
    images,
    jobs,
    mails,
    open_links,
    origins,
    people,
    sessions,
    templates,
)


def render(kind: str, thing: object, _context: object) -> str | bool:
    """Write plain types, so that a migration never depends on the program's later code."""
    return "sa.DateTime()" if kind == "type" and isinstance(thing, UtcDateTime) else False


def run(connection: object) -> None:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_as_batch=True,
        render_item=render,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with Database(load_settings(os.environ).database_url).rebuild() as own:
        run(own)
