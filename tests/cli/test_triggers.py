"""The database's own refusals of changes: `blindread verify` says which are gone, on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import text

from app import schema
from app.db import Database
from app.services import triggers
from tests.postgres import another, postgresql


@pytest.fixture(scope="module")
def server():
    with postgresql() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, monkeypatch, tmp_path):
    """The migrated database of the command's installation."""
    address = f"sqlite:///{tmp_path / 'fixed.db'}"
    if request.param == "postgresql":
        address = another(request.getfixturevalue("server"))
    monkeypatch.setenv("BLINDREAD_DATABASE_URL", address)
    made = Database(address)
    schema.upgrade(made)
    yield made
    made.close()


def do(database, statement):
    with database.write() as db:
        db.execute(text(statement))


def dropped(database, table, name):
    on = "" if database.engine.dialect.name == "sqlite" else f" ON {table}"
    return f"DROP TRIGGER {name}{on}"


def test_it_works(blindread, database):
    told = blindread("verify")
    assert told.code == 0, told.err
    number = {"sqlite": 28, "postgresql": 35}[database.engine.dialect.name]
    assert f"refuses changes to what was fixed ({number} triggers)" in told.out


def test_all_that_migrations_make_are_known(database):
    """One that a migration adds, and that nobody looks for, is a hole here."""
    with database.read() as db:
        assert triggers.standing(db) == triggers.expected(database.engine.dialect.name)


def test_each_that_is_gone_is_named(blindread, database):
    with database.read() as db:
        names = sorted(triggers.standing(db))
    for table, name in names:
        do(database, dropped(database, table, name))
        if name.endswith("_update"):
            told = blindread("verify")
            assert told.code == 2
            assert name in told.err
    told = blindread("verify")
    assert [name for _, name in names if name not in told.err] == []
    assert "restore a backup" in told.err


def test_one_of_another_table_under_its_name_does_not_stand_in(blindread, database):
    if database.engine.dialect.name == "sqlite":
        do(database, "DROP TRIGGER audit_events_append_delete")
        do(database, "CREATE TRIGGER audit_events_append_delete BEFORE DELETE ON jobs BEGIN SELECT 1; END")
    else:
        do(database, "ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_delete")
    told = blindread("verify")
    assert (told.code, "it lacks audit_events_append_delete." in told.err) == (2, True)
