"""The schema: migrations up, down and up; frozen things stay frozen in the database itself."""

from datetime import UTC, datetime

import pytest
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import schema
from app.db import Database
from app.errors import ConflictError
from app.services import audit

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def empty(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'schema.db'}")
    yield database
    database.close()


def test_migrations_go_up_down_and_up(empty):
    assert not schema.is_current(empty)
    schema.upgrade(empty)
    assert schema.is_current(empty)
    schema.downgrade(empty, "base")
    with empty.engine.connect() as connection:
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE name NOT LIKE 'alembic%'")).all()
    assert [row.name for row in left if not row.name.startswith("sqlite_")] == []
    schema.upgrade(empty)
    assert schema.is_current(empty)


def test_a_database_of_the_first_version_keeps_its_rows(empty):
    """Its checkpoints are referred to, and a preview becomes the first of several pictures."""
    schema.upgrade(empty, "20261123_first_tables")
    rows = (
        "INSERT INTO users (id, email, role, password_hash, created_at, disabled_at) VALUES ('u', 'a@example.org', 'researcher', 'x', '2026-01-02 00:00:00', NULL)",
        """INSERT INTO checkpoints (id, owner_id, name, artifact, facts, preview, created_at)
        VALUES ('c', 'u', 'one', 'a', '{}', 'previews/c.png', '2026-01-02 00:00:00')""",
        """INSERT INTO image_sets (id, owner_id, name, kind, pipeline, created_at)
        VALUES ('s', 'u', 'set', 'synthetic', '{}', '2026-01-02 00:00:00')""",
        "INSERT INTO images VALUES ('i', 'ab')",
        """INSERT INTO origins (image_id, image_set_id, kind, width, height, mode, checkpoint_id, seed, facts)
        VALUES ('i', 's', 'synthetic', 8, 8, 'L', 'c', 1, '{}')""",
    )
    with empty.engine.begin() as connection:
        for row in rows:
            connection.execute(text(row))
    for _ in range(2):
        schema.upgrade(empty)
        with empty.engine.connect() as connection:
            assert connection.execute(text("SELECT checkpoint_id FROM origins")).scalar_one() == "c"
            assert connection.execute(text("SELECT kind, artifact FROM pictures")).one() == (
                "grid",
                "previews/c.png",
            )
        schema.downgrade(empty, "20261123_first_tables")
        with empty.engine.connect() as connection:
            assert (
                connection.execute(text("SELECT preview FROM checkpoints")).scalar_one() == "previews/c.png"
            )


def test_a_reading_from_before_practice_goes_on_where_it_stood(empty):
    """Its place is counted from its ratings, and it goes up and down without losing one."""
    schema.upgrade(empty, "20261127_pace_of_jobs")
    rows = (
        "INSERT INTO users (id, email, role, password_hash, created_at, disabled_at) VALUES ('u', 'a@example.org', 'researcher', 'x', '2026-01-02 00:00:00', NULL)",
        """INSERT INTO image_sets (id, owner_id, name, kind, pipeline, created_at)
        VALUES ('s', 'u', 'set', 'real', '{}', '2026-01-02 00:00:00')""",
        "INSERT INTO images VALUES ('i', 'ab'), ('j', 'cd')",
        """INSERT INTO vtt_sessions (id, owner_id, title, public_title, state, real_set_id, n_real, protocol, order_secret, created_at)
        VALUES ('v', 'u', 't', 'p', 'draft', 's', 2, '{}', 'aa', '2026-01-02 00:00:00')""",
        "INSERT INTO items (id, session_id, image_id, number, kind, stimulus_sha256) VALUES ('1', 'v', 'i', 1, 'main', 'ab'), ('2', 'v', 'j', 2, 'main', 'cd')",
        "INSERT INTO readers (id, owner_id, code, created_at) VALUES ('r', 'u', 'R01', '2026-01-02 00:00:00')",
        """INSERT INTO readings (id, session_id, reader_id, slot, link_hash, link_expires_at, invited_at, started_at)
        VALUES ('g', 'v', 'r', 1, 'h', '2027-01-02 00:00:00', '2026-01-02 00:00:00', '2026-01-03 00:00:00')""",
        "INSERT INTO presentations (token, reading_id, position, item_id) VALUES ('x', 'g', 1, '1'), ('y', 'g', 2, '2')",
        """INSERT INTO ratings (reading_id, item_id, revision, answer, likert, key, shown_ms, viewport, rated_at)
        VALUES ('g', '1', 1, 'real', 4, 'k1', 5, '{}', '2026-01-03 00:00:00'),
        ('g', '1', 2, 'synthetic', 2, 'k2', 5, '{}', '2026-01-03 00:00:01')""",
    )
    with empty.engine.begin() as connection:
        for row in rows:
            connection.execute(text(row))
    for _ in range(2):
        schema.upgrade(empty)
        with empty.engine.connect() as connection:
            stood = text("SELECT answered, practised, total, instructed_at = started_at FROM readings")
            assert connection.execute(stood).one() == (1, 0, 2, 1)
            assert connection.execute(text("SELECT count(*), min(marks) FROM ratings")).one() == (2, None)
        with pytest.raises(DBAPIError, match="fixed when the reading starts"), empty.engine.begin() as again:
            again.execute(text("UPDATE presentations SET position = 3 WHERE token = 'x'"))
        schema.downgrade(empty, "20261127_pace_of_jobs")
    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM presentations")).scalar_one() == 2


def test_a_migration_that_would_break_references_is_undone(empty):
    schema.upgrade(empty)
    with pytest.raises(ConflictError, match="undone"), empty.rebuild() as connection:
        connection.execute(text("INSERT INTO pictures VALUES ('gone', 'grid', '', 'a', '{}', '2026-01-02')"))
    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pictures")).scalar_one() == 0
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_tables_in_code_and_database_agree(empty):
    schema.upgrade(empty)
    schema.check(empty)


def test_a_difference_between_code_and_database_is_noticed(empty):
    schema.upgrade(empty)
    with empty.engine.begin() as connection:
        connection.execute(text("DROP TABLE reader_logins"))
    with pytest.raises(CommandError):
        schema.check(empty)


def test_no_column_of_images_or_items_tells_the_truth(empty):
    schema.upgrade(empty)
    with empty.engine.connect() as connection:
        columns = {
            table: {row.name for row in connection.execute(text(f"PRAGMA table_info({table})"))}
            for table in ("images", "items", "presentations", "ratings")
        }
    assert columns["images"] == {"id", "sha256"}
    assert columns["items"] == {
        "id",
        "session_id",
        "image_id",
        "number",
        "kind",
        "block",
        "part",
        "stimulus_sha256",
        "feedback",
    }
    forbidden = {"image_set_id", "checkpoint_id", "seed", "truth", "origin", "created_at", "arm_id"}
    assert not forbidden & set().union(*columns.values())


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_events SET actor = 'nobody' WHERE number = 1", "DELETE FROM audit_events"],
)
def test_the_audit_trail_is_only_added_to(empty, statement):
    schema.upgrade(empty)
    with empty.write() as db:
        audit.record(db, b"k" * 16, now=NOW, actor="user:1", action="x", subject="y")
    with pytest.raises(DBAPIError, match="only added to"), empty.write() as db:
        db.execute(text(statement))
    with empty.read() as db:
        assert audit.first_break(db, b"k" * 16) is None


def test_a_changed_audit_entry_is_found(empty):
    schema.upgrade(empty)
    for name in ("first", "second", "third"):
        with empty.write() as db:
            audit.record(db, b"k" * 16, now=NOW, actor="user:1", action=name, subject="y")
    with empty.write() as db:
        db.execute(text("DROP TRIGGER audit_events_append_update"))
        db.execute(text("UPDATE audit_events SET action = 'other' WHERE number = 2"))
    with empty.read() as db:
        assert audit.first_break(db, b"k" * 16) == 2
        assert audit.first_break(db, b"another key of ours") == 1
