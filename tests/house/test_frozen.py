"""What is frozen stays so, by whatever SQL: each statement is tried on the database itself, on SQLite and on PostgreSQL."""

import importlib.util
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import schema
from app.db import Database
from tests.postgres import postgresql

ROOT = Path(__file__).parents[2]
AT = "'2026-01-02 00:00:00'"
ROWS = (
    f"INSERT INTO users (id, email, role, password_hash, created_at, disabled_at) VALUES ('u', 'a@example.org', 'researcher', 'x', {AT}, NULL)",
    *(
        f"INSERT INTO image_sets (id, owner_id, name, kind, pipeline, created_at) VALUES ('{s}', 'u', '{s}', '{kind}', '{{}}', {AT})"
        for s, kind in (("real", "real"), ("synthetic", "synthetic"))
    ),
    *(f"INSERT INTO images VALUES ('{i}', '{i * 64}')" for i in "abc"),
    *(
        f"""INSERT INTO origins (image_id, image_set_id, kind, width, height, mode, place, frame, seed, facts)
        VALUES ('{i}', '{s}', '{s}', 8, 8, 'L', {place}, {seed}, '{{}}')"""
        for i, s, place, seed in (
            ("a", "real", "1, 1", "NULL"),
            ("b", "synthetic", "NULL, NULL", "7"),
            ("c", "real", "2, 1", "NULL"),
        )
    ),
    *(
        f"""INSERT INTO vtt_sessions (id, owner_id, title, public_title, state, real_set_id, n_real, protocol, order_secret, created_at)
        VALUES ('{s}', 'u', 'Pilot', 'Images', 'draft', 'real', 1, '{{}}', 'ff', {AT})"""
        for s in ("frozen", "draft")
    ),
    "INSERT INTO arms VALUES ('arm', 'frozen', 'synthetic', 'A', 1)",
    "INSERT INTO arms VALUES ('other', 'draft', 'synthetic', 'A', 1)",
    "INSERT INTO items (id, session_id, image_id, number, kind, stimulus_sha256) VALUES ('i', 'frozen', 'a', 1, 'main', 'aa')",
    "INSERT INTO items (id, session_id, image_id, number, kind, stimulus_sha256) VALUES ('j', 'frozen', 'b', 2, 'main', 'bb')",
    f"UPDATE vtt_sessions SET state = 'frozen', manifest_sha256 = 'ab', frozen_at = {AT} WHERE id = 'frozen'",
    f"UPDATE vtt_sessions SET state = 'open', opened_at = {AT} WHERE id = 'frozen'",
    *(f"INSERT INTO readers VALUES ('{name}', 'u', '{name}', {AT})" for name in ("r", "erased", "withdrawn")),
    f"""INSERT INTO readings (id, session_id, reader_id, slot, link_hash, link_expires_at, invited_at, answered, practised, total)
    VALUES ('reading', 'frozen', 'r', 1, 'h', {AT}, {AT}, 1, 0, 1)""",
    "INSERT INTO presentations VALUES ('token', 'reading', 1, 'i')",
    f"""INSERT INTO ratings (reading_id, item_id, revision, answer, likert, key, shown_ms, viewport, rated_at)
    VALUES ('reading', 'i', 1, 'real', 3, 'key', 1.0, '{{}}', {AT})""",
    *(
        f"""INSERT INTO readings (id, session_id, reader_id, slot, link_hash, link_expires_at, invited_at, answered, practised, total,
        erased_at, erased_ratings) VALUES ('{name}', 'frozen', '{name}', {slot}, '{name}', {AT}, {AT}, 1, 0, 1, {AT}, {ratings})"""
        for name, slot, ratings in (("erased", 2, "NULL"), ("withdrawn", 3, "1"))
    ),
    *(
        f"""INSERT INTO ratings (reading_id, item_id, revision, answer, likert, key, shown_ms, viewport, remark, rated_at)
        VALUES ('{name}', 'i', 1, 'real', 3, '{name}', 1.0, '{{}}', 'words', {AT})"""
        for name in ("erased", "withdrawn")
    ),
    f"INSERT INTO audit_events VALUES (1, {AT}, 'user:u', 'x', 'y', '{{}}', 'mac')",
    f"INSERT INTO audits VALUES ('done', 'frozen', NULL, 'ab', '{{}}', {AT}, {AT})",
    f"INSERT INTO audits VALUES ('begun', 'frozen', NULL, 'ab', NULL, {AT}, NULL)",
)
REFUSED = (
    *(
        f"UPDATE vtt_sessions SET {change} WHERE id = 'frozen'"
        for change in (
            "title = 'x'",
            "public_title = 'x'",
            "real_set_id = 'synthetic'",
            "n_real = 2",
            "protocol = '[]'",
            "order_secret = 'aa'",
            "manifest_sha256 = NULL",
            "manifest_sha256 = 'cd'",
            "frozen_at = NULL",
            "created_at = '2026-01-03 00:00:00'",
            "opened_at = NULL",
            "opened_at = '2026-01-03 00:00:00'",
            "state = 'draft'",
            "state = 'frozen'",
            "state = 'somehow'",
            "id = 'elsewhere'",
        )
    ),
    "UPDATE vtt_sessions SET id = 'elsewhere' WHERE id = 'draft'",
    "DELETE FROM vtt_sessions WHERE id = 'frozen'",
    "INSERT INTO items (id, session_id, image_id, number, kind, stimulus_sha256) VALUES ('k', 'frozen', 'c', 3, 'main', 'cc')",
    *(
        f"UPDATE items SET {change} WHERE id = 'i'"
        for change in (
            "image_id = 'c'",
            "stimulus_sha256 = 'zz'",
            "number = 9",
            "kind = 'practice'",
            "session_id = 'draft'",
            "id = 'k'",
        )
    ),
    "DELETE FROM items",
    "INSERT INTO arms VALUES ('new', 'frozen', 'real', 'B', 1)",
    "UPDATE arms SET label = 'B' WHERE id = 'arm'",
    "UPDATE arms SET session_id = 'frozen' WHERE id = 'other'",
    "DELETE FROM arms WHERE session_id = 'frozen'",
    "UPDATE images SET sha256 = 'x' WHERE id = 'a'",
    "UPDATE images SET id = 'x' WHERE id = 'c'",
    "DELETE FROM images WHERE id = 'a'",
    "UPDATE origins SET kind = 'synthetic' WHERE image_id = 'a'",
    "UPDATE origins SET image_set_id = 'real' WHERE image_id = 'b'",
    "UPDATE origins SET seed = 8 WHERE image_id = 'b'",
    "UPDATE origins SET image_id = 'c' WHERE image_id = 'a'",
    "DELETE FROM origins WHERE image_id = 'b'",
    "UPDATE presentations SET item_id = 'j'",
    "UPDATE presentations SET position = 2",
    "UPDATE ratings SET answer = 'synthetic'",
    "UPDATE ratings SET likert = 5",
    "UPDATE ratings SET remark = 'x'",
    "UPDATE ratings SET remark = NULL",
    "UPDATE ratings SET viewport = '[]'",
    "UPDATE ratings SET remark = 'x' WHERE reading_id = 'erased'",
    "UPDATE ratings SET remark = NULL, answer = 'real' WHERE reading_id = 'erased'",
    "DELETE FROM ratings WHERE reading_id = 'erased'",
    "DELETE FROM ratings",
    "UPDATE audit_events SET actor = 'nobody'",
    "DELETE FROM audit_events",
    "UPDATE audits SET result = '[]' WHERE id = 'done'",
    "UPDATE audits SET finished_at = NULL WHERE id = 'done'",
    "UPDATE audits SET id = 'x' WHERE id = 'begun'",
    "DELETE FROM audits WHERE id = 'done'",
)
REPLACED = (  # SQLite's own way to delete a row without a trigger for deletions
    f"""INSERT OR REPLACE INTO vtt_sessions (id, owner_id, title, public_title, state, real_set_id, n_real, protocol, order_secret, created_at)
    VALUES ('frozen', 'u', 'x', 'x', 'draft', 'real', 1, '{{}}', 'ff', {AT})""",
    "INSERT OR REPLACE INTO items (id, session_id, image_id, number, kind, stimulus_sha256) VALUES ('i', 'draft', 'a', 1, 'main', 'zz')",
    "INSERT OR REPLACE INTO items (id, session_id, image_id, number, kind, stimulus_sha256) VALUES ('k', 'frozen', 'c', 1, 'main', 'zz')",
    "INSERT OR REPLACE INTO arms VALUES ('arm', 'draft', 'real', 'B', 1)",
    "INSERT OR REPLACE INTO images VALUES ('a', 'zz')",
    """INSERT OR REPLACE INTO origins (image_id, image_set_id, kind, width, height, mode, seed, facts)
    VALUES ('a', 'synthetic', 'synthetic', 8, 8, 'L', 9, '{}')""",
    """INSERT OR REPLACE INTO origins (image_id, image_set_id, kind, width, height, mode, seed, facts)
    VALUES ('d', 'synthetic', 'synthetic', 8, 8, 'L', 7, '{}')""",
    "UPDATE OR REPLACE origins SET place = 1 WHERE image_id = 'c'",
    "UPDATE OR REPLACE images SET id = 'a' WHERE id = 'c'",
    "UPDATE OR REPLACE vtt_sessions SET id = 'frozen' WHERE id = 'draft'",
    f"INSERT OR REPLACE INTO ratings VALUES (1, 'reading', 'j', 1, 'real', 3, 'other', 1.0, NULL, '{{}}', NULL, {AT}, NULL)",
    f"""INSERT OR REPLACE INTO ratings (reading_id, item_id, revision, answer, likert, "key", shown_ms, viewport, rated_at)
    VALUES ('reading', 'i', 1, 'synthetic', 3, 'new', 1.0, '{{}}', {AT})""",
    f"""INSERT OR REPLACE INTO ratings (reading_id, item_id, revision, answer, likert, "key", shown_ms, viewport, rated_at)
    VALUES ('reading', 'j', 1, 'synthetic', 3, 'key', 1.0, '{{}}', {AT})""",
    f"INSERT OR REPLACE INTO audit_events VALUES (1, {AT}, 'nobody', 'x', 'y', '{{}}', 'mac')",
    f"INSERT OR REPLACE INTO audits VALUES ('done', 'frozen', NULL, 'ab', '[]', {AT}, {AT})",
)
ALLOWED = (
    "UPDATE vtt_sessions SET title = 'x', n_real = 2, state = 'draft' WHERE id = 'draft'",
    "UPDATE ratings SET remark = NULL WHERE reading_id = 'erased'",
    "DELETE FROM ratings WHERE reading_id = 'withdrawn'",
    "UPDATE arms SET label = 'B' WHERE id = 'other'",
    "UPDATE images SET sha256 = 'x' WHERE id = 'c'",
    "UPDATE origins SET place = 3 WHERE image_id = 'c'",
    "UPDATE origins SET facts = '[]' WHERE image_id = 'a'",  # what may have to be erased is not what is frozen
    "DELETE FROM images WHERE id = 'c'",
    "DELETE FROM vtt_sessions WHERE id = 'draft'",
    f"UPDATE audits SET result = '[]', finished_at = {AT} WHERE id = 'begun'",
    "UPDATE vtt_sessions SET state = 'paused' WHERE id = 'frozen'",
    "UPDATE vtt_sessions SET state = 'open' WHERE id = 'frozen'",
    f"UPDATE vtt_sessions SET state = 'closed', closed_at = {AT} WHERE id = 'frozen'",
    "UPDATE vtt_sessions SET state = 'open' WHERE id = 'frozen'",
    "UPDATE vtt_sessions SET state = 'paused' WHERE id = 'frozen'",
    "UPDATE vtt_sessions SET state = 'closed', closed_at = '2026-01-05 00:00:00' WHERE id = 'frozen'",
)


def filled(database):
    schema.upgrade(database)
    with database.engine.begin() as connection:
        for row in ROWS:
            connection.execute(text(row))


def contents(database):
    tables = (
        "vtt_sessions",
        "items",
        "arms",
        "images",
        "origins",
        "presentations",
        "ratings",
        "audit_events",
    )
    with database.engine.connect() as connection:
        return {
            table: sorted(map(str, connection.execute(text(f"SELECT * FROM {table}")))) for table in tables
        }


@pytest.fixture(scope="module")
def lite(tmp_path_factory):
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('frozen') / 'frozen.db'}")
    filled(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def large():
    """A PostgreSQL server: the address of its one database, empty, and of another."""
    with postgresql() as address:
        first = Database(address)
        with first.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE other"))
        first.close()
        yield address, address.replace("/postgres", "/other")


def refuse(database, statement):
    before = contents(database)
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(text(statement))
    assert contents(database) == before


@pytest.mark.parametrize("statement", [*REFUSED, *REPLACED])
def test_sqlite_refuses_it(lite, statement):
    refuse(lite, statement)


def test_sqlite_refuses_it_with_its_references_unchecked(lite):
    with lite.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            for statement in (*REFUSED, *REPLACED):
                with pytest.raises(Exception, match=r"cannot be changed|only added|is fixed"):
                    driver.execute(statement)
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def test_postgresql_refuses_it(large):
    database = Database(large[0])
    filled(database)
    for statement in REFUSED:
        refuse(database, statement)
    for table in ("ratings", "audit_events", "items", "vtt_sessions"):
        refuse(database, f"TRUNCATE {table} CASCADE")
    database.close()


def test_what_is_not_frozen_may_change(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'free.db'}")
    filled(database)
    with database.engine.begin() as connection:
        for statement in ALLOWED:
            assert connection.execute(text(statement)).rowcount == 1, statement
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(text("UPDATE vtt_sessions SET state = 'paused' WHERE id = 'frozen'"))
    database.close()


def test_postgresql_lets_the_rest_change_and_goes_down_and_up(large):
    database = Database(large[1])
    filled(database)
    with database.engine.begin() as connection:
        for statement in ALLOWED:
            assert connection.execute(text(statement)).rowcount == 1, statement
    schema.downgrade(database, "20261125_burned_text")
    schema.upgrade(database)
    schema.check(database)
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_events"))
    database.close()


def test_every_trigger_is_there_after_all_migrations(lite):
    """A migration that rebuilds a table on SQLite drops the table's triggers."""
    made = set()
    for file in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        made |= set(getattr(module, "TRIGGERS", {}))
    with lite.engine.connect() as connection:
        there = {
            row.name
            for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        }
    assert there == made
    assert len(there) > 20
