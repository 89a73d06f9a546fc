"""Prepared statements do what SQLAlchemy would do with them: values, results, errors and transactions, on both kinds of database."""

import sqlite3
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import (
    JSON,
    Float,
    ForeignKey,
    String,
    bindparam,
    column,
    create_engine,
    insert,
    select,
    table,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.db import Database, UtcDateTime
from app.errors import UnavailableError
from app.prepared import Change, Selection
from tests.postgres import another, postgresql

NOON = datetime(2026, 3, 1, 12, 30, 1, 250_000, tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(8), unique=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marks: Mapped[list[str] | None] = mapped_column(JSON)
    weight: Mapped[float | None] = mapped_column(Float)
    of: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))


FIELDS = ("name", "at", "marks", "weight", "of")
QUERY = select(Note.name, Note.at, Note.marks, Note.weight, Note.of)
KEEP = Change(insert(Note).inline().values({name: bindparam(name) for name in FIELDS}))
MOVE = Change(update(Note).where(Note.name == bindparam("named")).values(at=bindparam("at")))
NAMED = Selection(QUERY.where(Note.name == bindparam("named")))
BETWEEN = Selection(QUERY.where(Note.at.between(bindparam("first"), bindparam("last"))).order_by(Note.name))
ELSEWHERE = Selection(select(table("nowhere", column("name", String)).c.name))


@pytest.fixture(scope="module")
def server():
    with postgresql() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    url = (
        f"sqlite:///{tmp_path / 'a.db'}"
        if request.param == "sqlite"
        else another(request.getfixturevalue("server"))
    )
    made = Database(url, patience=0.2)
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


def note(called, **changes):
    return {"name": called, "at": NOON, "marks": None, "weight": None, "of": None, **changes}


@pytest.mark.parametrize(
    "kept",
    [
        note("a"),
        note("é%s?:", at=None, marks=["ä", "b"], weight=1e300),
        note("c", at=NOON.astimezone(timezone(timedelta(hours=5))), marks=[], weight=-0.25),
    ],
)
def test_values_go_in_and_come_out_as_sqlalchemy_has_them(database, kept):
    with database.write() as db:
        KEEP.run(db, kept)
    with database.read() as db:
        found = NAMED.first(db, {"named": kept["name"]})
        assert found == tuple(db.execute(QUERY).one())
    assert found == tuple(kept[name] for name in FIELDS)


def test_what_sqlalchemy_kept_is_found_and_changed(database):
    later = NOON + timedelta(days=1)
    with database.write() as db:
        db.add_all([Note(name="a", at=NOON), Note(name="b", at=NOON), Note(name="c", at=later)])
        assert [row[0] for row in BETWEEN.rows(db, {"first": NOON, "last": NOON})] == ["a", "b"]
        MOVE.run(db, {"named": "a", "at": later})
    with database.read() as db:
        assert [row[0] for row in BETWEEN.rows(db, {"first": later, "last": later})] == ["a", "c"]
        assert BETWEEN.rows(db, {"first": NOON - timedelta(days=2), "last": NOON - timedelta(days=1)}) == []
        assert NAMED.first(db, {"named": "d"}) is None


def test_it_is_part_of_the_transaction(database):
    def keep_and_fail(db):
        KEEP.run(db, note("a"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), database.write() as db:
        keep_and_fail(db)
    with database.read() as db:
        assert NAMED.first(db, {"named": "a"}) is None


def test_a_value_that_is_missing_is_an_error(database):
    with database.read() as db, pytest.raises(KeyError, match="named"):
        NAMED.first(db, {"name": "a"})


def test_a_time_without_a_zone_is_refused(database):
    with database.write() as db, pytest.raises(ValueError, match="without a zone"):
        KEEP.run(db, note("a", at=NOON.replace(tzinfo=None)))


@pytest.mark.parametrize("changes", [{"name": "secret"}, {"of": 99}])
def test_errors_are_sqlalchemy_s_without_the_values_that_were_given(database, changes):
    with database.write() as db:
        KEEP.run(db, note("secret"))
    with pytest.raises(IntegrityError) as told, database.write() as db:
        KEEP.run(db, note("another", **changes))
    assert "INSERT INTO notes" in str(told.value)
    assert told.value.hide_parameters
    assert not told.value.params
    assert "[parameters" not in str(told.value)


def test_a_writer_that_fails_leaves_nothing_of_its_own_behind(database):
    def keep(db, *names):
        for name in names:
            KEEP.run(db, note(name))

    with database.write_together() as db:
        keep(db, "a")
    with pytest.raises(IntegrityError), database.write_together() as db:
        keep(db, "b", "a")
    with database.read() as db:
        assert NAMED.first(db, {"named": "b"}) is None
        assert NAMED.first(db, {"named": "a"})


def test_a_database_that_is_busy_is_told_as_such(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", patience=0.1)
    Base.metadata.create_all(database.engine)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="busy"), database.read() as db:
        KEEP.run(db, note("a"))  # a reader that writes, so that the statement itself meets the lock
    with pytest.raises(UnavailableError, match="busy"), database.write() as db:
        KEEP.run(db, note("a"))
    other.execute("ROLLBACK")
    other.close()
    with database.write() as db:
        KEEP.run(db, note("a"))
    database.close()


def test_after_the_server_was_away_one_is_told_and_all_others_work(server):
    """Every connection that was kept is lost; the first who notices has them all replaced."""
    database = Database(another(server))
    Base.metadata.create_all(database.engine)
    with ExitStack() as stack:
        kept = [stack.enter_context(database.read()) for _ in range(4)]
        mine = {db.scalar(text("SELECT pg_backend_pid()")) for db in kept}
    assert len(mine) == 4
    admin = create_engine(server)
    with admin.connect() as other:
        for one in mine:
            other.execute(text("SELECT pg_terminate_backend(:one)"), {"one": one})
    admin.dispose()
    told = []
    for name in "abcdef":
        try:
            with database.write() as db:
                KEEP.run(db, note(name))
            told.append("kept")
        except UnavailableError:
            told.append("away")
    assert told == ["away", *["kept"] * 5]
    with database.read() as db:
        assert [NAMED.first(db, {"named": name}) is not None for name in "ab"] == [False, True]
    database.close()


def test_a_mistake_in_a_statement_is_told(server):
    database = Database(another(server))
    with pytest.raises(ProgrammingError, match="nowhere"), database.read() as db:
        ELSEWHERE.rows(db, {})
    database.close()
